/*
 * The line up to the cursor is read as the parser reads it, term by term; the last of them is what is
 * being typed. What it becomes follows from its field, or it becomes a field itself.
 */
#include "ui/filter_complete.h"

#include <string.h>
#include <strings.h>

#include "ui/filter_parse.h"

/* What is being typed. */
struct typed {
    struct filter_completion *completion;
    const struct filter_seen *seen;
    const char *text;
    size_t len;
};

void filter_see_name(struct filter_seen *seen, const char *name)
{
    unsigned at = 0;
    while (at < seen->name_count && strcmp(seen->names[at], name) != 0)
        at++;
    if (at < seen->name_count || at == FILTER_SEEN_MAX)
        return;
    struct text copy = text_begin(seen->names[at], sizeof seen->names[at]);
    text_add_string(&copy, name);
    seen->name_count++;
}

void filter_see_port(struct filter_seen *seen, uint16_t port, const char *name)
{
    unsigned at = 0;
    while (at < seen->port_count && seen->ports[at].port != port)
        at++;
    if (at == FILTER_SEEN_MAX)
        return;
    struct text copy = text_begin(seen->ports[at].name, sizeof seen->ports[at].name);
    text_add_string(&copy, name);
    seen->ports[at].port = port;
    if (at == seen->port_count)
        seen->port_count++;
}

static bool begins(const char *word, const char *typed, size_t len)
{
    return strncasecmp(word, typed, len) == 0;
}

static void add(struct typed *typed, const char *word, const char *meaning)
{
    struct filter_completion *completion = typed->completion;
    if (completion->count == FILTER_CANDIDATES_MAX || strlen(word) >= FILTER_CANDIDATE_MAX)
        return;
    struct filter_candidate *candidate = &completion->candidates[completion->count++];
    struct text text = text_begin(candidate->text, sizeof candidate->text);
    text_add_string(&text, word);
    candidate->meaning = meaning;
}

static void add_if_fits(struct typed *typed, const char *word, const char *meaning)
{
    if (begins(word, typed->text, typed->len))
        add(typed, word, meaning);
}

static bool is_number(enum filter_kind kind)
{
    return kind == FILTER_KIND_COUNT || kind == FILTER_KIND_SIZE || kind == FILTER_KIND_SPAN;
}

/* "rtt>" and "port:": the sign that is meant most often. */
static void add_field(struct typed *typed, const struct filter_field_word *field, const char *name,
                      size_t len)
{
    char word[FILTER_CANDIDATE_MAX];
    struct text text = text_begin(word, sizeof word);
    text_add_bytes(&text, name, len);
    text_add_string(&text, is_number((enum filter_kind)field->kind) ? ">" : ":");
    add_if_fits(typed, word, field->meaning);
}

/* Names of the table first; other names only for those who begin to type them. */
static void add_fields(struct typed *typed)
{
    for (int at = 0; at < FILTER_FIELD_COUNT; at++) {
        const struct filter_field_word *field = filter_field_word((enum filter_field)at);
        add_field(typed, field, field->name, strlen(field->name));
    }
    for (int at = 0; at < FILTER_FIELD_COUNT && typed->len > 0; at++) {
        const struct filter_field_word *field = filter_field_word((enum filter_field)at);
        bool is_found = begins(field->name, typed->text, typed->len);
        for (const char *name = field->others; *name != '\0' && !is_found;) {
            size_t len = strcspn(name, " ");
            add_field(typed, field, name, len);
            name += len + strspn(name + len, " ");
        }
    }
}

/* Names are found without their quotes, and put in with them. */
static void add_names(struct typed *typed)
{
    for (unsigned at = 0; at < typed->seen->name_count; at++) {
        char word[FILTER_CANDIDATE_MAX * 2];
        struct text text = text_begin(word, sizeof word);
        text_add_filter_name(&text, typed->seen->names[at]);
        bool quoted = word[0] == '"';
        if (begins(word + quoted, typed->text, typed->len))
            add(typed, word, "a process");
    }
}

static void add_ports(struct typed *typed)
{
    for (unsigned at = 0; at < typed->seen->port_count; at++) {
        char word[FILTER_CANDIDATE_MAX];
        struct text text = text_begin(word, sizeof word);
        text_add_number(&text, typed->seen->ports[at].port);
        const char *name = typed->seen->ports[at].name;
        add_if_fits(typed, word, name[0] != '\0' ? name : "a server's port");
    }
}

static void add_values(struct typed *typed, enum filter_kind kind)
{
    uint64_t fitting = filter_find_values(kind, typed->text, typed->len, false);
    for (unsigned at = 0; filter_value_word(kind, at); at++) {
        if (fitting >> at & 1)
            add(typed, filter_value_word(kind, at), filter_value_meaning(kind, at));
    }
}

