#include "app/open.h"

#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"

/* How long flows stay once they are over. A screen keeps them for the eye and says how long, a stream of
 * lines only for the last segments of a connection that was just closed. Files keep them for as long as the
 * tracker has room, since a capture's time says nothing about what still follows. */
#define CLOSED_AGE_LINES_NS (2 * CLOCK_NS_PER_S)
/* Linux gives a SYN up after six retries, 127 s; tcp(7), tcp_syn_retries. */
#define UNANSWERED_AGE_NS (130 * CLOCK_NS_PER_S)
#define UDP_AGE_NS        (60 * CLOCK_NS_PER_S)

/* Captures of other systems have client ports up to the end of the range. */
#define EPHEMERAL_LOW       32768
#define EPHEMERAL_HIGH_LIVE 60999
#define EPHEMERAL_HIGH_FILE 65535

bool open_wants_view(const struct options *options)
{
    bool prints = options->run || options->why || options->json || options->report ||
                  options->packets || options->follow_id || options->stream_path || options->no_ui;
    return !prints && isatty(STDOUT_FILENO);
}

int open_source(const struct session *session, struct source **source, struct err *err)
{
    const struct options *options = session->options;
    if (options->read_path)
        return source_open_file(source,
                                &(struct source_file_options){.path = options->read_path,
                                                              .fd = &session->read_fd,
                                                              .filter = options->filter},
                                err);
    return source_open_live(source,
                            &(struct source_live_options){.interface = options->interface,
                                                          .filter = options->filter,
                                                          .snaplen = options->snaplen,
                                                          .buffer_size = session->limits.ring_size,
                                                          .waits = open_wants_view(options)},
                            err);
}

int open_tracker(struct session *session, struct tracker **tracker, struct err *err)
{
    bool live = source_info(session->source)->live;
    struct tracker_options options = {
        .follow = streams_followed(&session->streams),
        .sink = streams_sink(&session->streams),
        .max_flows = session->limits.max_flows,
        .max_details = session->limits.max_details,
        .stream_pieces = session->limits.stream_pieces,
        .stream_digest = session->options->stream_digest,
        .stops = diagnoser_wants(),
        .tell_answers =
            open_wants_view(session->options) || (session->run && run_wants_answers(session->run)),
        .ephemeral_low = EPHEMERAL_LOW,
        .ephemeral_high = live ? EPHEMERAL_HIGH_LIVE : EPHEMERAL_HIGH_FILE,
    };
    bool has_view = open_wants_view(session->options);
    if (has_view)
        options.closed_kept = options.closed_most = options.max_flows;
    if (live) {
        options.closed_age_ns = has_view ? 0 : CLOSED_AGE_LINES_NS;
        options.unanswered_age_ns = UNANSWERED_AGE_NS;
        options.udp_age_ns = UDP_AGE_NS;
    }
    return tracker_open(tracker, &options, err);
}

int open_key(struct session *session, struct err *err)
{
    if (getrandom(&session->hash_key, sizeof session->hash_key, 0) !=
        (ssize_t)sizeof session->hash_key)
        return err_set(err, EIO, "the system gives no random numbers; try again");
    return 0;
}

int open_decoder(const struct session *session, struct decoder **decoder, struct err *err)
{
    return decoder_open(
        decoder,
        &(struct decoder_options){.hash_key = session->hash_key,
                                  .fragment_memory = session->limits.fragment_memory},
        err);
}
