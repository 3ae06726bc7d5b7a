#include "ui/copy.h"

#include <string.h>

#include "ui/diagnosis_text.h"

/* How a language of filters says things: a packet or socket from one end to the other. */
struct filter_words {
    const char *begin, *source, *source_port, *destination, *destination_port, *and, * or ;
};

static const struct {
    const char *word, *meaning;
} kinds[COPY_KIND_COUNT] = {
#define COPY(NAME, word, meaning) {word, meaning},
#include "ui/copy.def"
#undef COPY
};

const char *copy_word(enum copy_kind kind)
{
    return kinds[kind].word;
}

const char *copy_meaning(enum copy_kind kind)
{
    return kinds[kind].meaning;
}

static const char *protocol_word(const struct tuple *tuple)
{
    return tuple->protocol == PROTOCOL_TCP ? "tcp" : "udp";
}

static void add_one_way(struct text *text, const struct tuple *tuple, unsigned from,
                        const struct filter_words *words)
{
    text_add_string(text, words->source);
    text_add_address(text, &tuple->address[from], tuple->family);
    text_add(text, "%s%s%u", words->and, words->source_port, tuple->port[from]);
    text_add(text, "%s%s", words->and, words->destination);
    text_add_address(text, &tuple->address[!from], tuple->family);
    text_add(text, "%s%s%u", words->and, words->destination_port, tuple->port[!from]);
}

static void add_both_ways(struct text *text, const struct tuple *tuple, unsigned client,
                          const struct filter_words *words)
{
    text_add_string(text, words->begin);
    if (tuple_is_self(tuple)) {
        add_one_way(text, tuple, client, words);
        return;
    }
    text_add_string(text, "((");
    add_one_way(text, tuple, client, words);
    text_add(text, ")%s(", words->or);
    add_one_way(text, tuple, !client, words);
    text_add_string(text, "))");
}

static struct filter_words tcpdump_words(const struct tuple *tuple)
{
    return (struct filter_words){
        .begin = tuple->protocol == PROTOCOL_TCP ? "tcp and " : "udp and ",
        .source = "src host ",
        .source_port = "src port ",
        .destination = "dst host ",
        .destination_port = "dst port ",
        .and = " and ",
        .or = " or ",
    };
}

static struct filter_words wireshark_words(const struct tuple *tuple)
{
    bool tcp = tuple->protocol == PROTOCOL_TCP;
    bool v4 = tuple->family == 4;
    return (struct filter_words){
        .begin = "",
        .source = v4 ? "ip.src == " : "ipv6.src == ",
        .source_port = tcp ? "tcp.srcport == " : "udp.srcport == ",
        .destination = v4 ? "ip.dst == " : "ipv6.dst == ",
        .destination_port = tcp ? "tcp.dstport == " : "udp.dstport == ",
        .and = " && ",
        .or = " || ",
    };
}

/* Whatever comes from there or goes there. */
static void add_one_end(struct text *text, const struct tuple *tuple, unsigned end,
                        const struct filter_words *words)
{
    text_add(text, "%s((%s", words->begin, words->source);
    text_add_address(text, &tuple->address[end], tuple->family);
    text_add(text, "%s%s%u)%s(%s", words->and, words->source_port, tuple->port[end], words->or,
             words->destination);
    text_add_address(text, &tuple->address[end], tuple->family);
    text_add(text, "%s%s%u))", words->and, words->destination_port, tuple->port[end]);
}

static void add_socket(struct text *text, const struct tuple *tuple, unsigned from)
{
    text_add_string(text, "src ");
    text_add_endpoint(text, tuple, from);
    text_add_string(text, " and dst ");
    text_add_endpoint(text, tuple, !from);
}

/* ss shows the socket of each end; of a self-connect there is one. */
static void add_ss(struct text *text, const struct tuple *tuple, unsigned client)
{
    if (tuple_is_self(tuple)) {
        add_socket(text, tuple, client);
        return;
    }
    text_add_string(text, "( ");
    add_socket(text, tuple, client);
    text_add_string(text, " ) or ( ");
    add_socket(text, tuple, !client);
    text_add_string(text, " )");
}

static void add_tuple(struct text *text, const struct tuple *tuple, unsigned client)
{
    text_add(text, "%s ", protocol_word(tuple));
    text_add_endpoint(text, tuple, client);
    text_add_string(text, " > ");
    text_add_endpoint(text, tuple, !client);
}

static bool add_pids(struct text *text, const struct owner *client, const struct owner *server)
{
    if (client)
        text_add(text, "%d", (int)client->pid);
    if (server && (!client || client->pid != server->pid))
        text_add(text, client ? " %d" : "%d", (int)server->pid);
    return client || server;
}

bool copy_write(enum copy_kind kind, const struct copy_flow *flow, struct text *text)
{
    const struct tuple *tuple = flow->tuple;
    unsigned client = flow->client;
    struct filter_words words = tcpdump_words(tuple);
    switch (kind) {
    case COPY_TUPLE:
        add_tuple(text, tuple, client);
        return true;
    case COPY_TCPDUMP:
        add_both_ways(text, tuple, client, &words);
        return true;
    case COPY_WIRESHARK:
        words = wireshark_words(tuple);
        add_both_ways(text, tuple, client, &words);
        return true;
    case COPY_SS:
        add_ss(text, tuple, client);
        return true;
    case COPY_PIDS:
        return add_pids(text, flow->owner[client], flow->owner[!client]);
    default:
        return false;
    }
}

bool copy_write_diagnosis(enum copy_kind kind, const struct diagnosis *diagnosis, struct text *text)
{
    if (kind == COPY_ADVICE)
        diagnosis_text_write_all_advice(text, diagnosis);
    else if (kind == COPY_DIAGNOSIS)
        diagnosis_text_write(text, diagnosis);
    return kind == COPY_ADVICE || kind == COPY_DIAGNOSIS;
}

bool copy_write_end(enum copy_kind kind, const struct tuple *tuple, unsigned end, struct text *text)
{
    struct filter_words words = tcpdump_words(tuple);
    switch (kind) {
    case COPY_TUPLE:
        text_add(text, "%s ", protocol_word(tuple));
        text_add_endpoint(text, tuple, end);
        return true;
    case COPY_TCPDUMP:
        add_one_end(text, tuple, end, &words);
        return true;
    case COPY_WIRESHARK:
        words = wireshark_words(tuple);
        add_one_end(text, tuple, end, &words);
        return true;
    case COPY_SS:
        text_add_string(text, "src ");
        text_add_endpoint(text, tuple, end);
        text_add_string(text, " or dst ");
        text_add_endpoint(text, tuple, end);
        return true;
    default:
        return false;
    }
}
