/*
 * What is said of a field becomes tests: numbers become the range they stand for, words the set of
 * values they fit.
 */
#include "ui/filter_parse.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "ui/amount.h"

#define ADDRESS_TEXT_MAX 48
#define PORT_DIGITS      5
#define PORT_MAX         65535

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

static const char *wanted_of(enum filter_kind kind)
{
    if (kind == FILTER_KIND_SPAN)
        return "a time has a unit: 500us, 5ms, 10s, 2m, 1h";
    if (kind == FILTER_KIND_SIZE)
        return "say bytes, such as 1500, 20k, 1.5M or 4Ki";
    if (kind == FILTER_KIND_PORT)
        return "a port is 0 to 65535: 3000, 3000,5432 or 3000-3010";
    return kind == FILTER_KIND_PID ? "say a process id" : "say a number, such as 3 or 10k";
}

static int refuse(struct filter_parser *parser, const struct filter_value *value,
                  const char *sentence)
{
    if (value->at_end)
        return filter_unfinished(parser, value->begin, "%s", sentence);
    return filter_wrong(parser, value->begin, value->end, "%s", sentence);
}

/* "5ms" or "1ms-5ms". An answer that is not good is told. */
static bool read_range(struct filter_parser *parser, const struct filter_value *value,
                       enum filter_kind kind, struct amount *range)
{
    const char *dash = memchr(value->text, '-', value->len);
    size_t len = dash ? (size_t)(dash - value->text) : value->len;
    struct amount end = {0, 0};
    enum amount_answer answer = amount_read(kind, value->text, len, range);
    if (answer == AMOUNT_NO_UNIT && len > 0 && strspn(value->text, "0") == len)
        answer = AMOUNT_GOOD; /* 0 needs no unit */
    if (answer == AMOUNT_GOOD && dash) {
        answer = amount_read(kind, dash + 1, value->len - len - 1, &end);
        range->high = end.low;
        if (answer == AMOUNT_BAD && len + 1 == value->len)
            answer = AMOUNT_NO_UNIT;
        if (answer == AMOUNT_GOOD && end.low < range->low) {
            (void)refuse(parser, value, "the larger end of a range goes last");
            return false;
        }
    }
    if (answer == AMOUNT_NO_UNIT)
        (void)refuse(parser, value, wanted_of(kind));
    else if (answer == AMOUNT_TOO_LARGE)
        (void)filter_wrong(parser, value->begin, value->end, "that number is too large");
    else if (answer == AMOUNT_BAD)
        (void)(kind == FILTER_KIND_SPAN || kind == FILTER_KIND_SIZE
                   ? refuse(parser, value, wanted_of(kind))
                   : filter_wrong(parser, value->begin, value->end, "%s", wanted_of(kind)));
    return answer == AMOUNT_GOOD;
}

/* "> 5ms" begins right above 5 ms, and "= 5ms" ends below 6 ms. */
static void compare(enum filter_relation relation, struct amount *range)
{
    const struct amount said = *range;
    switch (relation) {
    case FILTER_LESS:
        *range = (struct amount){0, said.low - 1};
        if (said.low == 0)
            *range = (struct amount){1, 0};
        break;
    case FILTER_AT_MOST:
        *range = (struct amount){0, said.low};
        break;
    case FILTER_MORE:
        *range = (struct amount){said.low + 1, UINT64_MAX};
        break;
    case FILTER_AT_LEAST:
        *range = (struct amount){said.low, UINT64_MAX};
        break;
    default:
        break;
    }
}

static int add_number(struct filter_parser *parser, const struct filter_value *value)
{
    const struct filter_field_word *field = filter_field_word(value->field);
    enum filter_kind kind = (enum filter_kind)field->kind;
    struct filter_test test = {
        .kind = FILTER_TEST_NUMBER, .field = (uint8_t)value->field, .ends = field->ends};
    struct amount range = {0, 0};
    if (!read_range(parser, value, kind, &range))
        return FILTER_NO_NODE;
    if (kind == FILTER_KIND_PORT && range.low > PORT_MAX)
        return filter_wrong(parser, value->begin, value->end, "%s", wanted_of(kind));
    if (kind == FILTER_KIND_PORT)
        test.kind = FILTER_TEST_PORT;
    if (kind == FILTER_KIND_PID)
        test.kind = FILTER_TEST_PID;
    compare(value->relation, &range);
    test.range.low = range.low;
    test.range.high = range.high;
    return filter_add_test(parser, &test);
}

static bool is_number(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && is_digit(text[at]))
        at++;
    return at == len && len > 0;
}

