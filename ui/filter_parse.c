/*
 * The text becomes a tree of "and", "or" and "not" over tests. A flow is not matched by walking over
 * that tree: each test says which one is next when it holds and when not, so that matching is one
 * loop that ends at the last test at the latest (as in BPF: McCanne and Jacobson, 1993).
 */
#include "ui/filter_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ui/grid.h"

static int parse_line(struct filter_parser *parser);

/* Of a character that UTF-8 writes in more bytes. */
static bool is_middle(char byte)
{
    return ((uint8_t)byte & 0xc0) == 0x80;
}

static void note(struct filter_parser *parser, enum filter_verdict verdict, size_t begin,
                 size_t end)
{
    begin = begin < parser->len ? begin : parser->len;
    end = end < parser->len ? end : parser->len;
    while (begin > 0 && is_middle(parser->text[begin]))
        begin--;
    while (end < parser->len && is_middle(parser->text[end]))
        end++;
    parser->note->verdict = verdict;
    parser->note->begin = begin;
    parser->note->end = end;
}

int filter_wrong(struct filter_parser *parser, size_t begin, size_t end, const char *format, ...)
{
    if (filter_failed(parser))
        return FILTER_NO_NODE;
    note(parser, FILTER_WRONG, begin, end);
    va_list list;
    va_start(list, format);
    (void)vsnprintf(parser->note->sentence, sizeof parser->note->sentence, format, list);
    va_end(list);
    return FILTER_NO_NODE;
}

int filter_unfinished(struct filter_parser *parser, size_t begin, const char *format, ...)
{
    if (parser->note->verdict != FILTER_GOOD)
        return FILTER_NO_NODE;
    note(parser, FILTER_UNFINISHED, begin, parser->len);
    va_list list;
    va_start(list, format);
    (void)vsnprintf(parser->note->sentence, sizeof parser->note->sentence, format, list);
    va_end(list);
    return FILTER_NO_NODE;
}

static int add_node(struct filter_parser *parser, struct filter_node node)
{
    if (parser->node_count == FILTER_NODES_MAX)
        return filter_wrong(parser, 0, parser->len, "the line says too much");
    parser->nodes[parser->node_count] = node;
    return parser->node_count++;
}

int filter_add_test(struct filter_parser *parser, const struct filter_test *test)
{
    struct filter_program *program = parser->program;
    if (program->test_count == FILTER_TESTS_MAX)
        return filter_wrong(parser, parser->at, parser->at, "a line has room for %d tests",
                            FILTER_TESTS_MAX);
    program->tests[program->test_count] = *test;
    return add_node(parser,
                    (struct filter_node){.join = FILTER_ONE, .left = program->test_count++});
}

int filter_add_join(struct filter_parser *parser, enum filter_join join, int left, int right)
{
    if (left == FILTER_NO_NODE)
        return join == FILTER_NOT ? FILTER_NO_NODE : right;
    if (right == FILTER_NO_NODE && join != FILTER_NOT)
        return left;
    return add_node(parser, (struct filter_node){(uint8_t)join, (int16_t)left, (int16_t)right});
}

uint16_t filter_add_string(struct filter_parser *parser, const char *text, size_t len, bool fold)
{
    struct filter_program *program = parser->program;
    uint16_t begin = program->strings_len;
    if (begin + len + 1 > sizeof program->strings) {
        (void)filter_wrong(parser, 0, parser->len, "the line says too much");
        return 0;
    }
    for (size_t at = 0; at < len; at++) {
        bool capital = text[at] >= 'A' && text[at] <= 'Z';
        program->strings[begin + at] = (char)(fold && capital ? text[at] | 0x20 : text[at]);
    }
    program->strings[begin + len] = '\0';
    program->strings_len = (uint16_t)(begin + len + 1);
    return begin;
}

