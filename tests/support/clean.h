/*
 * Purpose: what holds for everything loflow prints, whatever was put into it: strict JSON, XML, and text
 *          that does nothing to a terminal. Written apart from base/, so that both must be wrong alike.
 * Bounds:  CLEAN_DEPTH_MAX levels of JSON.
 * Fails:   each check returns NULL, or what is wrong in a few words.
 * Source:  RFC 8259; ECMA-48 for controls; Unicode's Bidi_Control and Default_Ignorable_Code_Point.
 * Used by: tests/fuzz/fuzz_*.c, tests/unit/test_report_hostile.c.
 */
#ifndef LOFLOW_TESTS_SUPPORT_CLEAN_H
#define LOFLOW_TESTS_SUPPORT_CLEAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CLEAN_DEPTH_MAX 8
#define CLEAN_MARKS_MAX 4 /* in a row on one character */

struct clean {
    const uint8_t *at, *end;
    const char *wrong;
    unsigned marks; /* in a row */
};

/* The next character; -1 when it is not UTF-8. */
static inline int32_t clean_next(struct clean *clean)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t lead = *clean->at++;
    if (lead < 0x80)
        return lead;
    int len = lead >= 0xf0 && lead < 0xf8 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 0;
    if (lead >= 0xf8 || len == 0 || clean->end - clean->at < len - 1)
        return -1;
    uint32_t code = lead & (0x7fu >> len);
    for (int left = len - 1; left > 0; left--) {
        if ((*clean->at & 0xc0) != 0x80)
            return -1;
        code = code << 6 | (*clean->at++ & 0x3f);
    }
    bool is_character = code >= least[len] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return is_character ? (int32_t)code : -1;
}

struct clean_range {
    uint32_t first, last;
};

/* Acts on a terminal, reorders what is read, ends a line somewhere, or is not seen. */
static inline bool clean_is_harmful(uint32_t code)
{
    static const struct clean_range ranges[] = {
        {0, 0x1f},          {0x7f, 0x9f},     {0xad, 0xad},     {0x34f, 0x34f},
        {0x61c, 0x61c},     {0x115f, 0x1160}, {0x17b4, 0x17b5}, {0x180e, 0x180e},
        {0x200b, 0x200f},   {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},
        {0xfeff, 0xfeff},   {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0x1d173, 0x1d17a},
        {0xe0000, 0xe0fff},
    };
    if (code >= 0x20 && code < 0x7f)
        return false;
    for (size_t at = 0; at < sizeof ranges / sizeof ranges[0]; at++) {
        if (code >= ranges[at].first && code <= ranges[at].last)
            return true;
    }
    return false;
}

/* Some of those that terminals draw over the character before. */
static inline bool clean_is_mark(uint32_t code)
{
    return (code >= 0x300 && code <= 0x36f) || (code >= 0x483 && code <= 0x489) ||
           (code >= 0x1ab0 && code <= 0x1ace) || (code >= 0x1dc0 && code <= 0x1dff) ||
           (code >= 0x20d0 && code <= 0x20f0) || (code >= 0xfe00 && code <= 0xfe0f) ||
           (code >= 0xfe20 && code <= 0xfe2f);
}

/* The next character, if it may be drawn; -1 and what is wrong otherwise. */
static inline int32_t clean_draw(struct clean *clean)
{
    int32_t code = clean_next(clean);
    if (code < 0)
        clean->wrong = "no UTF-8";
    else if (code != '\n' && clean_is_harmful((uint32_t)code))
        clean->wrong = "a character that is not to be drawn";
    clean->marks = code >= 0 && clean_is_mark((uint32_t)code) ? clean->marks + 1 : 0;
    if (clean->marks > CLEAN_MARKS_MAX)
        clean->wrong = "a flood of marks";
    return clean->wrong ? -1 : code;
}

/* Text for people: lines, and nothing else that is not drawn. */
static inline const char *clean_text(const char *text, size_t len)
{
    struct clean clean = {.at = (const uint8_t *)text, .end = (const uint8_t *)text + len};
    while (clean.at < clean.end && clean_draw(&clean) >= 0)
        continue;
    return clean.wrong;
}

/* The same of what is one line, or a part of it. */
static inline const char *clean_words(const char *text, size_t len)
{
    return memchr(text, '\n', len) ? "a line within a line" : clean_text(text, len);
}

