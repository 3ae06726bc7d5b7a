#include "app/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/ahead.h"
#include "app/confine.h"
#include "app/open.h"
#include "app/owner.h"
#include "app/payload.h"
#include "app/signals.h"
#include "base/clock.h"

/* As long as somebody needs to open the page about a flow. */
#define PACKETS_KEPT_NS CLOCK_NS_PER_S

static bool has_packets_on_stdout(const struct options *options)
{
    return options->write_path && strcmp(options->write_path, "-") == 0;
}

static int plan_limits(struct session *session, struct err *err)
{
    const struct options *options = session->options;
    return limits_plan(&session->limits,
                       &(struct limits_wish){.memory = options->max_memory,
                                             .max_flows = options->max_flows,
                                             .ring_size = options->buffer_size,
                                             .is_live = !options->read_path,
                                             .has_screen = open_wants_view(options),
                                             .has_streams = options->stream_digest ||
                                                            options->follow_id != 0 ||
                                                            options->stream_path},
                       err);
}

/* Asked before -w empties a file. */
static int check_terminal(struct session *session, struct err *err)
{
    const struct options *options = session->options;
    bool on_stderr = has_packets_on_stdout(options);
    if (options->raw && isatty(on_stderr ? STDERR_FILENO : STDOUT_FILENO))
        return err_set(err, EINVAL,
                       "--raw would send the stream's bytes to the terminal as they are; redirect"
                       " standard %s, or use --hex",
                       on_stderr ? "error" : "output");
    return 0;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && S_ISREG(first.st_mode) &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

static int open_writer(struct session *session, struct err *err)
{
    const struct options *options = session->options;
    if (!options->write_path)
        return 0;
    if (options->read_path && is_same_file(options->read_path, options->write_path))
        return err_set(err, EINVAL, "-r and -w name the same file; write to another one");
    const struct source_info *info = source_info(session->source);
    return writer_open(&session->writer,
                       &(struct writer_options){.path = options->write_path,
                                                .link_type = info->link_type,
                                                .snaplen = info->snaplen,
                                                .rotate_bytes = options->rotate_bytes,
                                                .rotate_seconds = options->rotate_seconds,
                                                .file_count = options->rotate_count,
                                                .owner = owner_user(),
                                                .group = owner_group()},
                       err);
}

static int open_report(struct session *session, struct err *err)
{
    const struct options *options = session->options;
    bool live = source_info(session->source)->live;
    bool is_silent = options->follow_id || (options->run && !options->json);
    enum report_format format = options->why && options->json ? REPORT_WHY_JSON
                                : options->why                ? REPORT_WHY
                                : options->json               ? REPORT_JSON
                                : options->packets            ? REPORT_PACKETS
                                : is_silent                   ? REPORT_NOTHING
                                : options->report || !live    ? REPORT_TEXT
                                                              : REPORT_LINES;
    return report_open(&session->report,
                       &(struct report_options){.format = format,
                                                .flow_id = options->flow_id,
                                                .port = options->why_port,
                                                .stream_digest = options->stream_digest,
                                                .names = causes_names(&session->causes),
                                                .diagnoser = session->causes.diagnoser,
                                                .local_time = true},
                       &session->out, err);
}

static int open_causes(struct session *session, struct err *err)
{
    const struct options *options = session->options;
    bool live = source_info(session->source)->live;
    if (session->writer && live && writer_takes_notes(session->writer))
        session->kept.writer = session->writer;
    if (session->run) {
        session->causes.also = run_trace;
        session->causes.also_context = session->run;
    }
    int failed = causes_open(&session->causes, options->filter, live, &session->kept, err);
    if (!failed && options->read_path && strcmp(options->read_path, "-") != 0)
        kept_load(&session->kept, session->read_fd, session->causes.diagnoser);
    if (!failed)
        kept_listeners(&session->kept, session->causes.host);
    return failed;
}

void session_follow_view(struct session *session)
{
    if (!source_info(session->source)->live)
        return;
    tracker_keep_closed(session->tracker, view_closed_age_ns(session->view));
    payload_follow(session);
}

static int open_output(struct session *session, struct err *err)
{
    const struct options *options = session->options;
    bool packets_on_stdout = has_packets_on_stdout(options);
    if (packets_on_stdout && open_wants_view(options))
        return err_set(err, EINVAL,
                       "-w - writes packets to the terminal; redirect standard output");
    int fd = packets_on_stdout ? STDERR_FILENO : STDOUT_FILENO;
    out_open(&session->out, session->run ? session->run->json_fd : fd, signals_stop());
    if (!open_wants_view(options)) {
        return open_report(session, err);
    }
    const struct source_info *info = source_info(session->source);
    const struct limits *limits = &session->limits;
    int failed = packet_log_open(&session->packet_log,
                                 &(struct packet_log_options){.max_flows = limits->max_flows,
                                                              .records = limits->log_records,
                                                              .bytes = limits->log_bytes,
                                                              .keep_ns = PACKETS_KEPT_NS},
                                 err);
    if (failed)
        return failed;
    failed = view_open(&session->view,
                       &(struct view_options){.name = session->source_name,
                                              .filter = options->filter,
                                              .live = info->live,
                                              .offset_ns = session->offset_ns,
                                              .file_size = info->size,
                                              .max_flows = limits->max_flows,
                                              .page_bytes = limits->page_bytes,
                                              .options = options,
                                              .causes = &session->causes,
                                              .packets = session->packet_log},
                       err);
    if (!failed)
        session_follow_view(session);
    return failed;
}

/* Said once, when it is known what is captured: of a pipe, only with its first bytes; of what is no capture,
 * never. */
void session_print_start(struct session *session)
{
    const struct source_info *info = source_info(session->source);
    bool known = info->link_type != SOURCE_LINK_UNKNOWN || (session->ended && session->failed == 0);
    if (session->started || !known)
        return;
    session->started = true;
    struct report_missing missing[CAUSES_MISSING_MAX];
    if (session->report)
        report_start(session->report, &(struct report_run){.version = LOFLOW_VERSION,
                                                           .name = info->name,
                                                           .live = info->live,
                                                           .link_name = info->link_name,
                                                           .filter = session->options->filter,
                                                           .snaplen = info->snaplen,
                                                           .missing = missing,
                                                           .missing_count = causes_missing(
                                                               &session->causes, missing)});
}

/* Nothing of a file is read before all that it could do to us is gone. */
static int open_file(struct session *session, struct err *err)
{
    const char *path = session->options->read_path;
    session->read_fd = path ? source_open_path(path, err) : -1;
    if (!path)
        return 0;
    return session->read_fd < 0 ? session->read_fd : confine_file(session, err);
}

static int open_capture(struct session *session, struct err *err)
{
    int failed = open_source(session, &session->source, err);
    if (!failed)
        (void)snprintf(session->source_name, sizeof session->source_name, "%s",
                       source_info(session->source)->name);
    return failed;
}

static int open_flows(struct session *session, struct err *err)
{
    int failed = open_key(session, err);
    if (!failed)
        failed = streams_open(&session->streams, session->options, &session->out, err);
    if (!failed)
        failed = open_tracker(session, &session->tracker, err);
    return failed ? failed : open_decoder(session, &session->decoder, err);
}

/* A file on a screen can be played. */
static int open_replay(struct session *session, struct err *err)
{
    bool is_played = session->view && !source_info(session->source)->live;
    return is_played ? replay_open(session, err) : 0;
}

int64_t session_now_ns(const struct session *session)
{
    return clock_monotonic_ns() + session->offset_ns;
}

int session_open(struct session *session, const struct options *options, struct err *err)
{
    session->options = options;
    session->offset_ns = clock_offset_ns();
    session->run = options->run;
    session->read_fd = -1;
    session->frames = &session->own.frames;
    session->packets = &session->own.packets;
    int (*const steps[])(struct session *, struct err *) = {
        plan_limits, check_terminal, open_file,   open_capture, open_writer,
        open_flows,  open_causes,    open_output, open_replay};
    for (size_t step = 0; step < sizeof steps / sizeof steps[0]; step++) {
        int failed = steps[step](session, err);
        if (failed)
            return failed;
    }
    session->wanted_events = session->view ? UINT32_MAX : report_wants(session->report);
    session->begin_ns = clock_monotonic_ns();
    payload_follow(session);
    if (!session->view)
        progress_open(&session->progress, source_info(session->source)->size);
    int failed =
        source_info(session->source)->live && !session->run ? confine_live(session, err) : 0;
    if (!failed)
        session_print_start(session);
    return failed;
}

void session_note_trouble(struct session *session, int failed, const struct err *err)
{
    session->ended = true;
    if (session->failed)
        return;
    session->failed = failed;
    session->trouble = *err;
}

static void audit_flow(struct session *session, const struct flow_event *event)
{
    struct flow_view flow;
    if (tracker_look(session->tracker, event->flow, &flow))
        audit_add_flow(&session->audit, flow);
}

static void show_packets(struct session *session, const struct frame_batch *frames)
{
    if (session->report)
        report_packets(session->report, &(struct report_batch){.tracker = session->tracker,
                                                               .frames = frames,
                                                               .packets = session->packets,
                                                               .events = &session->events,
                                                               .verdict_word = verdict_word});
}

/* What the source gave, counted apart from what decoding counts. */
void session_audit_frames(struct session *session, const struct frame_batch *frames)
{
    if (!session->options->audit)
        return;
    session->audit.read_packets += frames->count;
    for (uint32_t at = 0; at < frames->count; at++)
        session->audit.read_bytes += frames->frames[at].captured_len;
}

static void keep_flow(struct session *session, const struct flow_event *event)
{
    struct flow_view flow;
    if (session->kept.writer && tracker_look(session->tracker, event->flow, &flow))
        kept_flow(&session->kept, causes_names(&session->causes), flow);
}

void session_show_events(struct session *session)
{
    uint32_t wanted = session->wanted_events;
    for (uint32_t at = 0; at < session->events.count; at++) {
        const struct flow_event *event = &session->events.events[at];
        if (event->kind == EVENT_RETIRED && session->options->audit)
            audit_flow(session, event);
        if (event->kind == EVENT_OPENED)
            kept_name(&session->kept, session->tracker, event);
        causes_event(&session->causes, session->tracker, event);
        if (event->kind == EVENT_RETIRED)
            keep_flow(session, event);
        if (session->run)
            run_event(session->run, session, event);
        if (session->run || !(wanted >> event->kind & 1))
            continue;
        if (session->view)
            view_event(session->view, session->tracker, event);
        else
            report_event(session->report, session->tracker, event);
    }
}

bool session_has_readers(const struct session *session)
{
    return !session->out.error || session->streams.dir || session->options->audit || session->run;
}

static void show_diagnoses(struct session *session, bool final)
{
    const struct diagnosis *diagnosis = NULL;
    if (!session->report && !session->kept.writer)
        return;
    while ((diagnosis = diagnoser_next(session->causes.diagnoser, final))) {
        kept_diagnosis(&session->kept, diagnosis);
        if (session->report && !session->run)
            report_diagnosis(session->report, diagnosis);
    }
}

/* What has become known so far, where that is told at once. */
static void tell_diagnoses(struct session *session)
{
    if (!session->report || report_tells_at_once(session->report))
        show_diagnoses(session, false);
}

void session_show_causes(struct session *session)
{
    show_diagnoses(session, true);
    if (session->run)
        run_judge(session->run, session);
}

/* What the tracker made of some packets of the batch goes to whoever shows it, before it takes the next. */
static void show_part(struct session *session, const struct frame_batch *frames,
                      const char **comments)
{
    struct event_list *events = &session->events;
    show_packets(session, frames);
    if (session->packet_log)
        packet_log_take(session->packet_log, frames, session->packets, events);
    /* Only now is it known whose packet it is. */
    if (session->kept.writer)
        kept_comments(&session->kept, session->causes.host, session->tracker, session->packets,
                      events, comments);
    session_show_events(session);
    if (!events->time_passed || source_info(session->source)->live)
        return;
    /* The clock of a file is that of its packets, however fast they are read. */
    diagnoser_tick(session->causes.diagnoser, session->tracker,
                   tracker_stats(session->tracker)->last_ns);
    tell_diagnoses(session);
}

static void take_batch(struct session *session, const struct frame_batch *frames)
{
    session_audit_frames(session, frames);
    causes_poll(&session->causes, session->tracker);
    if (!session->ahead)
        decode_batch(session->decoder, frames, session->packets);
    const char *comments[FRAME_BATCH_MAX];
    for (uint32_t at = 0; at < session->packets->count;) {
        at = tracker_feed(session->tracker, session->packets, at, &session->events);
        show_part(session, frames, comments);
    }
    if (session->kept.writer)
        session_write_frames(session, frames, comments);
}

/* A line of a packet tells how its flow stood then, not at the end of the batch. */
static void take_frames(struct session *session)
{
    if (!session->options->packets) {
        take_batch(session, session->frames);
        return;
    }
    for (uint32_t at = 0; at < session->frames->count; at++) {
        struct frame_batch one = {.count = 1};
        one.frames[0] = session->frames->frames[at];
        take_batch(session, &one);
    }
}

bool session_pump(struct session *session)
{
    struct err err;
    if (!session_read(session))
        return false;
    take_frames(session);
    int failed = streams_trouble(&session->streams, &err);
    if (failed)
        session_note_trouble(session, failed, &err);
    if (!session_has_readers(session))
        session->stop = true;
    return true;
}

static void flush_writer(struct session *session)
{
    struct err err;
    int failed = session->writer ? writer_flush(session->writer, &err) : 0;
    if (!failed && session->kept.failed) {
        failed = session->kept.failed;
        err = session->kept.trouble;
    }
    if (failed)
        session_note_trouble(session, failed, &err);
}

/* A screen stays when a capture is over: what was waited for will not come any more. */
void session_judge(struct session *session)
{
    if (!(session->view || session->replay.is_open) || !session->ended || session->judged)
        return;
    session->judged = true;
    causes_finish(&session->causes, session->tracker);
}

void session_tick(struct session *session)
{
    if (source_info(session->source)->live) {
        /* What answers may wait to be read: until then it is as late as the latest packet. */
        int64_t now_ns =
            session->is_behind ? tracker_stats(session->tracker)->last_ns : session_now_ns(session);
        causes_tick(&session->causes, session->tracker, now_ns);
        bool more = true;
        while (more) {
            more = tracker_advance(session->tracker, now_ns, &session->events);
            if (session->packet_log)
                packet_log_take_events(session->packet_log, &session->events);
            session_show_events(session);
        }
        payload_follow(session);
    }
    if (session->run)
        run_tick(session->run, session);
    if (source_info(session->source)->live)
        tell_diagnoses(session);
    session_judge(session);
    flush_writer(session);
    if (out_flush(&session->out) && !session_has_readers(session))
        session->stop = true;
    struct source_stats stats;
    session_source_stats(session, &stats);
    progress_show(&session->progress, stats.position, stats.read);
}

void session_close(struct session *session)
{
    struct err err;
    ahead_close(session->ahead);
    replay_close(&session->replay);
    view_close(session->view);
    packet_log_close(session->packet_log);
    report_close(session->report);
    if (session->writer)
        (void)writer_close(session->writer, &err);
    causes_close(&session->causes);
    kept_close(&session->kept);
    tracker_close(session->tracker);
    streams_close(&session->streams);
    decoder_close(session->decoder);
    source_close(session->source);
    if (session->options && session->read_fd >= 0)
        (void)close(session->read_fd);
    helper_close(session->helper);
}
