/* Random filters over random flows: what is remembered of processes and addresses, and in which order tests are
 * tried, changes no answer. Each filter is made together with its plain meaning. */
#include "tests/support/rows.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flows/describe.h"
#include "host/names.h"
#include "ui/endpoint.h"
#include "ui/filter_program.h"

#define FLOWS     512
#define FILTERS   400
#define PROCESSES 300 /* more than are remembered at a time */
#define DEPTH     4
#define NODES     64
#define ROW_MAX   512

struct sample {
    struct flow hot;
    struct flow_cold cold;
    char row[ROW_MAX]; /* in small letters */
    char names[2][OWNER_COMM + 1];
    int pids[2];
};

enum atom { ATOM_PORT, ATOM_STATE, ATOM_BYTES, ATOM_PROC, ATOM_CLIENT, ATOM_PID, ATOM_WORD, ATOMS };

/* A filter as a tree: an atom, or two parts that are joined. */
struct node {
    char join; /* '&', '|', '!' or 0 for an atom */
    int left, right;
    enum atom atom;
    unsigned number;
    char word[32];
};

struct plain {
    struct node nodes[NODES];
    int count;
};

static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

static unsigned pick(unsigned count)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed % count);
}

static void fold(char *text)
{
    for (; *text != '\0'; text++)
        *text = (char)tolower((unsigned char)*text);
}

/* "client server protocol state process(pid) process(pid)" */
static void write_row(struct sample *sample, const struct names *names)
{
    struct text text = text_begin(sample->row, sizeof sample->row);
    for (unsigned end = 0; end < 2; end++) {
        text_add_endpoint(&text, &sample->hot.tuple, end ^ sample->hot.client);
        text_add_string(&text, " ");
    }
    text_add_string(&text, sample->hot.tuple.protocol == PROTOCOL_TCP ? "tcp " : "udp ");
    text_add_string(&text, flow_state_word((enum flow_state)sample->hot.state));
    for (unsigned end = 0; end < 2; end++) {
        const struct owner *owner =
            names_owner(names, sample->cold.owner[end ^ sample->hot.client]);
        if (owner)
            text_add(&text, " %s(%d)", owner->comm, (int)owner->pid);
    }
    fold(sample->row);
}

static void make_sample(struct sample *sample, struct names *names, const uint32_t *tickets)
{
    static const uint8_t loopback[4] = {127, 0, 0, 1}, other[4] = {127, 0, 0, 53};
    memset(sample, 0, sizeof *sample);
    sample->hot.tuple = (struct tuple){
        .address = {address_from_ipv4(loopback), address_from_ipv4(pick(2) ? loopback : other)},
        .port = {(uint16_t)(3000 + pick(20)), (uint16_t)(40000 + pick(300))},
        .protocol = pick(4) ? PROTOCOL_TCP : PROTOCOL_UDP,
        .family = 4,
    };
    sample->hot.client = (uint8_t)pick(2);
    sample->hot.state = (uint8_t)pick(FLOW_STATE_COUNT);
    sample->hot.side[0].bytes = pick(1000);
    sample->hot.side[1].bytes = pick(1000);
    for (unsigned end = 0; end < 2; end++) {
        sample->cold.owner[end] = pick(5) ? tickets[pick(PROCESSES)] : 0;
        const struct owner *owner = names_owner(names, sample->cold.owner[end]);
        if (owner) {
            memcpy(sample->names[end], owner->comm, sizeof sample->names[end]);
            sample->pids[end] = (int)owner->pid;
        }
    }
    write_row(sample, names);
}

static void make_atom(struct node *node)
{
    static const char *const words[] = {"node", "worker1", "tcp", "53:4", ":30", "300", "closed",
                                        "(10",  "7)",      "udp", "127",  "syn", "z",   "refused"};
    node->atom = (enum atom)pick(ATOMS);
    node->number = node->atom == ATOM_PORT    ? 3000 + pick(20)
                   : node->atom == ATOM_PID   ? 1000 + pick(PROCESSES)
                   : node->atom == ATOM_STATE ? pick(FLOW_STATE_COUNT)
                                              : pick(2000);
    const char *word = words[pick(sizeof words / sizeof words[0])];
    if (node->atom == ATOM_PROC || node->atom == ATOM_CLIENT)
        word = pick(2) ? "node" : "worker1";
    (void)snprintf(node->word, sizeof node->word, "%s", word);
}

static int make(struct plain *plain, unsigned depth)
{
    int at = plain->count++;
    struct node *node = &plain->nodes[at];
    *node = (struct node){0};
    if (depth == 0 || pick(4) == 0) {
        make_atom(node);
        return at;
    }
    node->join = "&|!"[pick(3)];
    node->left = make(plain, depth - 1);
    node->right = node->join == '!' ? 0 : make(plain, depth - 1);
    return at;
}

static void write_filter(const struct plain *plain, int at, struct text *text)
{
    const struct node *node = &plain->nodes[at];
    if (node->join != '\0') {
        text_add_string(text, node->join == '!' ? "not (" : "(");
        write_filter(plain, node->left, text);
        if (node->join != '!') {
            text_add_string(text, node->join == '&' ? (pick(2) ? " and " : " ") : " or ");
            write_filter(plain, node->right, text);
        }
        text_add_string(text, ")");
        return;
    }
    switch (node->atom) {
    case ATOM_PORT:
        text_add(text, "port:%u", node->number);
        break;
    case ATOM_STATE:
        text_add(text, "state=%s", flow_state_word((enum flow_state)node->number));
        break;
    case ATOM_BYTES:
        text_add(text, "bytes>%u", node->number);
        break;
    case ATOM_PROC:
        text_add(text, "proc:%s", node->word);
        break;
    case ATOM_CLIENT:
        text_add(text, "client:%s", node->word);
        break;
    case ATOM_PID:
        text_add(text, "pid:%u", node->number);
        break;
    default:
        text_add(text, "\"%s\"", node->word);
        break;
    }
}

