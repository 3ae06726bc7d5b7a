#include "report/expect.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"

#define WORD_MAX 40

/* A text on its way: one word is taken after the other. */
struct reader {
    const char *text;
    size_t at;    /* behind the word */
    size_t begin; /* of the word that was taken last */
    char word[WORD_MAX];
    size_t *wrong;
    struct err *err;
};

static bool is_space(char letter)
{
    return letter == ' ' || letter == '\t';
}

static bool is_compare(char letter)
{
    return letter == '<' || letter == '>' || letter == '=';
}

/* Signs of comparison are words of their own, with or without spaces around them. A word that is too
 * long to be any of ours is cut: it still is none of them. */
static void take_word(struct reader *reader)
{
    size_t at = reader->at;
    while (is_space(reader->text[at]))
        at++;
    reader->begin = at;
    bool compares = is_compare(reader->text[at]);
    while (reader->text[at] != '\0' && !is_space(reader->text[at]) &&
           is_compare(reader->text[at]) == compares)
        at++;
    size_t len = at - reader->begin < WORD_MAX - 1 ? at - reader->begin : WORD_MAX - 1;
    memcpy(reader->word, reader->text + reader->begin, len);
    reader->word[len] = '\0';
    reader->at = at;
}

static bool word_is(const struct reader *reader, const char *word)
{
    return strcmp(reader->word, word) == 0;
}

/* About the word that was taken last. */
static int complain(const struct reader *reader, const char *wanted)
{
    *reader->wrong = reader->begin;
    if (reader->word[0] == '\0')
        return err_set(reader->err, EINVAL, "it ends too early: %s", wanted);
    return err_set(reader->err, EINVAL, "\"%s\" is not understood: %s", reader->word, wanted);
}

/* Reads "12" or "1.5" and multiplies it; returns what follows the number, NULL when there is none or it
 * is too large. */
static const char *read_number(const char *word, uint64_t *whole, uint64_t *millionths)
{
    const char *at = word;
    *whole = *millionths = 0;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (*whole > UINT32_MAX)
            return NULL;
        *whole = *whole * 10 + (uint64_t)(*at - '0');
    }
    if (at == word)
        return NULL;
    if (*at != '.')
        return at;
    const char *fraction = ++at;
    for (uint64_t worth = 100000; *at >= '0' && *at <= '9'; at++, worth /= 10)
        *millionths += worth * (uint64_t)(*at - '0');
    return at == fraction ? NULL : at;
}

struct unit {
    const char *word;
    uint64_t worth;
};

static const struct unit time_units[] = {{"us", 1000},
                                         {"ms", 1000000},
                                         {"s", UINT64_C(1000000000)},
                                         {"m", UINT64_C(60000000000)},
                                         {NULL, 0}};
static const struct unit count_units[] = {
    {"", 1}, {"k", 1000}, {"K", 1000}, {"M", 1000000}, {"G", UINT64_C(1000000000)}, {NULL, 0}};
static const struct unit size_units[] = {{"", 1},
                                         {"B", 1},
                                         {"k", 1000},
                                         {"K", 1000},
                                         {"kB", 1000},
                                         {"KB", 1000},
                                         {"M", 1000000},
                                         {"MB", 1000000},
                                         {"G", UINT64_C(1000000000)},
                                         {"GB", UINT64_C(1000000000)},
                                         {NULL, 0}};

static int take_amount(struct reader *reader, const struct unit *units, const char *wanted,
                       uint64_t *amount)
{
    uint64_t whole = 0, millionths = 0;
    take_word(reader);
    const char *rest = read_number(reader->word, &whole, &millionths);
    for (const struct unit *unit = units; rest && unit->word; unit++) {
        uint64_t most = UINT64_MAX / 2 / unit->worth;
        if (strcmp(rest, unit->word) != 0 || whole >= most)
            continue;
        /* Units are below 2^36 and millionths below 2^20. */
        *amount = whole * unit->worth + millionths * unit->worth / 1000000;
        return 0;
    }
    return complain(reader, wanted);
}

static int take_compare(struct reader *reader, struct expect *expect)
{
    static const char *const words[] = {[EXPECT_LESS] = "<",
                                        [EXPECT_AT_MOST] = "<=",
                                        [EXPECT_EQUAL] = "=",
                                        [EXPECT_AT_LEAST] = ">=",
                                        [EXPECT_MORE] = ">"};
    take_word(reader);
    for (size_t at = 0; at < sizeof words / sizeof words[0]; at++) {
        if (!word_is(reader, words[at]))
            continue;
        expect->compare = (uint8_t)at;
        return 0;
    }
    return complain(reader, "say <, <=, =, >= or >");
}

