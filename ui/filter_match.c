/*
 * Most tests look at numbers. Texts that rows have again and again, addresses and names, are written
 * and searched once: what the tests found in one is remembered, a bit a test, until another one takes
 * its place.
 */
#include "ui/filter_program.h"

#include <string.h>

#include "flows/describe.h"
#include "ui/endpoint.h"
#include "ui/filter_fact.h"

#define ROW_TEXT_MAX  1024
#define NAME_TEXT_MAX (OWNER_COMM * 4 + 16)
#define COMMAND_MAX   (OWNER_COMMAND * 4 + 1)
#define PORT_TEXT_MAX 6

void filter_clear(struct filter *filter)
{
    memset(filter->addresses, 0, sizeof filter->addresses);
    memset(filter->owners, 0, sizeof filter->owners);
    memset(filter->tickets, 0, sizeof filter->tickets);
    filter->names = NULL;
    filter->program.test_count = 0;
    filter->program.first = FILTER_ACCEPT;
}

static const char *word_of(const struct filter *filter, const struct filter_test *test)
{
    return filter->program.strings + test->word.text;
}

static void fold(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z')
            *text |= 0x20;
    }
}

/* Does the address end with what the word has before its last colon? */
static bool ends_with_head(const char *text, size_t len, const char *word, size_t head_len)
{
    return head_len <= len && memcmp(text + len - head_len, word, head_len) == 0;
}

static void fill_address(struct filter *filter, struct filter_address_memo *memo)
{
    char written[64];
    struct text text = text_begin(written, sizeof written);
    text_add_string(&text, memo->family == 6 ? "[" : "");
    text_add_address(&text, &memo->address, memo->family);
    text_add_string(&text, memo->family == 6 ? "]" : "");
    memo->has = memo->ends = 0;
    for (unsigned at = 0; at < filter->program.test_count; at++) {
        const struct filter_test *test = &filter->program.tests[at];
        if (test->kind != FILTER_TEST_WORD)
            continue;
        const char *word = word_of(filter, test);
        if (strstr(written, word))
            memo->has |= UINT64_C(1) << at;
        if (test->word.tail > 0 && ends_with_head(written, text.len, word, test->word.tail - 1u))
            memo->ends |= UINT64_C(1) << at;
    }
}

static const struct filter_address_memo *look_up(struct filter *filter, const struct tuple *tuple,
                                                 unsigned end)
{
    const struct address *address = &tuple->address[end];
    uint8_t mixed = (uint8_t)(address->octets[15] + 3 * address->octets[14] + address->octets[8]);
    struct filter_address_memo *memo = &filter->addresses[mixed % FILTER_MEMO];
    if (memo->family == tuple->family && memcmp(&memo->address, address, sizeof *address) == 0)
        return memo;
    memo->address = *address;
    memo->family = tuple->family;
    fill_address(filter, memo);
    return memo;
}

static bool compare_text(const struct filter *filter, const struct filter_test *test,
                         const char *text, size_t len)
{
    if (test->kind == FILTER_TEST_MATCHES)
        return pattern_matches(&filter->program.patterns[test->pattern], text, len);
    char folded[COMMAND_MAX];
    struct text copy = text_begin(folded, sizeof folded);
    text_add_bytes(&copy, text, len);
    if (test->field != FILTER_HISTORY)
        fold(folded);
    const char *word = word_of(filter, test);
    return test->kind == FILTER_TEST_WHOLE ? strcmp(folded, word) == 0
                                           : strstr(folded, word) != NULL;
}

