/*
 * Every letter or set of the expression is a place. The expression is over when it is known which
 * places may begin a match, which may follow which, and which may end one (Glushkov, "The abstract
 * theory of automata", 1961); with 64 places, sets of places are words, and a text is matched by
 * looking at each byte once. The begin and the end of the text are symbols too, which ^ and $ are
 * places for. x{2,3} is parsed as often as it says.
 */
#include "ui/pattern.h"

#include <string.h>

#define DEPTH_MAX  16
#define REPEAT_MAX PATTERN_PLACES
#define ATOMS_MAX  1024 /* parsed in all: a repetition may hold another */
#define SYM_BEGIN  256
#define SYM_END    257

/* A part of the expression. */
struct part {
    uint64_t first, last;
    bool empty; /* it may be nothing */
};

struct parser {
    struct pattern *pattern;
    struct pattern_source source;
    size_t at;
    unsigned places, atoms, depth;
    const char *wrong;
    size_t wrong_at;
};

struct set {
    uint64_t bits[4];
};

static struct part parse_either(struct parser *parser);

static bool complain(struct parser *parser, size_t at, const char *sentence)
{
    if (!parser->wrong) {
        parser->wrong = sentence;
        parser->wrong_at = at;
    }
    return false;
}

static bool is_at_end(const struct parser *parser)
{
    return parser->at >= parser->source.len;
}

/* '\0' at the end. */
static uint8_t peek(const struct parser *parser)
{
    return is_at_end(parser) ? '\0' : (uint8_t)parser->source.text[parser->at];
}

static bool take(struct parser *parser, char byte)
{
    if (is_at_end(parser) || parser->source.text[parser->at] != byte)
        return false;
    parser->at++;
    return true;
}

static void set_add(struct set *set, uint8_t byte)
{
    set->bits[byte / 64] |= UINT64_C(1) << byte % 64;
}

static bool set_has(const struct set *set, uint8_t byte)
{
    return set->bits[byte / 64] >> byte % 64 & 1;
}

static bool is_between(uint8_t byte, char first, char last)
{
    return byte >= (uint8_t)first && byte <= (uint8_t)last;
}

static bool is_letter(uint8_t byte)
{
    return is_between(byte | 0x20, 'a', 'z');
}

static bool is_digit(uint8_t byte)
{
    return is_between(byte, '0', '9');
}

static bool is_word(uint8_t byte)
{
    return is_letter(byte) || is_digit(byte) || byte == '_';
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || is_between(byte, '\t', '\r');
}

static bool is_alnum(uint8_t byte)
{
    return is_letter(byte) || is_digit(byte);
}

static bool is_upper(uint8_t byte)
{
    return is_between(byte, 'A', 'Z');
}

static bool is_lower(uint8_t byte)
{
    return is_between(byte, 'a', 'z');
}

static bool is_hex(uint8_t byte)
{
    return is_digit(byte) || is_between(byte | 0x20, 'a', 'f');
}

static bool is_punct(uint8_t byte)
{
    return is_between(byte, '!', '~') && !is_alnum(byte);
}

static void set_add_all(struct set *set, bool (*is_in)(uint8_t), bool wanted)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        if (is_in((uint8_t)byte) == wanted)
            set_add(set, (uint8_t)byte);
    }
}

static void set_fold(struct set *set)
{
    for (uint8_t lower = 'a'; is_lower(lower); lower++) {
        uint8_t byte = (uint8_t)(lower - 'a' + 'A');
        if (set_has(set, byte) || set_has(set, lower)) {
            set_add(set, byte);
            set_add(set, lower);
        }
    }
}

static struct part add_place(struct parser *parser)
{
    if (parser->places == PATTERN_PLACES) {
        (void)complain(parser, parser->at - 1, "the expression is too long");
        return (struct part){.empty = true};
    }
    uint64_t bit = UINT64_C(1) << parser->places++;
    return (struct part){bit, bit, false};
}

static struct part add_symbol(struct parser *parser, unsigned symbol)
{
    struct part part = add_place(parser);
    parser->pattern->at[symbol] |= part.first;
    return part;
}

static struct part add_set(struct parser *parser, struct set set)
{
    struct part part = add_place(parser);
    if (parser->source.ignore_case)
        set_fold(&set);
    for (unsigned byte = 0; byte < 256; byte++) {
        if (set_has(&set, (uint8_t)byte))
            parser->pattern->at[byte] |= part.first;
    }
    return part;
}