static inline bool clean_fail(struct clean *clean, const char *wrong)
{
    if (!clean->wrong)
        clean->wrong = wrong;
    return false;
}

static inline bool clean_take(struct clean *clean, char letter)
{
    if (clean->at == clean->end || *clean->at != (uint8_t)letter)
        return false;
    clean->at++;
    return true;
}

static inline bool clean_json_escape(struct clean *clean)
{
    if (clean->at == clean->end)
        return clean_fail(clean, "JSON: an escape that is cut");
    uint8_t kind = *clean->at++;
    if (kind != 'u')
        return kind != 0 && strchr("\"\\/bfnrt", kind)
                   ? true
                   : clean_fail(clean, "JSON: an escape that is none");
    for (int digit = 0; digit < 4; digit++, clean->at++) {
        if (clean->at == clean->end || !strchr("0123456789abcdefABCDEF", *clean->at) ||
            *clean->at == 0)
            return clean_fail(clean, "JSON: \\u without four digits");
    }
    return true;
}

static inline bool clean_json_string(struct clean *clean)
{
    if (!clean_take(clean, '"'))
        return clean_fail(clean, "JSON: no string where one must be");
    while (clean->at < clean->end) {
        int32_t code = clean_draw(clean);
        if (code == '"')
            return true;
        if (code < 0 || code == '\n')
            return clean_fail(clean, "JSON: a line within a string");
        if (code == '\\' && !clean_json_escape(clean))
            return false;
    }
    return clean_fail(clean, "JSON: a string without end");
}

static inline bool clean_digits(struct clean *clean)
{
    const uint8_t *begin = clean->at;
    while (clean->at < clean->end && *clean->at >= '0' && *clean->at <= '9')
        clean->at++;
    return clean->at > begin;
}

static inline bool clean_json_number(struct clean *clean)
{
    (void)clean_take(clean, '-');
    const uint8_t *begin = clean->at;
    if (!clean_digits(clean) || (*begin == '0' && clean->at - begin > 1))
        return clean_fail(clean, "JSON: no number");
    if (clean_take(clean, '.') && !clean_digits(clean))
        return clean_fail(clean, "JSON: a number without its fraction");
    if (clean_take(clean, 'e') || clean_take(clean, 'E')) {
        if (!clean_take(clean, '+'))
            (void)clean_take(clean, '-');
        if (!clean_digits(clean))
            return clean_fail(clean, "JSON: a number without its exponent");
    }
    return true;
}

static inline bool clean_json_word(struct clean *clean)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t at = 0; at < 3; at++) {
        size_t len = strlen(words[at]);
        if ((size_t)(clean->end - clean->at) >= len && memcmp(clean->at, words[at], len) == 0) {
            clean->at += len;
            return true;
        }
    }
    return clean_fail(clean, "JSON: no value");
}

static inline bool clean_json_value(struct clean *clean, unsigned depth);

/* No blanks anywhere: loflow writes none. */
static inline bool clean_json_list(struct clean *clean, unsigned depth, char end)
{
    if (clean_take(clean, end))
        return true;
    do {
        if (end == '}' && !(clean_json_string(clean) &&
                            (clean_take(clean, ':') || clean_fail(clean, "JSON: no colon"))))
            return false;
        if (!clean_json_value(clean, depth + 1))
            return false;
    } while (clean_take(clean, ','));
    return clean_take(clean, end) || clean_fail(clean, "JSON: a list without end");
}

static inline bool clean_json_value(struct clean *clean, unsigned depth)
{
    if (depth > CLEAN_DEPTH_MAX || clean->at == clean->end)
        return clean_fail(clean, "JSON: no value, or one too deep");
    if (clean_take(clean, '{'))
        return clean_json_list(clean, depth, '}');
    if (clean_take(clean, '['))
        return clean_json_list(clean, depth, ']');
    if (*clean->at == '"')
        return clean_json_string(clean);
    if (*clean->at == '-' || (*clean->at >= '0' && *clean->at <= '9'))
        return clean_json_number(clean);
    return clean_json_word(clean);
}

/* The inside of a string. */
static inline const char *clean_json_inside(const char *text, size_t len)
{
    struct clean clean = {.at = (const uint8_t *)text, .end = (const uint8_t *)text + len};
    while (clean.at < clean.end) {
        int32_t code = clean_draw(&clean);
        if (code < 0 || code == '"' || code == '\n')
            return "JSON: what a string must not have";
        if (code == '\\' && !clean_json_escape(&clean))
            return clean.wrong;
    }
    return NULL;
}

