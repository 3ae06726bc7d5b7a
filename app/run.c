#include "app/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/helper_process.h"
#include "app/owner.h"
#include "app/session.h"
#include "app/signals.h"
#include "base/clock.h"

#define STATUS_NOT_SO 3

/* An event waits so long until the ends of its flow are named. */
#define HELD_NS (200 * CLOCK_NS_PER_MS)

/* Who has a UDP socket may cost a walk over /proc; so many a tenth of a second. */
#define UDP_ASKED_MAX 8u

#define PERCENT 95

/* Whose it is behind sudo. */
static int open_file(int *fd, const char *path, const char *option, struct err *err)
{
    struct stat status;
    *fd = -1;
    if (!path)
        return 0;
    *fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    if (*fd < 0)
        return err_set(err, errno, "%s: cannot write %.400s: %s", option, path, strerror(errno));
    if (owner_user() != (uid_t)-1 && fstat(*fd, &status) == 0 && S_ISREG(status.st_mode))
        (void)!fchown(*fd, owner_user(), owner_group());
    return 0;
}

static void join_command(struct run *run)
{
    struct text text = text_begin(run->command, sizeof run->command);
    for (char **word = run->options->argv; *word; word++) {
        text_add_string(&text, word == run->options->argv ? "" : " ");
        text_add_string(&text, *word);
    }
}

static int open_samples(struct run *run, struct err *err)
{
    for (uint32_t at = 0; at < run->options->expect_count; at++) {
        const struct expect *expect = &run->options->expects[at];
        if (expect->subject != EXPECT_PORT_P95)
            continue;
        int failed = run->samples ? 0 : samples_open(&run->samples, err);
        if (failed)
            return failed;
        samples_want(run->samples, expect->port);
    }
    return 0;
}

int run_open(struct run *run, struct err *err)
{
    run->json_fd = run->junit_fd = -1;
    join_command(run);
    run->result.command = run->command;
    int failed = open_file(&run->json_fd, run->options->json_path, "--json", err);
    if (!failed)
        failed = open_file(&run->junit_fd, run->options->junit_path, "--junit", err);
    if (!failed)
        failed = family_open(&run->family, err);
    return failed ? failed : open_samples(run, err);
}

void run_close(struct run *run)
{
    tally_close(run->tally);
    family_close(run->family);
    samples_close(run->samples);
    if (run->json_fd >= 0)
        (void)close(run->json_fd);
    if (run->junit_fd >= 0)
        (void)close(run->junit_fd);
}

static bool has_tracer(const struct session *session)
{
    const struct host *host = session->causes.host;
    return host && !(host_missing(host) & HOST_MISSING_TRACER);
}

int run_start(struct run *run, struct session *session, struct err *err)
{
    const struct host *host = session->causes.host;
    int failed = tally_open(&run->tally,
                            &(struct tally_options){.family = run->family,
                                                    .begin_ns = clock_wall_ns(),
                                                    .has_tracer = has_tracer(session),
                                                    .netns = host ? host_netns(host) : 0},
                            err);
    if (!failed)
        failed = signals_open_outliving(err);
    if (failed)
        return failed;
    run->begin_ns = clock_monotonic_ns();
    failed = child_start(&run->child, run->options->argv, err);
    run->result.status = run->child.status;
    if (!failed)
        family_begin(run->family, run->child.pid);
    return failed;
}

bool run_wants_answers(const struct run *run)
{
    return run->samples != NULL;
}

void run_trace(void *context, const struct trace_event *event)
{
    struct run *run = context;
    if (!run->tally)
        return;
    family_poll(run->family);
    tally_trace(run->tally, event);
}

static void name_udp_end(struct run *run, struct session *session, struct flow_ref ref,
                         unsigned end)
{
    struct flow_view flow;
    struct host_socket socket;
    struct host_process process;
    struct host *host = session->causes.host;
    if (run->asked >= UDP_ASKED_MAX || !tracker_look(session->tracker, ref, &flow) ||
        !host_udp_socket(host, &flow.hot->tuple, end, &socket) || socket.inode == 0)
        return;
    run->asked++;
    if (host_holders(host, socket.inode, &process, 1) > 0)
        tracker_set_owner(session->tracker, ref, end, names_process(host_names(host), &process));
}

static void tell_event(struct session *session, const struct flow_event *event)
{
    if (session->wanted_events >> event->kind & 1)
        report_event(session->report, session->tracker, event);
}

