#include "ui/filter_word.h"

#include <string.h>
#include <strings.h>

#include "flows/describe.h"

#define NAME_MAX_LEN 32 /* names that are looked for have less */
#define NEAR_MAX     2  /* letters to change */

/* Names as in the table. */
enum {
    WHOLE = FILTER_ENDS_WHOLE,
    CLIENT = FILTER_ENDS_CLIENT,
    SERVER = FILTER_ENDS_SERVER,
    EITHER = FILTER_ENDS_EITHER,
};

static const struct filter_field_word fields[FILTER_FIELD_COUNT] = {
#define FIELD(NAME, name, others, KIND, ENDS, example, meaning)                                    \
    {name, others, example, meaning, FILTER_KIND_##KIND, ENDS},
#include "ui/filter_word.def"
};

static const struct {
    const char *word;
    const char *meaning;
} flags[FILTER_FLAG_COUNT] = {
#define FLAG(NAME, word, meaning) {word, meaning},
#include "ui/filter_word.def"
};

static const struct {
    const char *line;
    const char *meaning;
} examples[] = {
#define EXAMPLE(line, meaning) {line, meaning},
#include "ui/filter_word.def"
};

static const uint8_t protocols[] = {PROTOCOL_TCP, PROTOCOL_UDP};

const char *filter_example(unsigned at, const char **meaning)
{
    if (at >= sizeof examples / sizeof examples[0])
        return NULL;
    *meaning = examples[at].meaning;
    return examples[at].line;
}

const struct filter_field_word *filter_field_word(enum filter_field field)
{
    return &fields[field];
}

static bool is_name(const char *name, size_t name_len, const char *text, size_t len)
{
    return name_len == len && strncasecmp(name, text, len) == 0;
}

static bool has_name(const struct filter_field_word *field, const char *name, size_t len)
{
    if (is_name(field->name, strlen(field->name), name, len))
        return true;
    for (const char *at = field->others; *at != '\0';) {
        size_t other_len = strcspn(at, " ");
        if (is_name(at, other_len, name, len))
            return true;
        at += other_len + strspn(at + other_len, " ");
    }
    return false;
}

enum filter_field filter_find_field(const char *name, size_t len)
{
    int field = 0;
    while (field < FILTER_FIELD_COUNT && !has_name(&fields[field], name, len))
        field++;
    return (enum filter_field)field;
}

const char *filter_value_word(enum filter_kind kind, unsigned at)
{
    if (kind == FILTER_KIND_STATE)
        return at < FLOW_STATE_COUNT ? flow_state_word((enum flow_state)at) : NULL;
    if (kind == FILTER_KIND_CODE)
        return at < CODE_COUNT ? code_word((enum code)at) : NULL;
    if (kind == FILTER_KIND_PROTOCOL)
        return at < sizeof protocols ? protocol_word(protocols[at]) : NULL;
    return at < FILTER_FLAG_COUNT && kind == FILTER_KIND_FLAG ? flags[at].word : NULL;
}

const char *filter_value_meaning(enum filter_kind kind, unsigned at)
{
    if (kind == FILTER_KIND_STATE)
        return flow_state_meaning((enum flow_state)at);
    return kind == FILTER_KIND_FLAG ? flags[at].meaning : "";
}

/* Of states and codes, so that syn-sent and no_listener are found. */
static char plain(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return (char)(letter - 'A' + 'a');
    if (letter == '_')
        return '-';
    return letter;
}

static bool begins_with(const char *text, const char *word, size_t len)
{
    size_t at = 0;
    while (at < len && text[at] != '\0' && plain(text[at]) == plain(word[at]))
        at++;
    return at == len;
}

static bool has_part(const char *text, const char *word, size_t len)
{
    for (const char *part = text; part; part = strchr(part, '-')) {
        part += *part == '-';
        if (begins_with(part, word, len))
            return true;
    }
    return false;
}

/* A code is also known by the word that its column shows. */
static bool fits(enum filter_kind kind, unsigned at, struct pattern_source word, bool exact)
{
    const char *name = filter_value_word(kind, at);
    char shown[KNOWN_WORD_MAX + 4] = "";
    struct text text = text_begin(shown, sizeof shown);
    if (kind == FILTER_KIND_CODE)
        text_add_code(&text, (enum code)at, false);
    if (exact)
        return (begins_with(name, word.text, word.len) && name[word.len] == '\0') ||
               (text.len == word.len && begins_with(shown, word.text, word.len));
    if (kind != FILTER_KIND_CODE)
        return begins_with(name, word.text, word.len);
    return has_part(name, word.text, word.len) || has_part(shown, word.text, word.len);
}

uint64_t filter_find_values(enum filter_kind kind, const char *word, size_t len, bool exact)
{
    uint64_t found = 0;
    struct pattern_source wanted = {.text = word, .len = len};
    for (unsigned at = 0; filter_value_word(kind, at); at++) {
        if (fits(kind, at, wanted, exact))
            found |= UINT64_C(1) << at;
    }
    return found;
}

uint64_t filter_values_with(enum filter_kind kind, const char *word)
{
    uint64_t found = 0;
    for (unsigned at = 0; filter_value_word(kind, at); at++) {
        char shown[KNOWN_WORD_MAX + 4] = "";
        struct text text = text_begin(shown, sizeof shown);
        if (kind == FILTER_KIND_CODE)
            text_add_code(&text, (enum code)at, false);
        if (strstr(filter_value_word(kind, at), word) || strstr(shown, word))
            found |= UINT64_C(1) << at;
    }
    return found;
}

/* Letters to add, to leave out, to change or to swap with their neighbour (Damerau, "A technique for
 * computer detection and correction of spelling errors", 1964). */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][NAME_MAX_LEN + 1];
    if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
        return NAME_MAX_LEN;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *before = rows[(i + 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            bool same = plain(a[i - 1]) == plain(b[j - 1]);
            unsigned least = above[j - 1] + (same ? 0 : 1);
            least = above[j] + 1 < least ? above[j] + 1 : least;
            least = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
            bool swapped = i > 1 && j > 1 && plain(a[i - 1]) == plain(b[j - 2]) &&
                           plain(a[i - 2]) == plain(b[j - 1]);
            row[j] = swapped && before[j - 2] + 1 < least ? before[j - 2] + 1 : least;
        }
    }
    return rows[a_len % 3][b_len];
}

