/* The filter language: any text parses or is refused with a place inside of it; what it becomes always
 * comes to an end, says the same of a flow again and again, and obeys the laws of and, or and not. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "flows/detail.h"
#include "ui/filter_complete.h"

#define FLOW_COUNT 4

struct sample {
    struct flow hot;
    struct flow_cold cold;
    struct flow_detail detail;
};

/* Made once: libFuzzer calls the target millions of times. */
struct stage {
    bool ready;
    struct known known;
    struct sample samples[FLOW_COUNT];
    struct filter filter, other;
    struct filter_seen seen;
    struct filter_completion completion;
};

static struct stage stage;

static void name_end(struct sample *sample, struct names *names, unsigned end, const char *comm)
{
    struct host_process process = {.pid = 100 + (int)strlen(comm)};
    (void)snprintf(process.comm, sizeof process.comm, "%s", comm);
    (void)snprintf(process.command, sizeof process.command, "%s --port 3000", comm);
    sample->cold.owner[end] = names_process(names, &process);
}

static void make_sample(struct sample *sample, unsigned at, struct names *names)
{
    struct flow *hot = &sample->hot;
    uint8_t octets[16] = {[15] = 1};
    bool v6 = at == 1;
    octets[0] = v6 ? 0 : 127;
    octets[3] = v6 ? 0 : 1;
    for (unsigned end = 0; end < 2; end++) {
        hot->tuple.address[end] = v6 ? address_from_ipv6(octets) : address_from_ipv4(octets);
        hot->tuple.port[end] = (uint16_t)(end == 0 ? 3000 + at : 40000 + at);
        hot->side[end].bytes = at * UINT64_C(1000000);
        hot->side[end].packets = at;
    }
    hot->tuple.family = v6 ? 6 : 4;
    hot->tuple.protocol = at == 2 ? PROTOCOL_UDP : PROTOCOL_TCP;
    hot->client = at % 2;
    hot->state = (uint8_t)(at * 3 % FLOW_STATE_COUNT);
    hot->last_ns = (int64_t)at * 1000000000;
    sample->cold.id = at + 1;
    sample->cold.handshake_ns = at == 3 ? -1 : (int64_t)at * 1000000;
    sample->detail.side[0].rtt_count = at;
    sample->detail.side[0].rtt_ns = (int64_t)at * 5000000;
    sample->detail.side[1].response_count = at;
    sample->detail.side[1].response_max_ns = (int64_t)at * 100000000;
    if (names && at != 3) {
        name_end(sample, names, 0, at == 0 ? "node" : "\x1b\"x y\\");
        name_end(sample, names, 1, "curl");
    }
}

static void prepare(void)
{
    struct err err;
    struct names *names = NULL;
    if (stage.ready)
        return;
    if (names_open(&names, &err) != 0)
        names = NULL;
    stage.known.names = names;
    for (unsigned at = 0; at < FLOW_COUNT; at++)
        make_sample(&stage.samples[at], at, names);
    filter_see_name(&stage.seen, "node");
    filter_see_name(&stage.seen, "\x1b\"x y\\");
    filter_see_port(&stage.seen, 3000, "node");
    filter_see_port(&stage.seen, 40000, "");
    stage.ready = true;
}

/* Which of the flows pass, as bits. */
static unsigned passing(struct filter *filter)
{
    unsigned found = 0;
    for (unsigned at = 0; at < FLOW_COUNT; at++) {
        const struct sample *sample = &stage.samples[at];
        const struct filter_look look = {
            .view = {.hot = &sample->hot,
                     .cold = &sample->cold,
                     .detail = at == 2 ? NULL : &sample->detail},
            .known = &stage.known,
            .rate = at * UINT64_C(1000),
            .now_ns = 4000000000,
        };
        found |= (unsigned)filter_matches(filter, &look) << at;
    }
    return found;
}

static void check_note(const char *text, const struct filter_note *note)
{
    MUST(note->begin <= note->end && note->end <= strlen(text));
    MUST(note->column >= 0 && note->columns >= 0);
    MUST((note->verdict == FILTER_GOOD) == (note->sentence[0] == '\0'));
}

/* All ways from a test end, none of them in more steps than there are tests. `steps` is by test, 0 where it
 * is not known yet. Returns the longest. */
