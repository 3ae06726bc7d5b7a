#include "app/payload.h"

#include "app/session.h"
#include "base/clock.h"

/* A capture that is written is one that others read, who expect all of it. */
static uint32_t wanted_len(const struct session *session)
{
    const struct options *options = session->options;
    bool is_live = source_info(session->source)->live;
    if (session->writer)
        return SOURCE_PAYLOAD_ALL;
    /* Of a file nothing may look left out; a limit is counted in whole batches of what is. */
    if (!is_live &&
        (session->view || options->packets || options->audit || options->packet_limit > 0))
        return SOURCE_PAYLOAD_ALL;
    uint32_t wanted = tracker_payload_wanted(session->tracker);
    if (!session->packet_log)
        return wanted;
    uint32_t kept = packet_log_payload_wanted(session->packet_log);
    return kept > wanted ? kept : wanted;
}

void payload_follow(struct session *session)
{
    if (source_info(session->source)->live && session->view && session->packet_log) {
        packet_log_favour(session->packet_log, view_flow_read(session->view));
        packet_log_pass(session->packet_log, session_now_ns(session));
    }
    source_keep_payload(session->source, wanted_len(session));
}
