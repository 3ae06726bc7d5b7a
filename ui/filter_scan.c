#include "ui/filter_parse.h"

#include <string.h>
#include <strings.h>

char filter_peek(const struct filter_parser *parser, size_t at)
{
    if (at >= parser->len)
        return '\0';
    return parser->text[at];
}

bool filter_is_sign(const struct filter_parser *parser, size_t at, const char *sign)
{
    size_t len = strlen(sign);
    return at + len <= parser->len && memcmp(parser->text + at, sign, len) == 0;
}

void filter_skip_space(struct filter_parser *parser)
{
    while (filter_is_space(filter_peek(parser, parser->at)))
        parser->at++;
}

/* The end of a word that begins there. Parentheses inside of a word, as in node(42), are of it. */
size_t filter_end_of_word(const struct filter_parser *parser, size_t at, bool stops_at_comma)
{
    unsigned open = 0;
    for (; at < parser->len && !filter_is_space(parser->text[at]); at++) {
        char letter = parser->text[at];
        if (letter == ')' && open == 0)
            break;
        if (letter == ',' && stops_at_comma)
            break;
        if (filter_is_sign(parser, at, "&&") || filter_is_sign(parser, at, "||"))
            break;
        open += letter == '(';
        open -= letter == ')';
    }
    return at;
}

static bool is_name_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
           (letter >= '0' && letter <= '9') || letter == '_' || letter == '.';
}

size_t filter_end_of_name(const struct filter_parser *parser, size_t at)
{
    while (is_name_letter(filter_peek(parser, at)))
        at++;
    return at;
}

/* "and", "or", "not" in any case, before a space, a parenthesis or the end. */
bool filter_is_keyword(const struct filter_parser *parser, size_t at, const char *word)
{
    size_t len = strlen(word);
    char next = filter_peek(parser, at + len);
    return at + len <= parser->len && strncasecmp(parser->text + at, word, len) == 0 &&
           (next == '\0' || filter_is_space(next) || next == '(' || next == ')');
}

bool filter_take_keyword(struct filter_parser *parser, const char *word, const char *sign)
{
    filter_skip_space(parser);
    size_t len = 0;
    if (filter_is_sign(parser, parser->at, sign))
        len = strlen(sign);
    else if (filter_is_keyword(parser, parser->at, word))
        len = strlen(word);
    parser->at += len;
    return len > 0;
}

static void take_byte(struct filter_parser *parser, size_t at, struct filter_value *value)
{
    value->places[value->len] = (uint16_t)at;
    value->text[value->len++] = parser->text[at];
}

/* Behind the quote: up to its end, or that of the line. A backslash keeps what follows it. */
static void take_quoted(struct filter_parser *parser, char quote, struct filter_value *value)
{
    size_t at = parser->at;
    while (at < parser->len && parser->text[at] != quote) {
        at += parser->text[at] == '\\' && at + 1 < parser->len;
        take_byte(parser, at++, value);
    }
    value->closed = at < parser->len;
    value->quoted = true;
    parser->at = at + value->closed;
}

/* Behind the slash. Only \/ is ours; the expression has its own backslashes. */
static void take_pattern(struct filter_parser *parser, struct filter_value *value)
{
    size_t at = parser->at;
    while (at < parser->len && parser->text[at] != '/') {
        bool escapes = parser->text[at] == '\\' && at + 1 < parser->len;
        if (escapes && parser->text[at + 1] != '/')
            take_byte(parser, at, value);
        at += escapes;
        take_byte(parser, at++, value);
    }
    value->closed = at < parser->len;
    value->pattern = true;
    value->ignore_case = value->closed && filter_peek(parser, at + 1) == 'i' &&
                         !is_name_letter(filter_peek(parser, at + 2));
    parser->at = at + value->closed + value->ignore_case;
}

void filter_take_value(struct filter_parser *parser, struct filter_value *value, bool lists)
{
    char first = filter_peek(parser, parser->at);
    value->begin = parser->at;
    value->quoted = value->pattern = value->ignore_case = value->closed = false;
    value->len = 0;
    if (first == '"' || first == '\'') {
        parser->at++;
        take_quoted(parser, first, value);
    } else if (first == '/') {
        parser->at++;
        take_pattern(parser, value);
    } else {
        size_t end = filter_end_of_word(parser, parser->at, lists);
        while (parser->at < end)
            take_byte(parser, parser->at++, value);
    }
    value->text[value->len] = '\0';
    value->places[value->len] = (uint16_t)(parser->at - value->closed - value->ignore_case);
    value->end = parser->at;
    value->at_end = parser->at == parser->len && !value->closed;
}

static const struct {
    const char *sign;
    const char *word; /* Wireshark's, with spaces around it; NULL: none */
    uint8_t relation;
} signs[] = {
    {"==", "eq", FILTER_EQUAL},    {"=~", "matches", FILTER_MATCHING},
    {"!=", "ne", FILTER_DIFFERS},  {"!~", NULL, FILTER_NOT_MATCHING},
    {"<=", "le", FILTER_AT_MOST},  {">=", "ge", FILTER_AT_LEAST},
    {":", "contains", FILTER_HAS}, {"=", NULL, FILTER_EQUAL},
    {"~", NULL, FILTER_MATCHING},  {"<", "lt", FILTER_LESS},
    {">", "gt", FILTER_MORE},
};

#define SIGN_COUNT (sizeof signs / sizeof signs[0])

static bool take_sign(const struct filter_parser *parser, struct filter_sign *sign)
{
    for (size_t i = 0; i < SIGN_COUNT; i++) {
        if (!filter_is_sign(parser, sign->end, signs[i].sign))
            continue;
        sign->end += strlen(signs[i].sign);
        sign->relation = (enum filter_relation)signs[i].relation;
        return true;
    }
    return false;
}

static bool take_sign_word(const struct filter_parser *parser, struct filter_sign *sign)
{
    for (size_t i = 0; i < SIGN_COUNT; i++) {
        if (!signs[i].word || !filter_is_keyword(parser, sign->end, signs[i].word) ||
            !filter_is_space(filter_peek(parser, sign->end + strlen(signs[i].word))))
            continue;
        sign->end += strlen(signs[i].word);
        sign->relation = (enum filter_relation)signs[i].relation;
        return true;
    }
    return false;
}

bool filter_sign_behind(const struct filter_parser *parser, size_t at, struct filter_sign *sign)
{
    sign->end = at;
    while (filter_is_space(filter_peek(parser, sign->end)))
        sign->end++;
    if (sign->end == at)
        return take_sign(parser, sign);
    if (filter_peek(parser, sign->end) != ':' && take_sign(parser, sign))
        return true;
    sign->is_word = take_sign_word(parser, sign);
    return sign->is_word;
}