static bool owner_has(const struct filter *filter, const struct filter_test *test,
                      const struct owner *owner)
{
    char buffer[COMMAND_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    if (test->kind == FILTER_TEST_WORD) {
        text_add_owner(&text, owner);
        fold(buffer);
        return strstr(buffer, word_of(filter, test)) != NULL;
    }
    bool about_text = test->kind == FILTER_TEST_PART || test->kind == FILTER_TEST_WHOLE ||
                      test->kind == FILTER_TEST_MATCHES;
    if (!about_text || (test->field != FILTER_PROC && test->field != FILTER_COMMAND))
        return false;
    const char *bytes = test->field == FILTER_COMMAND ? owner->command : owner->comm;
    text_add_untrusted(&text, bytes, strlen(bytes));
    return compare_text(filter, test, buffer, text.len);
}

static bool is_same_owner(const struct filter *filter, const struct filter_owner_memo *memo,
                          const struct owner *owner)
{
    return memo->filled && memo->pid == owner->pid &&
           memcmp(memo->comm, owner->comm, sizeof memo->comm) == 0 &&
           (!filter->program.wants_commands || strcmp(memo->command, owner->command) == 0);
}

static uint64_t look_up_process(struct filter *filter, const struct owner *owner)
{
    struct filter_owner_memo *memo = &filter->owners[(unsigned)owner->pid % FILTER_MEMO];
    if (is_same_owner(filter, memo, owner))
        return memo->has;
    memo->filled = true;
    memo->pid = owner->pid;
    memcpy(memo->comm, owner->comm, sizeof memo->comm);
    memcpy(memo->command, owner->command, sizeof memo->command);
    memo->has = 0;
    for (unsigned at = 0; at < filter->program.test_count; at++) {
        if (owner_has(filter, &filter->program.tests[at], owner))
            memo->has |= UINT64_C(1) << at;
    }
    return memo->has;
}

/* Once a ticket, so that it stays out of the way of those that are remembered. */
static __attribute__((noinline)) uint64_t learn_owner(struct filter *filter,
                                                      const struct filter_look *look, unsigned end)
{
    const struct owner *owner = known_owner(look->known, look->view, end);
    uint32_t ticket = look->view.cold->owner[end];
    if (!owner)
        return 0;
    if (filter->names != look->known->names)
        memset(filter->tickets, 0, sizeof filter->tickets);
    filter->names = look->known->names;
    struct filter_ticket_memo *memo = &filter->tickets[ticket % FILTER_TICKETS];
    *memo = (struct filter_ticket_memo){ticket, look_up_process(filter, owner)};
    return memo->has;
}

/* The tests that hold for the process of that end. */
static inline uint64_t look_up_owner(struct filter *filter, const struct filter_look *look,
                                     unsigned end)
{
    const struct names *names = look->known->names;
    uint32_t ticket = look->view.cold->owner[end];
    const struct filter_ticket_memo *memo = &filter->tickets[ticket % FILTER_TICKETS];
    if (ticket == 0 || !names)
        return 0;
    bool is_learnt =
        memo->ticket == ticket && filter->names == names && names_remembers(names, ticket);
    return is_learnt ? memo->has : learn_owner(filter, look, end);
}

/* The ends of the tuple that the test is about, as bits 1 << end. */
static unsigned ends_of(const struct filter_test *test, const struct flow *flow)
{
    unsigned client = (test->ends & FILTER_ENDS_CLIENT) != 0;
    unsigned server = (test->ends & FILTER_ENDS_SERVER) != 0;
    return flow->client ? client << 1 | server : client | server << 1;
}

static bool owners_hold_test(struct filter *filter, const struct filter_look *look, unsigned at)
{
    unsigned ends = ends_of(&filter->program.tests[at], look->view.hot);
    uint64_t found = 0;
    for (unsigned end = 0; end < 2; end++)
        found |= ends >> end & 1 ? look_up_owner(filter, look, end) : 0;
    return found >> at & 1;
}

/* Of the codes that the set has, does the flow have one that still holds? */
static bool has_code(const struct filter_look *look, uint64_t set)
{
    const struct diagnoser *diagnoser = look->known->diagnoser;
    unsigned at = 0;
    if (!diagnoser || !(diagnoser_flow_codes(diagnoser, look->view.cold->id) & set))
        return false;
    const struct diagnosis *diagnosis = known_walk(look->known, look->view, &at);
    while (diagnosis && !(set >> diagnosis->code & 1))
        diagnosis = known_walk(look->known, look->view, &at);
    return diagnosis != NULL;
}

static uint8_t protocol_bit(uint8_t protocol)
{
    return protocol == PROTOCOL_TCP ? 1 : 2;
}

static size_t write_port(char text[PORT_TEXT_MAX], uint16_t port)
{
    char digits[PORT_TEXT_MAX];
    size_t len = 0;
    do {
        digits[len++] = (char)('0' + port % 10);
        port /= 10;
    } while (port > 0);
    for (size_t at = 0; at < len; at++)
        text[at] = digits[len - 1 - at];
    text[len] = '\0';
    return len;
}

/* Does the port, written, begin with what the word has behind its colon? */
static bool port_begins(uint32_t port, const struct filter_word *word)
{
    uint32_t low = word->port, high = low;
    unsigned digits = (unsigned)(word->len - word->tail);
    if (low == 0)
        return digits == 0 || (digits == 1 && port == 0);
    for (; low <= port; low *= 10, high = high * 10 + 9) {
        if (port <= high)
            return !word->is_padded;
    }
    return false;
}

/* In "address:port" of that end. */
static bool endpoint_has(struct filter *filter, const struct tuple *tuple, unsigned end,
                         unsigned at)
{
    const struct filter_test *test = &filter->program.tests[at];
    const struct filter_address_memo *memo = look_up(filter, tuple, end);
    if (memo->has >> at & 1)
        return true;
    if ((memo->ends >> at & 1) && port_begins(tuple->port[end], &test->word))
        return true;
    char port[PORT_TEXT_MAX];
    if (!test->word.is_number)
        return false;
    (void)write_port(port, tuple->port[end]);
    return strstr(port, word_of(filter, test)) != NULL;
}

static bool row_has_word(struct filter *filter, const struct filter_look *look, unsigned at)
{
    const struct flow *flow = look->view.hot;
    const struct filter_word *word = &filter->program.tests[at].word;
    if ((word->states >> flow->state & 1) || (word->protocols & protocol_bit(flow->tuple.protocol)))
        return true;
    if (endpoint_has(filter, &flow->tuple, 0, at) || endpoint_has(filter, &flow->tuple, 1, at))
        return true;
    uint64_t found = look_up_owner(filter, look, 0) | look_up_owner(filter, look, 1);
    return (found >> at & 1) || (word->codes != 0 && has_code(look, word->codes));
}

static void write_row(const struct filter_look *look, struct text *text)
{
    const struct flow *flow = look->view.hot;
    unsigned at = 0;
    for (unsigned end = 0; end < 2; end++) {
        text_add_endpoint(text, &flow->tuple, end ^ flow->client);
        text_add_bytes(text, " ", 1);
    }
    text_add_string(text, protocol_word(flow->tuple.protocol));
    text_add_bytes(text, " ", 1);
    text_add_string(text, flow_state_word((enum flow_state)flow->state));
    for (unsigned end = 0; end < 2; end++) {
        const struct owner *owner = known_owner(look->known, look->view, end ^ flow->client);
        if (!owner)
            continue;
        text_add_bytes(text, " ", 1);
        text_add_owner(text, owner);
    }
    const struct diagnosis *diagnosis = NULL;
    while ((diagnosis = known_walk(look->known, look->view, &at))) {
        text_add_bytes(text, " ", 1);
        text_add_code(text, (enum code)diagnosis->code, false);
        text_add_bytes(text, " ", 1);
        text_add_string(text, code_word((enum code)diagnosis->code));
    }
}

static bool row_matches(const struct filter *filter, const struct filter_look *look,
                        const struct filter_test *test)
{
    char row[ROW_TEXT_MAX];
    struct text text = text_begin(row, sizeof row);
    write_row(look, &text);
    if (test->kind == FILTER_TEST_PATTERN)
        return pattern_matches(&filter->program.patterns[test->pattern], row, text.len);
    fold(row);
    return strstr(row, word_of(filter, test)) != NULL;
}

static bool text_field_holds(const struct filter *filter, const struct filter_look *look,
                             const struct filter_test *test)
{
    char buffer[2 * FLOW_HISTORY_MAX];
    struct text text = text_begin(buffer, sizeof buffer);
    if (test->field == FILTER_CONN)
        text_add_string(&text, flow_conn_state(look->view));
    else
        text_add_history(&text, look->view);
    return compare_text(filter, test, buffer, text.len);
}

static bool port_holds(const struct filter_test *test, const struct flow *flow)
{
    unsigned ends = ends_of(test, flow);
    for (unsigned end = 0; end < 2; end++) {
        uint64_t port = flow->tuple.port[end];
        if ((ends >> end & 1) && port >= test->range.low && port <= test->range.high)
            return true;
    }
    return false;
}

static bool pid_holds(const struct filter_look *look, const struct filter_test *test)
{
    unsigned ends = ends_of(test, look->view.hot);
    for (unsigned end = 0; end < 2; end++) {
        const struct owner *owner =
            ends >> end & 1 ? known_owner(look->known, look->view, end) : NULL;
        if (owner && (uint64_t)owner->pid >= test->range.low &&
            (uint64_t)owner->pid <= test->range.high)
            return true;
    }
    return false;
}

static bool host_holds(const struct filter_test *test, const struct flow *flow)
{
    unsigned ends = ends_of(test, flow);
    if (flow->tuple.family != test->host.family)
        return false;
    for (unsigned end = 0; end < 2; end++) {
        const uint8_t *octets = flow->tuple.address[end].octets;
        uint64_t differ = ((load_be64(octets) & test->host.mask[0]) ^ test->host.words[0]) |
                          ((load_be64(octets + 8) & test->host.mask[1]) ^ test->host.words[1]);
        if ((ends >> end & 1) && differ == 0)
            return true;
    }
    return false;
}

static bool number_holds(const struct filter_look *look, const struct filter_test *test)
{
    int64_t number = filter_number((enum filter_field)test->field, look);
    return number >= 0 && (uint64_t)number >= test->range.low &&
           (uint64_t)number <= test->range.high;
}

static bool flags_hold(const struct filter_look *look, uint64_t set)
{
    for (; set != 0; set &= set - 1) {
        enum filter_flag flag = (enum filter_flag)__builtin_ctzll(set);
        bool is_diagnosed =
            (flag == FILTER_IS_DIAGNOSED || flag == FILTER_IS_FAILED) && has_code(look, UINT64_MAX);
        if (is_diagnosed || filter_flag_holds(flag, look))
            return true;
    }
    return false;
}

static bool holds(struct filter *filter, const struct filter_look *look, unsigned at)
{
    const struct filter_test *test = &filter->program.tests[at];
    const struct flow *flow = look->view.hot;
    switch ((enum filter_test_kind)test->kind) {
    case FILTER_TEST_WORD:
        return row_has_word(filter, look, at);
    case FILTER_TEST_PHRASE:
    case FILTER_TEST_PATTERN:
        return row_matches(filter, look, test);
    case FILTER_TEST_NUMBER:
        return number_holds(look, test);
    case FILTER_TEST_PORT:
        return port_holds(test, flow);
    case FILTER_TEST_PID:
        return pid_holds(look, test);
    case FILTER_TEST_HOST:
        return host_holds(test, flow);
    case FILTER_TEST_PART:
    case FILTER_TEST_WHOLE:
    case FILTER_TEST_MATCHES:
        return test->ends == FILTER_ENDS_WHOLE ? text_field_holds(filter, look, test)
                                               : owners_hold_test(filter, look, at);
    case FILTER_TEST_STATE:
        return test->set >> flow->state & 1;
    case FILTER_TEST_PROTOCOL:
        return test->set & protocol_bit(flow->tuple.protocol);
    case FILTER_TEST_CODE:
        return has_code(look, test->set);
    case FILTER_TEST_FLAG:
        return flags_hold(look, test->set);
    }
    return false;
}

bool filter_matches(struct filter *filter, const struct filter_look *look)
{
    unsigned at = filter->program.test_count > 0 ? filter->program.first : FILTER_ACCEPT;
    while (at < FILTER_TESTS_MAX)
        at = filter->program.tests[at].next[holds(filter, look, at)];
    return at == FILTER_ACCEPT;
}
