#include "flows/flow.h"

static const struct {
    const char *word;
    const char *meaning;
} states[FLOW_STATE_COUNT] = {
#define STATE(NAME, word, open, meaning) {word, meaning},
#include "flows/state.def"
#undef STATE
};

const char *flow_state_word(enum flow_state state)
{
    return states[state].word;
}

const char *flow_state_meaning(enum flow_state state)
{
    return states[state].meaning;
}

const char *reset_phase_word(enum reset_phase phase)
{
    static const char *const words[RESET_PHASE_COUNT] = {
#define PHASE(NAME, word, meaning) word,
#include "flows/phase.def"
#undef PHASE
    };
    return words[phase];
}

static const char *udp_conn_state(struct flow_view flow)
{
    bool client = flow_client_side(flow)->packets > 0;
    bool server = flow_server_side(flow)->packets > 0;
    if (client && server)
        return "SF";
    return client ? "S0" : "SHR";
}

/* Zeek's decision table for conn_state: what the originator did, what the responder did. */
static const char *tcp_conn_state(enum endpoint_state client, enum endpoint_state server)
{
    bool client_silent = client == ENDPOINT_INACTIVE || client == ENDPOINT_PARTIAL;
    bool server_silent = server == ENDPOINT_INACTIVE || server == ENDPOINT_PARTIAL;
    if (server == ENDPOINT_RESET) {
        if (client == ENDPOINT_SYN_SENT)
            return "REJ";
        return client_silent ? "RSTRH" : "RSTR";
    }
    if (client == ENDPOINT_RESET)
        return server_silent ? "RSTOS0" : "RSTO";
    if (client == ENDPOINT_CLOSED && server == ENDPOINT_CLOSED)
        return "SF";
    if (client == ENDPOINT_CLOSED)
        return server_silent ? "SH" : "S2";
    if (server == ENDPOINT_CLOSED)
        return client_silent ? "SHR" : "S3";
    if (client == ENDPOINT_SYN_SENT && server == ENDPOINT_INACTIVE)
        return "S0";
    if (client == ENDPOINT_ESTABLISHED && server == ENDPOINT_ESTABLISHED)
        return "S1";
    return "OTH";
}

const char *flow_conn_state(struct flow_view flow)
{
    if (!flow_is_tcp(flow))
        return udp_conn_state(flow);
    enum endpoint_state client = flow_client_side(flow)->state;
    /* A self-connect has one endpoint, which plays both parts. */
    enum endpoint_state server = flow.hot->flags & FLOW_FLAG_SELF
                                     ? client
                                     : (enum endpoint_state)flow_server_side(flow)->state;
    return tcp_conn_state(client, server);
}

uint64_t flow_missed_bytes(struct flow_view flow, unsigned side)
{
    const struct flow_side *own = &flow.hot->side[side];
    int64_t span = own->stream_end - flow.cold->rare[side].stream_begin;
    return (uint64_t)span > own->unique_bytes ? (uint64_t)span - own->unique_bytes : 0;
}