/* NDJSON: each line is an object that says its type first. */
static inline const char *clean_json_lines(const char *text, size_t len)
{
    static const char head[] = "{\"type\":\"";
    struct clean clean = {.at = (const uint8_t *)text, .end = (const uint8_t *)text + len};
    while (clean.at < clean.end) {
        if ((size_t)(clean.end - clean.at) < sizeof head - 1 ||
            memcmp(clean.at, head, sizeof head - 1) != 0)
            return "JSON: a line that is none of ours";
        if (!clean_json_value(&clean, 0))
            return clean.wrong;
        if (!clean_take(&clean, '\n'))
            return "JSON: something behind an object";
    }
    return NULL;
}

/* Well-formed as far as the report of a test suite goes: tags that are closed in their order, attributes in
 * quotes, no bare < or &. */
#define CLEAN_TAGS_MAX 8

struct clean_tag {
    const uint8_t *name;
    size_t len;
};

static inline bool clean_xml_text(struct clean *clean, const char *ends)
{
    while (clean->at < clean->end && !strchr(ends, *clean->at)) {
        const uint8_t *begin = clean->at;
        int32_t code = clean_draw(clean);
        if (code < 0)
            return false;
        if (code == '<' || code == '>')
            return clean_fail(clean, "XML: a bare angle");
        if (code == '&') {
            const uint8_t *stop = memchr(
                begin, ';', (size_t)(clean->end - begin) < 12 ? (size_t)(clean->end - begin) : 12);
            if (!stop || begin[1] != '#')
                return clean_fail(clean, "XML: a bare ampersand");
            clean->at = stop + 1;
        }
    }
    return clean->at < clean->end || clean_fail(clean, "XML: no end");
}

static inline size_t clean_xml_name(struct clean *clean)
{
    const uint8_t *begin = clean->at;
    while (clean->at < clean->end &&
           ((*clean->at >= 'a' && *clean->at <= 'z') || *clean->at == '-'))
        clean->at++;
    return (size_t)(clean->at - begin);
}

static inline bool clean_xml_attributes(struct clean *clean)
{
    while (clean_take(clean, ' ')) {
        if (clean_xml_name(clean) == 0 || !clean_take(clean, '=') || !clean_take(clean, '"') ||
            !clean_xml_text(clean, "\"") || !clean_take(clean, '"'))
            return clean_fail(clean, "XML: an attribute that is broken");
    }
    return true;
}

static inline bool clean_xml_tag(struct clean *clean, struct clean_tag *tags, unsigned *depth)
{
    bool closes = clean_take(clean, '/');
    struct clean_tag tag = {clean->at, 0};
    tag.len = clean_xml_name(clean);
    if (tag.len == 0 || (closes && *depth == 0))
        return clean_fail(clean, "XML: a tag that is none");
    if (closes) {
        const struct clean_tag *open = &tags[--*depth];
        if (open->len != tag.len || memcmp(open->name, tag.name, tag.len) != 0)
            return clean_fail(clean, "XML: a tag that closes another");
    } else if (!clean_xml_attributes(clean)) {
        return false;
    } else if (!clean_take(clean, '/')) {
        if (*depth == CLEAN_TAGS_MAX)
            return clean_fail(clean, "XML: too deep");
        tags[(*depth)++] = tag;
    }
    return clean_take(clean, '>') || clean_fail(clean, "XML: a tag without end");
}

static inline const char *clean_xml(const char *text, size_t len)
{
    static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    struct clean_tag tags[CLEAN_TAGS_MAX];
    struct clean clean = {.at = (const uint8_t *)text, .end = (const uint8_t *)text + len};
    unsigned depth = 0;
    if (len < sizeof head - 1 || memcmp(text, head, sizeof head - 1) != 0)
        return "XML: no head";
    clean.at += sizeof head - 1;
    do {
        if (!clean_take(&clean, '<') || !clean_xml_tag(&clean, tags, &depth))
            return clean.wrong ? clean.wrong : "XML: no tag";
        if (depth > 0 && !clean_xml_text(&clean, "<"))
            return clean.wrong;
    } while (depth > 0);
    return clean_take(&clean, '\n') && clean.at == clean.end ? NULL : "XML: something behind it";
}

#endif
