/*
 * The end of a run: what waits is delivered, the totals are told, and the numbers are checked.
 */
#include <inttypes.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "app/audit_sums.h"
#include "app/session.h"
#include "base/clock.h"

static uint32_t collect_reasons(const struct decode_stats *stats, struct report_count *reasons)
{
    uint32_t count = 0;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        if (!verdict_is_undecoded(verdict) || stats->verdicts[verdict] == 0)
            continue;
        reasons[count] = (struct report_count){.word = verdict_word(verdict),
                                               .explanation = verdict_explanation(verdict),
                                               .count = stats->verdicts[verdict]};
        count++;
    }
    return count;
}

static struct report_memory memory_of(const struct session *session)
{
    struct rusage usage;
    bool known = getrusage(RUSAGE_SELF, &usage) == 0;
    return (struct report_memory){
        .tracker = tracker_memory(session->tracker),
        .fragments = decoder_memory(session->decoder),
        .peak = known ? (uint64_t)usage.ru_maxrss * 1024 : 0,
    };
}

static void finish_streams(struct session *session)
{
    struct err err;
    int failed = streams_finish(&session->streams, tracker_stats(session->tracker)->flows, &err);
    if (failed)
        session_note_trouble(session, failed, &err);
}

static void print_memory(const struct session *session)
{
    char line[256];
    struct text text = text_begin(line, sizeof line);
    struct report_memory memory = memory_of(session);
    const struct {
        const char *words;
        uint64_t bytes;
    } parts[] = {
        {"flows ", memory.tracker.flows},       {", table ", memory.tracker.table},
        {", details ", memory.tracker.details}, {", streams ", memory.tracker.streams},
        {", fragments ", memory.fragments},     {"; the whole program at most ", memory.peak},
    };
    for (size_t at = 0; at < sizeof parts / sizeof parts[0]; at++) {
        text_add_string(&text, parts[at].words);
        text_add_size(&text, parts[at].bytes);
    }
    (void)fprintf(stderr, "loflow: memory: %s\n", line);
}

static void finish_audit(struct session *session)
{
    struct audit *audit = &session->audit;
    struct err err;
    if (!session->options->audit)
        return;
    struct source_stats stats;
    session_source_stats(session, &stats);
    audit->spared_bytes = stats.spared_bytes;
    audit_sum(audit, decoder_stats(session->decoder), tracker_stats(session->tracker));
    int failed = audit_check(audit, &err);
    if (failed) {
        session_note_trouble(session, failed, &err);
        return;
    }
    char line[512];
    struct text text = text_begin(line, sizeof line);
    text_add_audit(&text, audit);
    (void)fprintf(stderr, "loflow: audit passed: %s\n", line);
    if (source_info(session->source)->live)
        (void)fprintf(stderr,
                      "loflow: dropped: %" PRIu64 " by the kernel, %" PRIu64 " by the interface\n",
                      stats.dropped_by_kernel, stats.dropped_by_interface);
    print_memory(session);
}

/* A file that nothing could be made of is no empty file. Whoever had it written has got that. */
static void check_link(struct session *session)
{
    const struct decode_stats *decoded = decoder_stats(session->decoder);
    struct err err;
    if (session->writer || decoded->frames == 0 ||
        decoded->verdicts[VERDICT_LINK_UNKNOWN] != decoded->frames)
        return;
    session_note_trouble(session,
                         err_set(&err, ENOTSUP,
                                 "no packet was decoded: link type %s is not supported",
                                 source_info(session->source)->link_name),
                         &err);
}

static void print_totals(struct session *session)
{
    const struct decode_stats *decoded = decoder_stats(session->decoder);
    struct report_count reasons[VERDICT_COUNT];
    struct source_stats stats;
    struct report_missing gaps[CAUSES_GAPS_MAX];
    session_source_stats(session, &stats);
    report_summary(session->report,
                   &(struct report_totals){
                       .packets = decoded->frames,
                       .captured_bytes = decoded->captured_bytes + stats.spared_bytes,
                       .truncated_packets = decoded->truncated - stats.spared_packets,
                       .undecoded_packets = decode_undecoded_count(decoded),
                       .undecoded = reasons,
                       .undecoded_reasons = collect_reasons(decoded, reasons),
                       .live = source_info(session->source)->live,
                       .received = decoded->frames + stats.dropped_by_kernel,
                       .dropped_by_kernel = stats.dropped_by_kernel,
                       .dropped_by_interface = stats.dropped_by_interface,
                       .elapsed_ns = clock_monotonic_ns() - session->begin_ns,
                       .gaps = gaps,
                       .gap_count = causes_gaps(&session->causes, gaps),
                       .forgotten_diagnoses = diagnoser_forgotten(session->causes.diagnoser),
                       .flows = tracker_stats(session->tracker),
                       .memory = memory_of(session),
                   });
}

/* A reader that had enough, such as head(1), is no failure. One that is stuck loses something. */
static void check_output(struct session *session)
{
    struct err err;
    int error = session->out.error;
    if (error == ECANCELED)
        session_note_trouble(
            session,
            err_set(&err, error,
                    "told to stop, but nobody read standard output for %d seconds: the "
                    "rest of it was dropped",
                    OUT_PATIENCE_MS / 1000),
            &err);
    else if (error != 0 && error != EPIPE)
        session_note_trouble(session,
                             err_set(&err, error, "%s cannot be written: %s",
                                     session->run ? "the file of --json" : "standard output",
                                     strerror(error)),
                             &err);
}

/* Of a pipe it is known late that it holds no capture: then nothing else is told, as of a file. */
static bool is_unreadable(const struct session *session)
{
    return session->failed && !session->started;
}

static void tell_all(struct session *session)
{
    causes_finish(&session->causes, session->tracker);
    if (session->run)
        run_settle(session->run, session);
    bool more = true;
    while (more && session_has_readers(session)) {
        more = tracker_finish(session->tracker, &session->events);
        session_show_events(session);
    }
    session_show_causes(session);
    finish_streams(session);
    print_totals(session);
    finish_audit(session);
    check_link(session);
}

void session_finish(struct session *session)
{
    struct err err;
    session_stop_reading(session);
    session->ended = true;
    session_print_start(session);
    bool is_nothing = is_unreadable(session);
    if (session->view) {
        /* The screen is gone; what remains to be said fits on a line. */
        view_close(session->view);
        session->view = NULL;
        int failed = report_open(
            &session->report, &(struct report_options){.format = REPORT_LINES, .local_time = true},
            &session->out, &err);
        if (failed) {
            session_note_trouble(session, failed, &err);
            return;
        }
        session->wanted_events = 0;
    }
    progress_clear(&session->progress);
    if (!is_nothing)
        tell_all(session);
    if (session->writer) {
        int failed = writer_close(session->writer, &err);
        session->writer = session->kept.writer = NULL;
        if (failed)
            session_note_trouble(session, failed, &err);
    }
    check_output(session);
}
