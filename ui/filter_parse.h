/*
 * Purpose: the inside of the parser of filters, shared by the files that make it up and by nobody
 *          else: filter_parse.c (terms and how they are joined), filter_value.c (what is said of a
 *          field), filter_plan.c (which test comes first).
 * Owns:    nothing.
 * Used by: ui/filter_scan.c, ui/filter_parse.c, ui/filter_value.c, ui/filter_plan.c.
 */
#ifndef LOFLOW_UI_FILTER_PARSE_H
#define LOFLOW_UI_FILTER_PARSE_H

#include "ui/filter_word.h"

#define FILTER_NODES_MAX (4 * FILTER_TESTS_MAX)
#define FILTER_NO_NODE   (-1)

enum filter_relation {
    FILTER_HAS, /* : */
    FILTER_EQUAL,
    FILTER_DIFFERS,
    FILTER_MATCHING,
    FILTER_NOT_MATCHING,
    FILTER_LESS,
    FILTER_AT_MOST,
    FILTER_MORE,
    FILTER_AT_LEAST,
};

enum filter_join { FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_ONE };

/* Of the tree that the text is; tests are its leaves. */
struct filter_node {
    uint8_t join;        /* enum filter_join; ONE: `left` is a test */
    int16_t left, right; /* NOT has a left only */
};

struct filter_parser {
    const char *text;
    size_t len, at;
    size_t term; /* where the latest begins */
    unsigned depth;
    int node_count;
    struct filter_note *note;
    struct filter_program *program;
    struct filter_node nodes[FILTER_NODES_MAX];
};

/* What is said of a field, or a word of the row: `text` is without quotes. */
struct filter_value {
    enum filter_field field;
    enum filter_relation relation;
    size_t begin, end; /* in the line */
    bool quoted;
    bool pattern;     /* an expression between slashes */
    bool ignore_case; /* /.../i */
    bool closed;      /* its quote or slash was met again */
    bool at_end;      /* the line ends with it: it may still be typed */
    size_t len;
    char text[FILTER_TEXT_MAX];
    uint16_t places[FILTER_TEXT_MAX]; /* of each byte in the line, and of the end */
};

struct filter_sign {
    enum filter_relation relation;
    size_t end; /* behind it */
    bool is_word;
};

/* Both return FILTER_NO_NODE. The first thing that is wrong is what is told; what is unfinished is told
 * unless something is wrong. */
int filter_wrong(struct filter_parser *parser, size_t begin, size_t end, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int filter_unfinished(struct filter_parser *parser, size_t begin, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline bool filter_failed(const struct filter_parser *parser)
{
    return parser->note->verdict == FILTER_WRONG;
}

static inline bool filter_is_space(char letter)
{
    return letter == ' ' || letter == '\t';
}

/* '\0' behind the line. */
char filter_peek(const struct filter_parser *parser, size_t at);
bool filter_is_sign(const struct filter_parser *parser, size_t at, const char *sign);
void filter_skip_space(struct filter_parser *parser);

/* The end of a word that begins there. Parentheses inside of a word, as in node(42), are of it. */
size_t filter_end_of_word(const struct filter_parser *parser, size_t at, bool stops_at_comma);
size_t filter_end_of_name(const struct filter_parser *parser, size_t at);

/* "and", "or", "not" in any case, before a space, a parenthesis or the end. */
bool filter_is_keyword(const struct filter_parser *parser, size_t at, const char *word);
bool filter_take_keyword(struct filter_parser *parser, const char *word, const char *sign);

/* Reads a value, with `lists` up to a comma; its field and relation stay. */
void filter_take_value(struct filter_parser *parser, struct filter_value *value, bool lists);

/* The sign behind a name that ends at `at`. A colon stands right behind the name, since ":3000" is a
 * word; the other signs may have spaces before them. */
bool filter_sign_behind(const struct filter_parser *parser, size_t at, struct filter_sign *sign);

/* Each returns a node, or FILTER_NO_NODE. A join of one node and none is that node. */
int filter_add_test(struct filter_parser *parser, const struct filter_test *test);
int filter_add_join(struct filter_parser *parser, enum filter_join join, int left, int right);

/* Keeps a word; returns where in `strings`. */
uint16_t filter_add_string(struct filter_parser *parser, const char *text, size_t len, bool fold);

/* Keeps an expression, into `pattern` of the test. */
bool filter_add_pattern(struct filter_parser *parser, const struct filter_value *value,
                        struct filter_test *test);

/* A test of the whole row for a word. */
int filter_add_word(struct filter_parser *parser, const struct filter_value *value);

/* The tests of one value of a field. */
int filter_add_value(struct filter_parser *parser, const struct filter_value *value);

/* Joins the tests of a tree into the program; returns the first. */
uint8_t filter_plan(struct filter_parser *parser, int root);

/* Is the text one or more ports, or an address or network: what "port" or "host" may be followed by
 * without a sign between them? */
bool filter_is_plain_value(enum filter_kind kind, const char *text, size_t len);

/* "[::1]:3000", "127.0.0.1:3000", "localhost:3000", "fe80::1": has a colon, and yet no field. */
bool filter_is_endpoint(const char *text, size_t len);

#endif