/* The first of those that wait is told if it is the command's. */
static void take_held(struct run *run, struct session *session)
{
    const struct flow_event *event = &run->held[run->held_first];
    struct flow_view flow;
    run->held_first = (run->held_first + 1) % RUN_HELD;
    run->held_count--;
    if (tracker_look(session->tracker, event->flow, &flow) &&
        tally_whose(run->tally, causes_names(&session->causes), flow) == WHOSE_COMMAND)
        tell_event(session, event);
}

static void hold(struct run *run, struct session *session, const struct flow_event *event)
{
    if (run->held_count == RUN_HELD)
        take_held(run, session);
    run->held[(run->held_first + run->held_count++) % RUN_HELD] = *event;
}

static void take_retired(struct run *run, struct session *session, const struct flow_event *event)
{
    struct flow_view flow;
    if (tracker_look(session->tracker, event->flow, &flow) &&
        tally_flow(run->tally, causes_names(&session->causes), flow) == WHOSE_COMMAND &&
        run->json_fd >= 0)
        tell_event(session, event);
}

void run_event(struct run *run, struct session *session, const struct flow_event *event)
{
    struct flow_view flow;
    if (!run->tally)
        return;
    if (event->kind == EVENT_ANSWERED) {
        samples_add(run->samples, session->tracker, event);
        return;
    }
    if (event->kind == EVENT_RETIRED) {
        take_retired(run, session, event);
        return;
    }
    bool is_new_udp = session->causes.host && event->kind == EVENT_OPENED &&
                      tracker_look(session->tracker, event->flow, &flow) && !flow_is_tcp(flow);
    for (unsigned end = 0; is_new_udp && end < 2; end++)
        name_udp_end(run, session, event->flow, end);
    if (run->json_fd >= 0)
        hold(run, session, event);
}

/* Who cannot is told, so that the command does not seem to be deaf. */
static void hand_on(const struct run *run, int number)
{
    int failed = helper_signal(run->child.pid, number);
    if (failed != 0 && failed != -ESRCH)
        (void)fprintf(stderr,
                      "loflow: signal %d does not reach the command (%s); kill -%d %d does it\n",
                      number, helper_create_trouble() ? helper_create_trouble() : strerror(-failed),
                      number, (int)run->child.pid);
}

/* One that the command sent to all of its group, us included, it has got already. */
void run_signals(struct run *run)
{
    int number = 0;
    pid_t sender = 0;
    family_poll(run->family);
    while (signals_take_sent(&number, &sender)) {
        if (!run->child.ended && !family_has(run->family, sender))
            hand_on(run, number);
    }
    if (child_reap(&run->child) && run->end_ns == 0)
        run->end_ns = clock_monotonic_ns();
}

void run_tick(struct run *run, struct session *session)
{
    family_tick(run->family);
    run_signals(run);
    run->asked = 0;
    int64_t now_ns = session_now_ns(session);
    while (run->held_count > 0 && now_ns - run->held[run->held_first].time_ns >= HELD_NS)
        take_held(run, session);
}

bool run_is_over(const struct run *run, bool is_behind)
{
    int64_t wait_ns = run->options->wait_ns + (is_behind ? RUN_BEHIND_NS : 0);
    return run->end_ns != 0 && clock_monotonic_ns() - run->end_ns >= wait_ns;
}

void run_settle(struct run *run, struct session *session)
{
    while (run->held_count > 0)
        take_held(run, session);
}

static bool has_pid(struct run *run, const struct diagnosis *diagnosis, enum fact_name name)
{
    int64_t pid = diagnosis_number(diagnosis, name, 0);
    return pid > 0 && pid <= INT32_MAX && family_has(run->family, (pid_t)pid);
}

/* Is one of its flows the command's, or one of the programs that it names? */
static bool concerns(struct run *run, const struct diagnosis *diagnosis)
{
    static const enum fact_name pids[] = {FACT_CLIENT_PID, FACT_SERVER_PID,   FACT_LISTENER_PID,
                                          FACT_SENDER_PID, FACT_RECEIVER_PID, FACT_V4_PID,
                                          FACT_V6_PID};
    for (unsigned at = 0; at < diagnosis->flow_count; at++) {
        if (tally_has(run->tally, diagnosis->flows[at]))
            return true;
    }
    for (unsigned at = 0; at < diagnosis->client_count; at++) {
        if (family_has(run->family, diagnosis->clients[at].pid))
            return true;
    }
    for (size_t at = 0; at < sizeof pids / sizeof pids[0]; at++) {
        if (has_pid(run, diagnosis, pids[at]))
            return true;
    }
    return false;
}

static bool is_timeout(const struct diagnosis *diagnosis)
{
    return diagnosis->code == CODE_TIMEOUT_UNANSWERED_SYN ||
           diagnosis->code == CODE_TIMEOUT_FIREWALL_DROP ||
           diagnosis->code == CODE_TIMEOUT_BACKLOG_FULL;
}