static unsigned walk(const struct filter_program *program, unsigned at,
                     unsigned steps[FILTER_TESTS_MAX], unsigned depth)
{
    unsigned most = 0;
    if (at == FILTER_ACCEPT || at == FILTER_REJECT)
        return 0;
    MUST(at < program->test_count && depth < program->test_count);
    for (int held = 0; steps[at] == 0 && held < 2; held++) {
        unsigned rest = walk(program, program->tests[at].next[held], steps, depth + 1);
        most = rest > most ? rest : most;
    }
    if (steps[at] == 0)
        steps[at] = most + 1;
    MUST(depth + steps[at] <= program->test_count);
    return steps[at];
}

static void check_program(const struct filter_program *program)
{
    unsigned steps[FILTER_TESTS_MAX] = {0};
    MUST(program->test_count <= FILTER_TESTS_MAX);
    MUST(program->first < program->test_count || program->first == FILTER_ACCEPT);
    (void)walk(program, program->first, steps, 0);
}

/* The text in a frame, as "!(%s)"; false when that is no good line. */
static bool parse_framed(const char *frame, const char *text)
{
    char line[4 * FILTER_TEXT_MAX];
    struct filter_note note;
    struct text made = text_begin(line, sizeof line);
    for (; *frame != '\0'; frame++) {
        if (*frame == '@')
            text_add_string(&made, text);
        else
            text_add_bytes(&made, frame, 1);
    }
    if (filter_parse(&stage.other, line, &note) != FILTER_GOOD)
        return false;
    check_program(&stage.other.program);
    return true;
}

static void check_laws(const char *text, unsigned pass)
{
    const unsigned all = (1u << FLOW_COUNT) - 1;
    bool is_empty = filter_is_empty(&stage.filter);
    /* An open quote would have the parenthesis in it. */
    if (is_empty || !parse_framed("(@)", text))
        return;
    MUST(passing(&stage.other) == pass);
    if (parse_framed("!(@)", text))
        MUST(passing(&stage.other) == (~pass & all));
    if (parse_framed("not not (@)", text))
        MUST(passing(&stage.other) == pass);
    if (parse_framed("(@) or (@)", text))
        MUST(passing(&stage.other) == pass);
    if (parse_framed("(@) and not (@)", text))
        MUST(passing(&stage.other) == 0);
    if (parse_framed("(@) || !(@)", text))
        MUST(passing(&stage.other) == all);
    if (parse_framed("port:3000 (@)", text))
        MUST((passing(&stage.other) & ~pass) == 0);
}

static void check_completion(const char *text)
{
    struct filter_completion *completion = &stage.completion;
    size_t len = strlen(text);
    for (size_t cursor = 0; cursor <= len; cursor++) {
        filter_complete(completion, text, cursor, &stage.seen);
        MUST(completion->begin <= completion->end && completion->end == cursor);
        MUST(completion->count <= FILTER_CANDIDATES_MAX && completion->hint);
        size_t common = filter_common(completion, text);
        for (unsigned at = 0; at < completion->count; at++) {
            const struct filter_candidate *candidate = &completion->candidates[at];
            MUST(candidate->text[0] != '\0' && candidate->meaning);
            MUST(memcmp(candidate->text, completion->candidates[0].text, common) == 0);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char text[2 * FILTER_TEXT_MAX];
    struct filter_note note, again;
    len = len < sizeof text - 1 ? len : sizeof text - 1;
    memcpy(text, bytes, len);
    text[len] = '\0';
    prepare();
    filter_clear(&stage.filter);
    enum filter_verdict verdict = filter_parse(&stage.filter, text, &note);
    MUST(verdict == note.verdict);
    check_note(text, &note);
    check_program(&stage.filter.program);
    unsigned pass = passing(&stage.filter);
    MUST(passing(&stage.filter) == pass); /* what is remembered changes nothing */
    MUST(filter_parse(&stage.filter, text, &again) == verdict);
    MUST(again.begin == note.begin && again.end == note.end);
    MUST(passing(&stage.filter) == pass);
    if (verdict == FILTER_GOOD)
        check_laws(text, pass);
    check_completion(text);
    return 0;
}