static void complete_value(struct typed *typed, enum filter_field field)
{
    enum filter_kind kind = (enum filter_kind)filter_field_word(field)->kind;
    typed->completion->hint = filter_field_word(field)->example;
    switch (kind) {
    case FILTER_KIND_STATE:
    case FILTER_KIND_CODE:
    case FILTER_KIND_PROTOCOL:
    case FILTER_KIND_FLAG:
        add_values(typed, kind);
        break;
    case FILTER_KIND_END:
        add_names(typed);
        add_ports(typed);
        break;
    case FILTER_KIND_NAME:
        add_names(typed);
        break;
    case FILTER_KIND_PORT:
        add_ports(typed);
        break;
    case FILTER_KIND_HOST:
        add_if_fits(typed, "localhost", "127.0.0.0/8 or ::1");
        add_if_fits(typed, "127.0.0.1", "");
        add_if_fits(typed, "::1", "");
        break;
    default:
        break;
    }
}

/* A term that begins: a field, a name that is looked for, or what joins terms. */
static void complete_term(struct typed *typed, bool is_first)
{
    add_fields(typed);
    if (typed->len > 0)
        add_names(typed);
    if (!is_first) {
        add_if_fits(typed, "and", "both hold, as without it");
        add_if_fits(typed, "or", "one of them holds");
    }
    add_if_fits(typed, "not", "what follows does not hold");
}

/* The values behind the field, up to the one that is being typed. True: that one is. */
static bool find_value(struct filter_parser *parser, struct typed *typed,
                       struct filter_value *value)
{
    bool more = true;
    while (more) {
        filter_skip_space(parser);
        filter_take_value(parser, value, true);
        if (value->at_end) {
            typed->text = value->text;
            typed->len = value->pattern ? 0 : value->len;
            typed->completion->begin = value->begin;
            return true;
        }
        more = filter_peek(parser, parser->at) == ',';
        parser->at += more;
    }
    return false;
}

/* A term that does not end before the cursor is completed; true then. */
static bool read_term(struct filter_parser *parser, struct typed *typed, bool is_first)
{
    size_t begin = parser->at, name_end = filter_end_of_name(parser, begin);
    char first = filter_peek(parser, begin);
    struct filter_value value = {.field = FILTER_FIELD_COUNT};
    struct filter_sign sign = {.is_word = false};
    typed->completion->begin = begin;
    if (first == '"' || first == '\'' || first == '/') {
        filter_take_value(parser, &value, false);
        return value.at_end;
    }
    value.field = filter_find_field(parser->text + begin, name_end - begin);
    if (value.field < FILTER_FIELD_COUNT && filter_sign_behind(parser, name_end, &sign)) {
        parser->at = sign.end;
        bool found = find_value(parser, typed, &value);
        if (found && !value.pattern)
            complete_value(typed, value.field);
        typed->text = "";
        typed->len = 0;
        return found;
    }
    parser->at = filter_end_of_word(parser, begin, false);
    if (parser->at < parser->len) {
        parser->at += parser->at == begin; /* a sign that is no word */
        return false;
    }
    typed->text = parser->text + begin;
    typed->len = parser->at - begin;
    complete_term(typed, is_first);
    return true;
}

static bool skip_signs(struct filter_parser *parser)
{
    size_t begin = parser->at;
    filter_skip_space(parser);
    char next = filter_peek(parser, parser->at);
    if (next == '(' || next == ')' || next == '!')
        parser->at++;
    else if (filter_is_sign(parser, parser->at, "&&") || filter_is_sign(parser, parser->at, "||"))
        parser->at += 2;
    return parser->at > begin;
}

void filter_complete(struct filter_completion *completion, const char *text, size_t cursor,
                     const struct filter_seen *seen)
{
    struct filter_parser parser = {.text = text, .len = cursor};
    struct typed typed = {.completion = completion, .seen = seen};
    completion->count = 0;
    completion->hint = "";
    completion->begin = completion->end = cursor;
    if (cursor >= FILTER_TEXT_MAX)
        return;
    for (bool is_first = true, done = false; !done; is_first = false) {
        while (skip_signs(&parser))
            continue;
        done = read_term(&parser, &typed, is_first);
    }
}

size_t filter_common(const struct filter_completion *completion, const char *text)
{
    const struct filter_candidate *all = completion->candidates;
    size_t len = completion->count > 0 ? strlen(all[0].text) : 0;
    size_t typed_len = completion->end - completion->begin;
    for (unsigned at = 1; at < completion->count; at++) {
        size_t same = 0;
        while (same < len && all[0].text[same] == all[at].text[same])
            same++;
        len = same;
    }
    bool extends = len >= typed_len && begins(all[0].text, text + completion->begin, typed_len);
    return extends ? len : 0;
}