/* What follows a backslash. */
static bool parse_escape(struct parser *parser, struct set *set)
{
    static const struct {
        char letter;
        bool (*is_in)(uint8_t);
    } classes[] = {{'d', is_digit}, {'w', is_word}, {'s', is_blank}};
    uint8_t byte = peek(parser);
    if (is_at_end(parser))
        return complain(parser, parser->at - 1, "something must follow \\");
    for (size_t at = 0; at < sizeof classes / sizeof classes[0]; at++) {
        if ((byte | 0x20) != (uint8_t)classes[at].letter)
            continue;
        set_add_all(set, classes[at].is_in, byte == (uint8_t)classes[at].letter);
        parser->at++;
        return true;
    }
    if (is_alnum(byte))
        return complain(parser, parser->at - 1, "only \\d, \\w and \\s are known");
    set_add(set, byte);
    parser->at++;
    return true;
}

/* "alpha:]" of "[:alpha:]" */
static bool parse_class(struct parser *parser, struct set *set)
{
    static const struct {
        const char *name;
        bool (*is_in)(uint8_t);
    } classes[] = {{"alpha:]", is_letter}, {"digit:]", is_digit}, {"alnum:]", is_alnum},
                   {"space:]", is_blank},  {"upper:]", is_upper}, {"lower:]", is_lower},
                   {"punct:]", is_punct},  {"xdigit:]", is_hex}};
    size_t left = parser->source.len - parser->at;
    for (size_t at = 0; at < sizeof classes / sizeof classes[0]; at++) {
        size_t len = strlen(classes[at].name);
        if (len > left || memcmp(parser->source.text + parser->at, classes[at].name, len) != 0)
            continue;
        set_add_all(set, classes[at].is_in, true);
        parser->at += len;
        return true;
    }
    return complain(parser, parser->at - 2, "no such class: alpha, digit, alnum, space, ...");
}

/* One item of a set: a byte, a range, a class. */
static bool parse_item(struct parser *parser, struct set *set)
{
    size_t begin = parser->at;
    if (take(parser, '\\'))
        return parse_escape(parser, set);
    if (take(parser, '[')) {
        if (take(parser, ':'))
            return parse_class(parser, set);
        set_add(set, '[');
        return true;
    }
    uint8_t low = peek(parser);
    parser->at++;
    uint8_t high = low;
    bool ranges = parser->at + 1 < parser->source.len && peek(parser) == '-' &&
                  parser->source.text[parser->at + 1] != ']';
    if (ranges) {
        high = (uint8_t)parser->source.text[parser->at + 1];
        parser->at += 2;
    }
    if (high < low)
        return complain(parser, begin, "this range ends before it begins");
    for (unsigned byte = low; byte <= high; byte++)
        set_add(set, (uint8_t)byte);
    return true;
}

/* Behind the '['. */
static struct part parse_set(struct parser *parser)
{
    struct set set = {{0}};
    size_t begin = parser->at - 1;
    bool inverted = take(parser, '^');
    bool good = true;
    if (take(parser, ']'))
        set_add(&set, ']');
    while (good && !is_at_end(parser) && peek(parser) != ']')
        good = parse_item(parser, &set);
    if (good && !take(parser, ']'))
        (void)complain(parser, begin, "this [ is not closed");
    if (parser->source.ignore_case)
        set_fold(&set);
    for (int word = 0; inverted && word < 4; word++)
        set.bits[word] = ~set.bits[word];
    return add_set(parser, set);
}

static struct part parse_group(struct parser *parser)
{
    size_t begin = parser->at - 1;
    struct part part = {.empty = true};
    if (++parser->depth > DEPTH_MAX) {
        (void)complain(parser, begin, "too many ( inside each other");
        return part;
    }
    part = parse_either(parser);
    parser->depth--;
    if (!take(parser, ')'))
        (void)complain(parser, begin, "this ( is not closed");
    return part;
}

static struct part parse_atom(struct parser *parser)
{
    struct set set = {{0}};
    struct part none = {.empty = true};
    uint8_t byte = peek(parser);
    parser->at++;
    if (++parser->atoms > ATOMS_MAX) {
        (void)complain(parser, parser->at - 1, "the expression is too long");
        return none;
    }
    switch (byte) {
    case '(':
        return parse_group(parser);
    case '[':
        return parse_set(parser);
    case '^':
        return add_symbol(parser, SYM_BEGIN);
    case '$':
        return add_symbol(parser, SYM_END);
    case '.':
        return add_set(parser,
                       (struct set){{~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0), ~UINT64_C(0)}});
    case '*':
    case '+':
    case '?':
    case '{':
        (void)complain(parser, parser->at - 1, "nothing stands before this to repeat");
        return none;
    case '\\':
        return parse_escape(parser, &set) ? add_set(parser, set) : none;
    default:
        set_add(&set, byte);
        return add_set(parser, set);
    }
}

/* The places of `to` may come after those of `from`. */
static void link_parts(struct parser *parser, uint64_t from, uint64_t to)
{
    for (; from != 0; from &= from - 1)
        parser->pattern->follow[__builtin_ctzll(from)] |= to;
}