static bool means(const struct plain *plain, int at, const struct sample *sample)
{
    const struct node *node = &plain->nodes[at];
    const struct tuple *tuple = &sample->hot.tuple;
    if (node->join == '!')
        return !means(plain, node->left, sample);
    if (node->join == '&')
        return means(plain, node->left, sample) && means(plain, node->right, sample);
    if (node->join == '|')
        return means(plain, node->left, sample) || means(plain, node->right, sample);
    switch (node->atom) {
    case ATOM_PORT:
        return tuple->port[0] == node->number || tuple->port[1] == node->number;
    case ATOM_STATE:
        return sample->hot.state == node->number;
    case ATOM_BYTES:
        return sample->hot.side[0].bytes + sample->hot.side[1].bytes > node->number;
    case ATOM_PROC:
        return strstr(sample->names[0], node->word) || strstr(sample->names[1], node->word);
    case ATOM_CLIENT:
        return strstr(sample->names[sample->hot.client], node->word) != NULL;
    case ATOM_PID:
        return sample->pids[0] == (int)node->number || sample->pids[1] == (int)node->number;
    default:
        return strstr(sample->row, node->word) != NULL;
    }
}

/* The processes of a machine where names come and go. */
static void name_all(struct names *names, uint32_t *tickets, unsigned round)
{
    for (unsigned at = 0; at < PROCESSES; at++) {
        struct host_process process = {.pid = (int)(1000 + at)};
        (void)snprintf(process.comm, sizeof process.comm,
                       (at + round) % 8 == 0 ? "node" : "worker%u", at);
        tickets[at] = names_process(names, &process);
    }
}

static void compare(struct filter *filter, const struct plain *plain, const char *text,
                    const struct known *known, const struct sample *samples)
{
    for (unsigned at = 0; at < FLOWS; at++) {
        const struct filter_look look = {
            .view = {.hot = &samples[at].hot, .cold = &samples[at].cold},
            .known = known,
            .now_ns = 1};
        if (filter_matches(filter, &look) != means(plain, 0, &samples[at]))
            fail_msg("%s: %s", text, samples[at].row);
    }
}

static void test_random(void **state)
{
    (void)state;
    static struct sample samples[FLOWS];
    static struct filter filter;
    static struct known known;
    static uint32_t tickets[PROCESSES];
    struct names *names = NULL;
    struct err err;
    unsigned tried = 0;
    assert_int_equal(names_open(&names, &err), 0);
    known.names = names;
    for (unsigned round = 0; round < FILTERS; round++) {
        struct plain plain = {.count = 0};
        struct filter_note note;
        char line[2 * FILTER_TEXT_MAX];
        struct text text = text_begin(line, sizeof line);
        (void)make(&plain, DEPTH);
        write_filter(&plain, 0, &text);
        if (text.cut || text.len >= FILTER_TEXT_MAX ||
            filter_parse(&filter, line, &note) != FILTER_GOOD)
            continue;
        tried++;
        /* The same filter while processes are forgotten and others take their places. */
        for (unsigned again = 0; again < 2; again++) {
            name_all(names, tickets, round + again);
            for (unsigned at = 0; at < FLOWS; at++)
                make_sample(&samples[at], names, tickets);
            compare(&filter, &plain, line, &known, samples);
        }
    }
    assert_true(tried > FILTERS / 2);
    names_close(names);
}

/* A ticket that was learnt, and is forgotten since. */
static void test_forgotten(void **state)
{
    (void)state;
    static struct filter filter;
    static struct known known;
    struct sample sample = {.hot = {.tuple = {.protocol = PROTOCOL_TCP, .family = 4}}};
    struct names *names = NULL;
    struct filter_note note;
    struct err err;
    assert_int_equal(names_open(&names, &err), 0);
    known.names = names;
    struct host_process process = {.pid = 7, .comm = "node"};
    sample.cold.owner[0] = names_process(names, &process);
    const struct filter_look look = {.view = {.hot = &sample.hot, .cold = &sample.cold},
                                     .known = &known};
    assert_int_equal(filter_parse(&filter, "proc:node", &note), FILTER_GOOD);
    assert_true(filter_matches(&filter, &look));
    assert_true(filter_matches(&filter, &look));
    for (unsigned at = 0; at < NAMES_MAX; at++) {
        process = (struct host_process){.pid = (int)(8 + at), .comm = "other"};
        (void)names_process(names, &process);
    }
    assert_null(names_owner(names, sample.cold.owner[0]));
    assert_false(filter_matches(&filter, &look));
    names_close(names);
    /* Tickets are those of the names that gave them. */
    assert_int_equal(names_open(&names, &err), 0);
    known.names = names;
    process = (struct host_process){.pid = 9, .comm = "node"};
    sample.cold.owner[0] = names_process(names, &process);
    assert_true(filter_matches(&filter, &look));
    struct names *others = NULL;
    assert_int_equal(names_open(&others, &err), 0);
    known.names = others;
    process = (struct host_process){.pid = 9, .comm = "curl"};
    assert_int_equal(names_process(others, &process), sample.cold.owner[0]);
    assert_false(filter_matches(&filter, &look));
    names_close(others);
    names_close(names);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD_ONE(&set, test_random);
    ROWS_ADD_ONE(&set, test_forgotten);
    return rows_run(&set, "ui_filter_random");
}