struct network {
    struct address address;
    unsigned bits; /* of 128 */
    uint8_t family;
};

static bool read_address(const char *text, size_t len, struct network *network)
{
    char address[ADDRESS_TEXT_MAX];
    uint8_t octets[16];
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len >= sizeof address)
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    network->bits = 128;
    network->family = inet_pton(AF_INET, address, octets) == 1 ? 4 : 6;
    if (network->family == 4)
        network->address = address_from_ipv4(octets);
    else if (inet_pton(AF_INET6, address, octets) == 1)
        network->address = address_from_ipv6(octets);
    else
        return false;
    return true;
}

/* "127.0.0.1", "::1", "[::1]", "127.0.0.0/8" */
static bool read_network(const char *text, size_t len, struct network *network)
{
    const char *slash = memchr(text, '/', len);
    if (!slash)
        return read_address(text, len, network);
    size_t address_len = (size_t)(slash - text), digits = len - address_len - 1;
    if (!read_address(text, address_len, network) || !is_number(slash + 1, digits) || digits > 3)
        return false;
    unsigned bits = 0, most = network->family == 4 ? 32 : 128;
    for (const char *at = slash + 1; at < text + len; at++)
        bits = bits * 10 + (unsigned)(*at - '0');
    network->bits = 128 - most + bits;
    return bits <= most;
}

static int add_network(struct filter_parser *parser, const struct filter_value *value, uint8_t ends,
                       const struct network *network)
{
    struct filter_test test = {
        .kind = FILTER_TEST_HOST, .field = (uint8_t)value->field, .ends = ends};
    test.host.family = network->family;
    for (size_t word = 0; word < 2; word++) {
        size_t bits = network->bits > word * 64 ? network->bits - word * 64 : 0;
        uint64_t mask = bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits);
        mask = bits == 0 ? 0 : mask;
        test.host.mask[word] = mask;
        test.host.words[word] = load_be64(network->address.octets + word * 8) & mask;
    }
    return filter_add_test(parser, &test);
}

static bool is_localhost(const char *text, size_t len)
{
    return len == strlen("localhost") && strncasecmp(text, "localhost", len) == 0;
}

static int add_localhost(struct filter_parser *parser, const struct filter_value *value,
                         uint8_t ends)
{
    static const struct network loopback[] = {{{{[10] = 0xff, [11] = 0xff, [12] = 127}}, 104, 4},
                                              {{{[15] = 1}}, 128, 6}};
    int node = add_network(parser, value, ends, &loopback[0]);
    return filter_add_join(parser, FILTER_OR, node, add_network(parser, value, ends, &loopback[1]));
}

static int add_host(struct filter_parser *parser, const struct filter_value *value)
{
    uint8_t ends = filter_field_word(value->field)->ends;
    struct network network;
    if (is_localhost(value->text, value->len))
        return add_localhost(parser, value, ends);
    if (!read_network(value->text, value->len, &network))
        return refuse(parser, value, "say an address, as 127.0.0.1 or ::1, or 127.0.0.0/8");
    return add_network(parser, value, ends, &network);
}

static bool is_port(const char *text, size_t len)
{
    struct amount amount;
    return is_number(text, len) && len <= PORT_DIGITS &&
           amount_read(FILTER_KIND_PORT, text, len, &amount) == AMOUNT_GOOD &&
           amount.low <= PORT_MAX;
}

bool filter_is_plain_value(enum filter_kind kind, const char *text, size_t len)
{
    struct network network;
    if (kind == FILTER_KIND_HOST)
        return is_localhost(text, len) || read_network(text, len, &network);
    if (kind == FILTER_KIND_PID)
        return is_number(text, len);
    size_t at = 0;
    while (kind == FILTER_KIND_PORT && at < len) {
        size_t end = at;
        while (end < len && text[end] != ',' && text[end] != '-')
            end++;
        if (!is_port(text + at, end - at))
            return false;
        at = end + (end < len && end + 1 < len);
        if (end < len && end + 1 == len)
            return false;
        if (end == len)
            return true;
    }
    return false;
}

/* The colon between host and port; `len` when there is none, which a lone IPv6 address has not. */
static size_t colon_of(const char *text, size_t len)
{
    size_t at = len;
    while (at > 0 && is_digit(text[at - 1]))
        at--;
    bool has_colon = at > 0 && text[at - 1] == ':' && is_port(text + at, len - at);
    if (!has_colon)
        return len;
    size_t colon = at - 1;
    bool is_plain = memchr(text, ':', colon) == NULL;
    return is_plain || text[colon - 1] == ']' ? colon : len;
}