static int take_no(struct reader *reader, struct expect *expect)
{
    static const struct {
        const char *word;
        uint8_t subject;
    } rows[] = {{"refused", EXPECT_NO_REFUSED},
                {"resets", EXPECT_NO_RESETS},
                {"retransmissions", EXPECT_NO_RETRANSMISSIONS},
                {"timeouts", EXPECT_NO_TIMEOUTS},
                {"diagnoses", EXPECT_NO_DIAGNOSES}};
    take_word(reader);
    for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
        if (word_is(reader, rows[at].word)) {
            expect->subject = rows[at].subject;
            return 0;
        }
    }
    for (int code = 0; code < CODE_COUNT; code++) {
        if (word_is(reader, code_word(code))) {
            expect->subject = EXPECT_NO_CODE;
            expect->code = (uint8_t)code;
            return 0;
        }
    }
    return complain(reader, "say no refused, resets, retransmissions, timeouts, diagnoses, or the "
                            "code of a diagnosis, such as no refused-no-listener");
}

static int take_within(struct reader *reader, struct expect *expect)
{
    size_t before = reader->at;
    take_word(reader);
    if (reader->word[0] == '\0') {
        reader->at = before;
        return 0;
    }
    if (!word_is(reader, "within"))
        return complain(reader, "say nothing more, or: within 5s");
    int failed =
        take_amount(reader, time_units, "a time has a unit: 500ms, 5s, 2m", &expect->limit);
    if (!failed && expect->limit == 0)
        return complain(reader, "the time must be above 0");
    return failed;
}

static int take_response(struct reader *reader, struct expect *expect)
{
    take_word(reader);
    if (word_is(reader, "p95"))
        expect->subject = EXPECT_PORT_P95;
    else if (word_is(reader, "mean"))
        expect->subject = EXPECT_PORT_MEAN;
    else if (word_is(reader, "max"))
        expect->subject = EXPECT_PORT_MAX;
    else
        return complain(reader, "say response p95, mean or max");
    int failed = take_compare(reader, expect);
    return failed ? failed
                  : take_amount(reader, time_units, "a time has a unit: 500us, 50ms, 5s",
                                &expect->limit);
}

static int take_amount_of(struct reader *reader, struct expect *expect, bool is_size)
{
    expect->subject = is_size ? EXPECT_PORT_BYTES : EXPECT_PORT_CONNECTIONS;
    int failed = take_compare(reader, expect);
    if (failed)
        return failed;
    return is_size ? take_amount(reader, size_units, "say bytes, such as 1500, 20k or 1.5M",
                                 &expect->limit)
                   : take_amount(reader, count_units, "say a number, such as 10", &expect->limit);
}

static int take_port(struct reader *reader, struct expect *expect)
{
    uint64_t port = 0, millionths = 0;
    take_word(reader);
    const char *rest = read_number(reader->word, &port, &millionths);
    if (!rest || *rest != '\0' || strchr(reader->word, '.') || port == 0 || port > 65535)
        return complain(reader, "a port is a number from 1 to 65535");
    expect->port = (uint16_t)port;
    take_word(reader);
    if (word_is(reader, "connections"))
        return take_amount_of(reader, expect, false);
    if (word_is(reader, "bytes"))
        return take_amount_of(reader, expect, true);
    if (word_is(reader, "response"))
        return take_response(reader, expect);
    if (word_is(reader, "established")) {
        expect->subject = EXPECT_PORT_ESTABLISHED;
        return take_within(reader, expect);
    }
    if (word_is(reader, "refused"))
        expect->subject = EXPECT_PORT_REFUSED;
    else if (word_is(reader, "untouched"))
        expect->subject = EXPECT_PORT_UNTOUCHED;
    else
        return complain(reader, "say established, refused, untouched, connections, bytes or "
                                "response");
    return 0;
}

int expect_parse(struct expect *expect, const char *text, size_t *wrong, struct err *err)
{
    struct reader reader = {.text = text, .wrong = wrong, .err = err};
    *expect = (struct expect){.text = text};
    *wrong = 0;
    if (strnlen(text, EXPECT_TEXT_MAX + 1) > EXPECT_TEXT_MAX) {
        *wrong = EXPECT_TEXT_MAX;
        return err_set(err, EINVAL, "it is longer than %d bytes", EXPECT_TEXT_MAX);
    }
    take_word(&reader);
    int failed = 0;
    if (word_is(&reader, "no"))
        failed = take_no(&reader, expect);
    else if (word_is(&reader, "port"))
        failed = take_port(&reader, expect);
    else
        failed = complain(&reader, "begin with no or port, as in: no refused, or: port 5432 "
                                   "established");
    if (failed)
        return failed;
    take_word(&reader);
    return reader.word[0] == '\0' ? 0 : complain(&reader, "nothing more may follow");
}

static bool compares(const struct expect *expect, uint64_t value)
{
    switch ((enum expect_compare)expect->compare) {
    case EXPECT_LESS:
        return value < expect->limit;
    case EXPECT_AT_MOST:
        return value <= expect->limit;
    case EXPECT_EQUAL:
        return value == expect->limit;
    case EXPECT_AT_LEAST:
        return value >= expect->limit;
    case EXPECT_MORE:
        return value > expect->limit;
    }
    return false;
}

