#include "app/rewind.h"

#include "app/open.h"

int rewind_session(struct session *session, struct err *err)
{
    struct source *source = NULL;
    struct decoder *decoder = NULL;
    int failed = open_source(session, &source, err);
    if (failed)
        return failed;
    failed = open_decoder(session, &decoder, err);
    if (failed) {
        source_close(source);
        return failed;
    }
    source_close(session->source);
    decoder_close(session->decoder);
    session->source = source;
    session->decoder = decoder;
    tracker_clear(session->tracker);
    diagnoser_copy(session->causes.diagnoser, session->replay.pristine);
    if (session->packet_log)
        packet_log_clear(session->packet_log);
    session->audit = (struct audit){0};
    session->frames->count = 0;
    session->events.count = 0;
    session->packets_read = 0;
    session->ended = session->judged = false;
    replay_begin(&session->replay);
    if (session->view)
        view_restart(session->view);
    return 0;
}