bool filter_is_endpoint(const char *text, size_t len)
{
    size_t colons = 0, hex = 0;
    for (size_t at = 0; at < len; at++) {
        colons += text[at] == ':';
        hex += text[at] == ':' || text[at] == '.' || is_digit(text[at]) ||
               ((text[at] | 0x20) >= 'a' && (text[at] | 0x20) <= 'f');
    }
    if (len > 0 && is_digit(text[0]))
        return true;
    return (colons >= 2 && hex == len) || is_localhost(text, colon_of(text, len));
}

static int add_text(struct filter_parser *parser, const struct filter_value *value,
                    enum filter_field field)
{
    const struct filter_field_word *word = filter_field_word(field);
    struct filter_test test = {.kind = FILTER_TEST_PART,
                               .field = (uint8_t)field,
                               .ends = filter_field_word(value->field)->ends};
    bool fold = value->field != FILTER_HISTORY;
    if (word->kind == FILTER_KIND_COMMAND)
        parser->program->wants_commands = true;
    if (value->pattern || value->relation == FILTER_MATCHING ||
        value->relation == FILTER_NOT_MATCHING) {
        test.kind = FILTER_TEST_MATCHES;
        return filter_add_pattern(parser, value, &test) ? filter_add_test(parser, &test)
                                                        : FILTER_NO_NODE;
    }
    if (value->relation == FILTER_EQUAL || value->relation == FILTER_DIFFERS)
        test.kind = FILTER_TEST_WHOLE;
    test.word.text = filter_add_string(parser, value->text, value->len, fold);
    test.word.len = (uint8_t)value->len;
    return filter_add_test(parser, &test);
}

/* "client:" an address, a port, both, or else the name of a process. */
static int add_end(struct filter_parser *parser, struct filter_value value)
{
    bool client = value.field == FILTER_CLIENT;
    size_t colon = colon_of(value.text, value.len), len = value.len;
    struct network network;
    int node = FILTER_NO_NODE;
    bool is_matching =
        value.pattern || value.relation == FILTER_MATCHING || value.relation == FILTER_NOT_MATCHING;
    if (value.quoted || is_matching)
        return add_text(parser, &value, FILTER_PROC);
    bool bare_port = is_port(value.text, len);
    bool has_host = is_localhost(value.text, colon) || read_network(value.text, colon, &network);
    if (!bare_port && !has_host && colon != 0)
        return add_text(parser, &value, FILTER_PROC);
    if (has_host) {
        struct filter_value host = value;
        host.field = client ? FILTER_CLIENT_HOST : FILTER_SERVER_HOST;
        host.len = colon;
        node = add_host(parser, &host);
    }
    if (!bare_port && colon == len)
        return node;
    size_t begin = bare_port ? 0 : colon + 1;
    value.field = client ? FILTER_CLIENT_PORT : FILTER_SERVER_PORT;
    value.len = len - begin;
    memmove(value.text, value.text + begin, value.len + 1);
    return filter_add_join(parser, FILTER_AND, node, add_number(parser, &value));
}

static int complain_of_value(struct filter_parser *parser, const struct filter_value *value,
                             enum filter_kind kind)
{
    const char *name = filter_field_word(value->field)->name;
    const char *near = filter_nearest_value(kind, value->text, value->len);
    bool begun = value->at_end && filter_find_values(kind, value->text, value->len, false) != 0;
    if (begun)
        return filter_unfinished(parser, value->begin, "%s: %s?", name, near ? near : "what");
    if (near)
        return filter_wrong(parser, value->begin, value->end, "no such %s, did you mean %s?", name,
                            near);
    return filter_wrong(parser, value->begin, value->end, "no such %s; Tab shows what there is",
                        name);
}

/* A state, code, protocol or flag. A flag is said whole: "is:re" could be two opposite things. */
static int add_set(struct filter_parser *parser, const struct filter_value *value)
{
    static const uint8_t kinds[] = {
        [FILTER_KIND_STATE] = FILTER_TEST_STATE,
        [FILTER_KIND_CODE] = FILTER_TEST_CODE,
        [FILTER_KIND_PROTOCOL] = FILTER_TEST_PROTOCOL,
        [FILTER_KIND_FLAG] = FILTER_TEST_FLAG,
    };
    enum filter_kind kind = (enum filter_kind)filter_field_word(value->field)->kind;
    bool exact =
        value->relation != FILTER_HAS || kind == FILTER_KIND_FLAG || kind == FILTER_KIND_PROTOCOL;
    uint64_t set = filter_find_values(kind, value->text, value->len, true);
    if (!set || (!exact && kind == FILTER_KIND_CODE))
        set |= exact ? 0 : filter_find_values(kind, value->text, value->len, false);
    if (!set)
        return complain_of_value(parser, value, kind);
    struct filter_test test = {.kind = kinds[kind], .field = (uint8_t)value->field};
    test.set = set;
    return filter_add_test(parser, &test);
}