struct nearest {
    const char *word;
    unsigned far;
};

static void consider(struct nearest *nearest, const char *word, const char *typed, size_t len)
{
    unsigned far = distance(typed, len, word, strlen(word));
    if (far < nearest->far && far < len)
        *nearest = (struct nearest){word, far};
}

/* Words that go on as what was typed begins are near, too. */
static const char *or_longer(struct nearest nearest, const char *longer)
{
    return nearest.word ? nearest.word : longer;
}

const char *filter_nearest_field(const char *name, size_t len)
{
    struct nearest nearest = {NULL, NEAR_MAX + 1};
    const char *longer = NULL;
    for (int field = 0; field < FILTER_FIELD_COUNT; field++) {
        consider(&nearest, fields[field].name, name, len);
        if (!longer && begins_with(fields[field].name, name, len))
            longer = fields[field].name;
    }
    return or_longer(nearest, longer);
}

const char *filter_nearest_value(enum filter_kind kind, const char *word, size_t len)
{
    struct nearest nearest = {NULL, NEAR_MAX + 1};
    const char *longer = NULL;
    for (unsigned at = 0; filter_value_word(kind, at); at++) {
        const char *value = filter_value_word(kind, at);
        consider(&nearest, value, word, len);
        if (!longer && begins_with(value, word, len))
            longer = value;
    }
    return or_longer(nearest, longer);
}