bool filter_add_pattern(struct filter_parser *parser, const struct filter_value *value,
                        struct filter_test *test)
{
    struct filter_program *program = parser->program;
    if (program->pattern_count == FILTER_PATTERNS_MAX) {
        (void)filter_wrong(parser, value->begin, value->end, "a line has room for %d expressions",
                           FILTER_PATTERNS_MAX);
        return false;
    }
    struct pattern_source source = {value->text, value->len, value->ignore_case};
    size_t wrong = 0;
    const char *sentence =
        pattern_parse(&program->patterns[program->pattern_count], source, &wrong);
    size_t begin = value->places[wrong];
    if (sentence && value->at_end)
        (void)filter_unfinished(parser, begin, "%s", sentence);
    else if (sentence)
        (void)filter_wrong(parser, begin, begin + 1, "%s", sentence);
    if (sentence)
        return false;
    test->pattern = program->pattern_count++;
    return true;
}

static bool is_ordering(enum filter_relation relation)
{
    return relation >= FILTER_LESS;
}

/* "tcp.port" says TCP, too. */
static int add_protocol_of_name(struct filter_parser *parser, size_t begin, size_t end, int node)
{
    struct filter_value value = {.field = FILTER_PROTOCOL, .begin = begin, .end = end, .len = 3};
    bool tcp = end - begin > 4 && strncasecmp(parser->text + begin, "tcp", 3) == 0;
    bool udp = end - begin > 4 && strncasecmp(parser->text + begin, "udp", 3) == 0;
    if ((!tcp && !udp) || node == FILTER_NO_NODE)
        return node;
    memcpy(value.text, tcp ? "tcp" : "udp", sizeof "tcp");
    return filter_add_join(parser, FILTER_AND, node, filter_add_value(parser, &value));
}

static int parse_value(struct filter_parser *parser, struct filter_value *value, size_t begin)
{
    bool matching = value->relation == FILTER_MATCHING || value->relation == FILTER_NOT_MATCHING;
    const struct filter_field_word *field = filter_field_word(value->field);
    filter_skip_space(parser);
    filter_take_value(parser, value, !matching);
    if (value->len > 0)
        return filter_add_value(parser, value);
    if (value->at_end)
        return filter_unfinished(parser, begin, "%s: what? for example %s", field->name,
                                 field->example);
    return filter_wrong(parser, begin, parser->at + 1, "a value must follow, as in %s",
                        field->example);
}

/* The values behind the relation: any of them. */
static int parse_values(struct filter_parser *parser, struct filter_value *value, size_t begin)
{
    int node = parse_value(parser, value, begin);
    while (!filter_failed(parser) && filter_peek(parser, parser->at) == ',') {
        if (is_ordering(value->relation))
            return filter_wrong(parser, parser->at, parser->at + 1,
                                "only one value can be compared");
        parser->at++;
        node = filter_add_join(parser, FILTER_OR, node, parse_value(parser, value, begin));
    }
    if (value->relation == FILTER_DIFFERS || value->relation == FILTER_NOT_MATCHING)
        node = filter_add_join(parser, FILTER_NOT, node, FILTER_NO_NODE);
    return node;
}

/* "port 3000", "src port 3000", "host ::1": reads the names before a plain value, joined by a dot. Sets
 * *end behind them. FILTER_FIELD_COUNT: that is not what stands there. */
static enum filter_field find_plain_field(const struct filter_parser *parser, size_t *end)
{
    char name[FILTER_TEXT_MAX];
    size_t len = 0, at = parser->at;
    for (int words = 0; words < 2; words++) {
        size_t name_end = filter_end_of_name(parser, at);
        if (name_end == at)
            break;
        name[len] = '.';
        len += len > 0;
        memcpy(name + len, parser->text + at, name_end - at);
        len += name_end - at;
        enum filter_field field = filter_find_field(name, len);
        at = name_end;
        while (filter_is_space(filter_peek(parser, at)))
            at++;
        size_t value_end = filter_end_of_word(parser, at, false);
        if (at == name_end)
            break;
        if (field == FILTER_FIELD_COUNT ||
            !filter_is_plain_value(filter_field_word(field)->kind, parser->text + at,
                                   value_end - at))
            continue;
        *end = name_end;
        return field;
    }
    return FILTER_FIELD_COUNT;
}