/* Which relations a kind has. */
static bool takes(enum filter_kind kind, enum filter_relation relation)
{
    bool text = kind == FILTER_KIND_NAME || kind == FILTER_KIND_COMMAND ||
                kind == FILTER_KIND_TEXT || kind == FILTER_KIND_END;
    bool number = kind == FILTER_KIND_PORT || kind == FILTER_KIND_PID ||
                  kind == FILTER_KIND_COUNT || kind == FILTER_KIND_SIZE || kind == FILTER_KIND_SPAN;
    if (relation == FILTER_MATCHING || relation == FILTER_NOT_MATCHING)
        return text;
    return number || relation <= FILTER_DIFFERS;
}

int filter_add_value(struct filter_parser *parser, const struct filter_value *value)
{
    const struct filter_field_word *field = filter_field_word(value->field);
    enum filter_kind kind = (enum filter_kind)field->kind;
    bool matches = value->relation == FILTER_MATCHING || value->relation == FILTER_NOT_MATCHING;
    if (!takes(kind, value->relation))
        return filter_wrong(parser, value->begin, value->end, "%s takes %s", field->name,
                            matches ? ": = != and numbers < <= > >=" : ": = != and ~");
    switch (kind) {
    case FILTER_KIND_HOST:
        return add_host(parser, value);
    case FILTER_KIND_END:
        return add_end(parser, *value);
    case FILTER_KIND_NAME:
    case FILTER_KIND_COMMAND:
    case FILTER_KIND_TEXT:
        return add_text(parser, value, value->field);
    case FILTER_KIND_STATE:
    case FILTER_KIND_CODE:
    case FILTER_KIND_PROTOCOL:
    case FILTER_KIND_FLAG:
        return add_set(parser, value);
    default:
        return add_number(parser, value);
    }
}

static bool has_space(const struct filter_value *value)
{
    return memchr(value->text, ' ', value->len) != NULL;
}

/* Where a port would begin that the word has a part of, behind its last colon. */
static uint16_t tail_of(const char *word, size_t len)
{
    size_t at = len;
    while (at > 0 && is_digit(word[at - 1]))
        at--;
    bool fits = at > 0 && word[at - 1] == ':' && len - at <= PORT_DIGITS;
    return fits ? (uint16_t)at : 0;
}

static void read_tail(const char *text, struct filter_word *word)
{
    struct amount amount = {0, 0};
    size_t len = (size_t)(word->len - word->tail);
    (void)amount_read(FILTER_KIND_PORT, text + word->tail, len, &amount);
    word->is_padded = text[word->tail] == '0' || amount.low > PORT_MAX;
    word->port = amount.low <= PORT_MAX ? (uint16_t)amount.low : 1;
}

/* "localhost:3000" */
static int add_endpoint(struct filter_parser *parser, struct filter_value value, size_t colon)
{
    value.field = FILTER_HOST;
    int node = add_localhost(parser, &value, FILTER_ENDS_EITHER);
    value.field = FILTER_PORT;
    value.len -= colon + 1;
    memmove(value.text, value.text + colon + 1, value.len + 1);
    return filter_add_join(parser, FILTER_AND, node, add_number(parser, &value));
}

int filter_add_word(struct filter_parser *parser, const struct filter_value *value)
{
    struct filter_test test = {.kind = FILTER_TEST_WORD};
    size_t colon = colon_of(value->text, value->len);
    if (!value->quoted && colon < value->len && is_localhost(value->text, colon))
        return add_endpoint(parser, *value, colon);
    test.word.text = filter_add_string(parser, value->text, value->len, true);
    test.word.len = (uint8_t)value->len;
    if (has_space(value)) {
        test.kind = FILTER_TEST_PHRASE;
        return filter_add_test(parser, &test);
    }
    const char *word = parser->program->strings + test.word.text;
    test.word.tail = tail_of(word, value->len);
    if (test.word.tail > 0)
        read_tail(word, &test.word);
    test.word.is_number = is_number(word, value->len);
    test.word.states = (uint32_t)filter_values_with(FILTER_KIND_STATE, word);
    test.word.protocols = (uint8_t)filter_values_with(FILTER_KIND_PROTOCOL, word);
    test.word.codes = filter_values_with(FILTER_KIND_CODE, word);
    return filter_add_test(parser, &test);
}