static struct part join(struct parser *parser, struct part a, struct part b)
{
    link_parts(parser, a.last, b.first);
    return (struct part){
        .first = a.first | (a.empty ? b.first : 0),
        .last = b.last | (b.empty ? a.last : 0),
        .empty = a.empty && b.empty,
    };
}

/* False: there is none. */
static bool parse_number(struct parser *parser, unsigned *number)
{
    *number = 0;
    if (!is_digit(peek(parser)))
        return false;
    while (is_digit(peek(parser))) {
        *number = *number * 10 + (unsigned)(peek(parser) - '0');
        parser->at++;
        if (*number > REPEAT_MAX)
            return complain(parser, parser->at - 1, "at most 64 times");
    }
    return true;
}

struct repeat {
    unsigned least, most; /* most 0: without end */
};

/* Behind the '{'. */
static struct repeat parse_braces(struct parser *parser)
{
    struct repeat repeat = {0, 0};
    size_t begin = parser->at - 1;
    bool good = parse_number(parser, &repeat.least);
    repeat.most = repeat.least;
    if (good && take(parser, ',')) {
        repeat.most = 0;
        good = parse_number(parser, &repeat.most) || peek(parser) == '}';
    }
    bool closed = take(parser, '}');
    if (!good || !closed)
        (void)complain(parser, begin, "say {3}, {1,3} or {1,}; or \\{");
    else if (repeat.most != 0 && repeat.most < repeat.least)
        (void)complain(parser, begin, "the larger number goes last");
    else if (repeat.least == 0 && repeat.most == 0 && parser->source.text[parser->at - 2] == '0')
        (void)complain(parser, begin, "0 times is nothing");
    return repeat;
}

/* The copies that are more than the first one, from the same source. */
static struct part parse_copies(struct parser *parser, size_t begin, struct part part,
                                struct repeat repeat)
{
    size_t end = parser->at;
    unsigned count = repeat.most > repeat.least ? repeat.most : repeat.least;
    struct part whole = part;
    whole.empty |= repeat.least == 0;
    for (unsigned copy = 1; copy < count && !parser->wrong; copy++) {
        parser->at = begin;
        part = parse_atom(parser);
        part.empty |= copy >= repeat.least;
        whole = join(parser, whole, part);
    }
    if (repeat.most == 0)
        link_parts(parser, part.last, part.first);
    parser->at = end;
    return whole;
}

static struct part parse_repeated(struct parser *parser)
{
    size_t begin = parser->at;
    struct part part = parse_atom(parser);
    size_t end = parser->at;
    while (!parser->wrong && !is_at_end(parser)) {
        uint8_t byte = peek(parser);
        if (byte != '*' && byte != '+' && byte != '?' && (byte != '{' || parser->at != end))
            break;
        parser->at++;
        if (byte == '{')
            return parse_copies(parser, begin, part, parse_braces(parser));
        if (byte != '?')
            link_parts(parser, part.last, part.first);
        part.empty |= byte != '+';
    }
    return part;
}

static struct part parse_sequence(struct parser *parser)
{
    struct part whole = {.empty = true};
    while (!parser->wrong && !is_at_end(parser) && peek(parser) != '|' && peek(parser) != ')')
        whole = join(parser, whole, parse_repeated(parser));
    return whole;
}

static struct part parse_either(struct parser *parser)
{
    struct part whole = parse_sequence(parser);
    while (!parser->wrong && take(parser, '|')) {
        struct part other = parse_sequence(parser);
        whole.first |= other.first;
        whole.last |= other.last;
        whole.empty |= other.empty;
    }
    return whole;
}

const char *pattern_parse(struct pattern *pattern, struct pattern_source source, size_t *wrong)
{
    struct parser parser = {.pattern = pattern, .source = source};
    *pattern = (struct pattern){0};
    struct part whole = parse_either(&parser);
    if (!is_at_end(&parser))
        (void)complain(&parser, parser.at, "no ( is open here");
    pattern->first = whole.first;
    pattern->last = whole.last;
    pattern->always = whole.empty;
    *wrong = parser.wrong_at < source.len ? parser.wrong_at : source.len;
    return parser.wrong;
}

static uint64_t step(const struct pattern *pattern, uint64_t places, unsigned symbol)
{
    uint64_t next = pattern->first;
    for (; places != 0; places &= places - 1)
        next |= pattern->follow[__builtin_ctzll(places)];
    return next & pattern->at[symbol];
}

bool pattern_matches(const struct pattern *pattern, const char *text, size_t len)
{
    if (pattern->always)
        return true;
    uint64_t places = step(pattern, 0, SYM_BEGIN);
    for (size_t at = 0; at < len && !(places & pattern->last); at++)
        places = step(pattern, places, (uint8_t)text[at]);
    return (places & pattern->last) || (step(pattern, places, SYM_END) & pattern->last);
}