static int complain_of_field(struct filter_parser *parser, size_t end)
{
    size_t begin = parser->at;
    int len = (int)(end - begin < 24 ? end - begin : 24);
    const char *near = filter_nearest_field(parser->text + begin, end - begin);
    if (len == 0)
        return filter_wrong(parser, begin, begin + 1,
                            "a field must stand before this, as in rtt>5ms");
    if (near)
        return filter_wrong(parser, begin, end, "unknown field %.*s, did you mean %s?", len,
                            parser->text + begin, near);
    return filter_wrong(parser, begin, end, "unknown field %.*s; quote it if it is text", len,
                        parser->text + begin);
}

/* "foo:3000" and "foo > 3" are about a field that does not exist; ":3000", "127.0.0.1:3000", "fe80::1"
 * and "node contains" are words. */
static bool is_unknown_field(const struct filter_parser *parser, size_t name_end,
                             const struct filter_sign *sign)
{
    size_t begin = parser->at;
    if (sign->is_word)
        return false;
    if (sign->relation != FILTER_HAS)
        return true;
    size_t word_end = filter_end_of_word(parser, begin, false);
    return name_end > begin && !filter_is_endpoint(parser->text + begin, word_end - begin);
}

/* True when the term is about a field, or wrong. */
static bool parse_field(struct filter_parser *parser, int *node)
{
    size_t begin = parser->at, end = filter_end_of_name(parser, begin);
    struct filter_value value = {.relation = FILTER_HAS};
    struct filter_sign sign = {.is_word = false};
    value.field = filter_find_field(parser->text + begin, end - begin);
    bool has_sign = filter_sign_behind(parser, end, &sign);
    if (value.field == FILTER_FIELD_COUNT && has_sign) {
        if (!is_unknown_field(parser, end, &sign))
            return false;
        *node = complain_of_field(parser, end);
        return true;
    }
    if (has_sign) {
        value.relation = sign.relation;
        parser->at = sign.end;
    } else {
        value.field = find_plain_field(parser, &end);
        if (value.field == FILTER_FIELD_COUNT)
            return false;
        parser->at = end;
    }
    *node = parse_values(parser, &value, begin);
    *node = add_protocol_of_name(parser, begin, end, *node);
    return true;
}

static int parse_group(struct filter_parser *parser)
{
    size_t begin = parser->at++;
    if (++parser->depth > FILTER_DEPTH_MAX)
        return filter_wrong(parser, begin, begin + 1, "too many ( inside each other");
    int node = parse_line(parser);
    parser->depth--;
    if (filter_failed(parser))
        return FILTER_NO_NODE;
    if (filter_peek(parser, parser->at) == ')')
        parser->at++;
    else
        (void)filter_unfinished(parser, begin, "this ( is not closed yet");
    return node;
}

/* A word, phrase or expression over the row. */
static int parse_text(struct filter_parser *parser)
{
    struct filter_value value = {.field = FILTER_FIELD_COUNT};
    filter_take_value(parser, &value, false);
    if (value.pattern && value.len > 0) {
        struct filter_test test = {.kind = FILTER_TEST_PATTERN};
        return filter_add_pattern(parser, &value, &test) ? filter_add_test(parser, &test)
                                                         : FILTER_NO_NODE;
    }
    if (value.len == 0 && value.at_end)
        return filter_unfinished(parser, value.begin, "what should the row have in it?");
    if (value.len == 0)
        return filter_wrong(parser, value.begin,
                            parser->at > value.begin ? parser->at : value.begin + 1,
                            "nothing to look for");
    return filter_add_word(parser, &value);
}

static int parse_term(struct filter_parser *parser)
{
    size_t begin = parser->at;
    char first = filter_peek(parser, begin);
    int node = FILTER_NO_NODE;
    parser->term = begin;
    if (first == '\0')
        return filter_unfinished(parser, begin, "something must follow");
    if (first == '(')
        return parse_group(parser);
    if (first == ')')
        return filter_wrong(parser, begin, begin + 1,
                            parser->depth > 0 ? "something must stand before this )"
                                              : "no ( is open here");
    if (filter_is_sign(parser, begin, "&&") || filter_is_sign(parser, begin, "||"))
        return filter_wrong(parser, begin, begin + 2, "something must stand before this");
    if (filter_is_keyword(parser, begin, "and") || filter_is_keyword(parser, begin, "or"))
        return filter_wrong(parser, begin, filter_end_of_name(parser, begin),
                            "something must stand before this; quote it if it is text");
    if (first != '/' && first != '"' && first != '\'' && parse_field(parser, &node))
        return node;
    return filter_failed(parser) ? FILTER_NO_NODE : parse_text(parser);
}