static void add_plural(struct text *text, uint64_t count, const char *one, const char *many)
{
    text_add(text, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
}

static bool is_none(struct text *what, uint64_t count, const char *one, const char *many)
{
    add_plural(what, count, one, many);
    return count == 0;
}

static bool holds_codes(const struct expect *expect, const struct expect_facts *facts,
                        struct text *what)
{
    uint64_t asked = expect->subject == EXPECT_NO_CODE ? UINT64_C(1) << expect->code : UINT64_MAX;
    uint64_t found = facts->codes & asked;
    text_add_string(what, found ? "diagnosed: " : "not diagnosed");
    const char *before = "";
    for (uint64_t codes = found; codes; codes &= codes - 1, before = ", ")
        text_add(what, "%s%s", before, code_word((enum code)__builtin_ctzll(codes)));
    return found == 0;
}

static bool holds_established(const struct expect *expect, const struct expect_traffic *port,
                              struct text *what)
{
    if (port->established == 0) {
        add_plural(what, port->flows, "attempt", "attempts");
        text_add(what, ", none was established; %llu refused", (unsigned long long)port->refused);
        return false;
    }
    text_add_string(what, "established after ");
    text_add_span(what, port->established_ns);
    return expect->limit == 0 || port->established_ns <= (int64_t)expect->limit;
}

static bool holds_response(const struct expect *expect, const struct expect_traffic *port,
                           struct text *what)
{
    static const char *const words[] = {
        [EXPECT_PORT_P95] = "p95", [EXPECT_PORT_MEAN] = "mean", [EXPECT_PORT_MAX] = "max"};
    if (port->responses == 0) {
        text_add_string(what, "no answer was seen");
        return false;
    }
    int64_t span_ns = expect->subject == EXPECT_PORT_P95 ? port->response_p95_ns
                      : expect->subject == EXPECT_PORT_MAX
                          ? port->response_most_ns
                          : port->response_sum_ns / (int64_t)port->responses;
    text_add(what, "%s ", words[expect->subject]);
    text_add_span(what, span_ns);
    text_add_string(what, " of ");
    add_plural(what, port->responses, "answer", "answers");
    return compares(expect, (uint64_t)span_ns);
}

static bool holds_port(const struct expect *expect, const struct expect_traffic *port,
                       struct text *what)
{
    text_add(what, "port %u: ", expect->port);
    switch (expect->subject) {
    case EXPECT_PORT_ESTABLISHED:
        return holds_established(expect, port, what);
    case EXPECT_PORT_REFUSED:
        add_plural(what, port->refused, "refusal", "refusals");
        return port->refused > 0;
    case EXPECT_PORT_UNTOUCHED:
        return is_none(what, port->flows, "connection or attempt", "connections and attempts");
    case EXPECT_PORT_CONNECTIONS:
        add_plural(what, port->connections, "connection", "connections");
        return compares(expect, port->connections);
    case EXPECT_PORT_BYTES:
        add_plural(what, port->bytes, "byte", "bytes");
        return compares(expect, port->bytes);
    default:
        return holds_response(expect, port, what);
    }
}

static bool holds_all(const struct expect *expect, const struct expect_facts *facts,
                      struct text *what)
{
    const struct expect_traffic *all = &facts->all;
    switch (expect->subject) {
    case EXPECT_NO_REFUSED:
        return is_none(what, all->refused, "refusal", "refusals");
    case EXPECT_NO_RESETS:
        return is_none(what, all->resets, "reset", "resets");
    case EXPECT_NO_RETRANSMISSIONS:
        return is_none(what, all->retransmissions, "retransmission", "retransmissions");
    case EXPECT_NO_TIMEOUTS:
        return is_none(what, all->timeouts, "connection without an answer",
                       "connections without an answer");
    default:
        return holds_codes(expect, facts, what);
    }
}

bool expect_holds(const struct expect *expect, const struct expect_facts *facts, struct text *what)
{
    bool is_port = expect->subject >= EXPECT_PORT_ESTABLISHED;
    const struct expect_traffic *traffic = is_port ? &facts->ports[expect->port] : &facts->all;
    bool holds = is_port ? holds_port(expect, traffic, what) : holds_all(expect, facts, what);
    if (traffic->unknown > 0)
        text_add(what, "; %llu more of unknown ends", (unsigned long long)traffic->unknown);
    return holds;
}

bool expect_is_failure(enum code code)
{
    static const uint64_t hints =
        UINT64_C(1) << CODE_REFUSED_SERVER_STARTING | UINT64_C(1) << CODE_PORT_SCAN |
        UINT64_C(1) << CODE_SLOW_RESPONSE | UINT64_C(1) << CODE_SLOW_QUEUEING |
        UINT64_C(1) << CODE_ZERO_WINDOW | UINT64_C(1) << CODE_NAGLE_DELAYED_ACK |
        UINT64_C(1) << CODE_DUPLICATE_LISTENERS | UINT64_C(1) << CODE_SPLIT_LISTENERS |
        UINT64_C(1) << CODE_CONNECTION_CHURN;
    return !(hints >> code & 1);
}