static int compare_diagnoses(const void *a, const void *b)
{
    const struct diagnosis *one = *(const struct diagnosis *const *)a;
    const struct diagnosis *other = *(const struct diagnosis *const *)b;
    return (one->first_ns > other->first_ns) - (one->first_ns < other->first_ns);
}

static uint64_t collect_diagnoses(struct run *run, const struct session *session)
{
    uint32_t at = 0, count = 0;
    uint64_t codes = 0;
    const struct diagnosis *found = NULL;
    while ((found = diagnoser_walk(session->causes.diagnoser, &at))) {
        if (count == RUN_DIAGNOSES || !concerns(run, found))
            continue;
        run->diagnoses[count++] = found;
        codes |= UINT64_C(1) << found->code;
        if (is_timeout(found) && found->flow_count == 0)
            tally_add_timeouts(run->tally, found->port, found->count);
    }
    qsort(run->diagnoses, count, sizeof(const struct diagnosis *), compare_diagnoses);
    run->result.diagnoses = run->diagnoses;
    run->result.diagnosis_count = count;
    return codes;
}

static bool counts(const void *context, uint64_t flow_id)
{
    return tally_has(context, flow_id);
}

static void judge_expectations(struct run *run, uint64_t codes)
{
    struct expect_traffic *ports = tally_ports(run->tally);
    const struct run_options *options = run->options;
    for (uint32_t at = 0; at < options->expect_count; at++) {
        const struct expect *expect = &options->expects[at];
        struct run_verdict *verdict = &run->verdicts[at];
        const struct expect_facts facts = {
            .all = *tally_all(run->tally), .ports = ports, .codes = codes};
        if (expect->subject == EXPECT_PORT_P95)
            ports[expect->port].response_p95_ns =
                samples_percentile(run->samples, expect->port, PERCENT, counts, run->tally);
        struct text what = text_begin(verdict->what, sizeof verdict->what);
        verdict->text = expect->text;
        verdict->holds = expect_holds(expect, &facts, &what);
    }
    run->result.verdicts = run->verdicts;
    run->result.verdict_count = options->expect_count;
}

void run_judge(struct run *run, struct session *session)
{
    struct run_result *result = &run->result;
    struct source_stats stats;
    if (!run->tally || !run->child.ended)
        return;
    session_source_stats(session, &stats);
    result->pid = run->child.pid;
    result->status = run->child.status;
    result->killed_by = run->child.killed_by;
    result->elapsed_ns = run->end_ns - run->begin_ns;
    result->dropped = stats.dropped_by_kernel + stats.dropped_by_interface;
    result->is_complete = family_is_complete(run->family);
    judge_expectations(run, collect_diagnoses(run, session));
    result->endpoints = tally_endpoints(run->tally, &result->endpoint_count);
    result->unlisted = tally_unlisted(run->tally);
    result->unknown = tally_all(run->tally)->unknown;
    result->missing = run->missing;
    result->missing_count = causes_missing(&session->causes, run->missing);
    result->missing_count += causes_gaps(&session->causes, run->missing + result->missing_count);
    if (run->json_fd < 0)
        return;
    for (uint32_t at = 0; at < result->diagnosis_count; at++)
        report_diagnosis(session->report, result->diagnoses[at]);
    run_report_json(&session->out, result);
}

static bool is_all_so(const struct run *run)
{
    for (uint32_t at = 0; at < run->result.verdict_count; at++) {
        if (!run->verdicts[at].holds)
            return false;
    }
    return true;
}

static void print_text(struct run *run)
{
    struct report *report = NULL;
    struct err err;
    out_open(&run->out, STDERR_FILENO, NULL);
    int failed =
        report_open(&report, &(struct report_options){.format = REPORT_LINES, .local_time = true},
                    &run->out, &err);
    if (!failed)
        run_report_text(report, &run->result);
    report_close(report);
}

int run_tell(struct run *run, struct err *err)
{
    if (!run->result.trouble && (!run->options->quiet || !is_all_so(run)))
        print_text(run);
    if (run->junit_fd < 0)
        return 0;
    out_open(&run->out, run->junit_fd, NULL);
    run_report_junit(&run->out, &run->result);
    if (run->out.error == 0)
        return 0;
    return err_set(err, run->out.error, "--junit: cannot write %.400s: %s",
                   run->options->junit_path, strerror(run->out.error));
}

int run_status(const struct run *run)
{
    return is_all_so(run) ? run->result.status : STATUS_NOT_SO;
}