/* Any number of "not" before a term. */
static int parse_not(struct filter_parser *parser)
{
    bool inverted = false;
    while (filter_take_keyword(parser, "not", "!"))
        inverted = !inverted;
    int node = parse_term(parser);
    return inverted ? filter_add_join(parser, FILTER_NOT, node, FILTER_NO_NODE) : node;
}

static bool is_end_of_and(const struct filter_parser *parser)
{
    char next = filter_peek(parser, parser->at);
    return next == '\0' || next == ')' || filter_is_sign(parser, parser->at, "||") ||
           filter_is_keyword(parser, parser->at, "or");
}

static int parse_and(struct filter_parser *parser)
{
    int node = parse_not(parser);
    while (!filter_failed(parser)) {
        bool said = filter_take_keyword(parser, "and", "&&");
        if (!said && is_end_of_and(parser))
            break;
        filter_skip_space(parser);
        node = filter_add_join(parser, FILTER_AND, node, parse_not(parser));
    }
    return node;
}

static int parse_line(struct filter_parser *parser)
{
    filter_skip_space(parser);
    int node = parse_and(parser);
    while (!filter_failed(parser) && filter_take_keyword(parser, "or", "||")) {
        filter_skip_space(parser);
        node = filter_add_join(parser, FILTER_OR, node, parse_and(parser));
    }
    return node;
}

static void place_note(const char *text, struct filter_note *note)
{
    char before[FILTER_TEXT_MAX];
    struct text part = text_begin(before, sizeof before);
    text_add_bytes(&part, text, note->begin);
    note->column = grid_columns(before);
    text_add_bytes(&part, text + note->begin, note->end - note->begin);
    note->columns = grid_columns(before) - note->column;
}

static void parse_whole(struct filter_parser *parser)
{
    filter_skip_space(parser);
    parser->program->first = FILTER_ACCEPT;
    if (parser->at == parser->len)
        return;
    int node = parse_line(parser);
    if (!filter_failed(parser) && parser->at < parser->len)
        (void)filter_wrong(parser, parser->at, parser->at + 1, "no ( is open here");
    if (!filter_failed(parser) && node != FILTER_NO_NODE)
        parser->program->first = filter_plan(parser, node);
}

/* Returns where the last term that was begun begins. */
static size_t parse(const char *text, size_t len, struct filter_program *program,
                    struct filter_note *note)
{
    struct filter_parser parser = {.text = text, .len = len, .note = note, .program = program};
    *program = (struct filter_program){.test_count = 0};
    *note = (struct filter_note){.verdict = FILTER_GOOD};
    if (len == FILTER_TEXT_MAX) {
        parser.len--;
        (void)filter_wrong(&parser, parser.len, parser.len, "a line has room for %d bytes",
                           FILTER_TEXT_MAX - 1);
    } else {
        parse_whole(&parser);
    }
    return parser.term;
}

/* Nothing but one word follows where it became wrong. */
static bool is_wrong_at_end(const char *text, const struct filter_note *note)
{
    const char *rest = text + note->end;
    rest += strcspn(rest, " \t");
    return rest[strspn(rest, " \t")] == '\0';
}

enum filter_verdict filter_parse(struct filter *filter, const char *text, struct filter_note *note)
{
    struct filter_program program;
    struct filter_note ignored;
    size_t term = parse(text, strnlen(text, FILTER_TEXT_MAX), &program, note);
    place_note(text, note);
    if (note->verdict == FILTER_WRONG) {
        if (!is_wrong_at_end(text, note))
            return FILTER_WRONG;
        (void)parse(text, term, &program, &ignored);
    }
    filter_clear(filter);
    filter->program = program;
    return note->verdict;
}
