#include "tests/screen/keys.h"

#include <stdio.h>
#include <string.h>

#include "ui/screen.h"

const struct key_row key_rows[] = {
#define KEY(contexts, code, NAME, name) {#contexts, code, #NAME, name},
#include "ui/key.def"
};

const size_t key_row_count = sizeof key_rows / sizeof key_rows[0];

static const struct {
    const char *action, *footer;
} actions[] = {
#define ACTION(NAME, footer, meaning) {#NAME, footer},
#include "ui/key.def"
};

#define ACTION_ROWS (sizeof actions / sizeof actions[0])

/* With more than one bit: a name that stands for several. */
static const struct {
    const char *name;
    unsigned bits;
} contexts_known[] = {
#define CONTEXT(NAME, bits, word, meaning) {#NAME, bits},
#include "ui/key_context.def"
#undef CONTEXT
};

#define CONTEXTS_KNOWN (sizeof contexts_known / sizeof contexts_known[0])

static unsigned bits_of(const char *name)
{
    for (size_t i = 0; i < CONTEXTS_KNOWN; i++) {
        if (strcmp(contexts_known[i].name, name) == 0)
            return contexts_known[i].bits;
    }
    return 0;
}

static bool next_word(const char *words, size_t *at, char word[KEYS_CONTEXTS_MAX])
{
    *at += strspn(words + *at, " |");
    size_t len = strcspn(words + *at, " |");
    (void)snprintf(word, KEYS_CONTEXTS_MAX, "%.*s", (int)len, words + *at);
    *at += len;
    return len > 0;
}

/* The contexts with names for several made what they stand for. */
static void expand(const struct key_row *row, char contexts[KEYS_CONTEXTS_MAX])
{
    char word[KEYS_CONTEXTS_MAX];
    size_t at = 0, len = 0;
    contexts[0] = '\0';
    unsigned bits = 0;
    while (next_word(row->contexts, &at, word))
        bits |= bits_of(word);
    for (size_t i = 0; i < CONTEXTS_KNOWN && len < KEYS_CONTEXTS_MAX; i++) {
        unsigned own = contexts_known[i].bits;
        if ((own & (own - 1)) == 0 && own & bits)
            len += (size_t)snprintf(contexts + len, KEYS_CONTEXTS_MAX - len, "%s | ",
                                    contexts_known[i].name);
    }
}

bool key_row_next(const struct key_row *row, size_t *at, char context[KEYS_CONTEXTS_MAX])
{
    char contexts[KEYS_CONTEXTS_MAX];
    expand(row, contexts);
    return next_word(contexts, at, context);
}

bool key_row_is_in(const struct key_row *row, const char *context)
{
    char word[KEYS_CONTEXTS_MAX];
    size_t at = 0;
    while (key_row_next(row, &at, word)) {
        if (strcmp(word, context) == 0)
            return true;
    }
    return false;
}

const struct key_row *key_row_find(const char *context, const char *name)
{
    for (size_t i = 0; i < key_row_count; i++) {
        if (strcmp(key_rows[i].name, name) == 0 && key_row_is_in(&key_rows[i], context))
            return &key_rows[i];
    }
    return NULL;
}

bool key_context_exists(const char *context)
{
    for (size_t i = 0; i < key_row_count; i++) {
        if (key_row_is_in(&key_rows[i], context))
            return true;
    }
    return false;
}

static bool holds(const struct key_row *row, char (*contexts)[KEYS_WORD_MAX], int count)
{
    for (int context = 0; context < count; context++) {
        if (key_row_is_in(row, contexts[context]))
            return true;
    }
    return false;
}

/* Where contexts meet, the first row of a key takes it away from the others. */
static const struct key_row *row_of(uint32_t code, char (*contexts)[KEYS_WORD_MAX], int count)
{
    for (size_t i = 0; i < key_row_count; i++) {
        if (key_rows[i].code == code && holds(&key_rows[i], contexts, count))
            return &key_rows[i];
    }
    return NULL;
}

static const char *first_key(char (*contexts)[KEYS_WORD_MAX], int count, const char *action)
{
    for (size_t i = 0; i < key_row_count; i++) {
        const struct key_row *row = &key_rows[i];
        if (strcmp(row->action, action) != 0 || !holds(row, contexts, count))
            continue;
        const struct key_row *first = row_of(row->code, contexts, count);
        if (strcmp(first->action, action) == 0)
            return row->name;
    }
    return NULL;
}

int key_footer(char (*contexts)[KEYS_WORD_MAX], int count, const struct key_room *room, char *text,
               size_t size)
{
    size_t len = 0, used = 0;
    int lines = 1;
    text[0] = '\0';
    for (size_t i = 0; i < ACTION_ROWS; i++) {
        const char *name = first_key(contexts, count, actions[i].action);
        if (!name || actions[i].footer[0] == '\0')
            continue;
        size_t gap = used > 0 ? 2 : 0;
        size_t columns = strlen(name) + 1 + strlen(actions[i].footer);
        bool breaks = gap > 0 && used + gap + columns > (size_t)room->width && lines < room->lines;
        if (breaks)
            len += (size_t)snprintf(text + len, size - len, "\n");
        lines += breaks;
        used = breaks ? 0 : used;
        gap = used > 0 ? 2 : 0;
        if (used + gap + columns > (size_t)room->width)
            continue;
        len += (size_t)snprintf(text + len, size - len, "%*s%s %s", (int)gap, "", name,
                                actions[i].footer);
        used += gap + columns;
    }
    return lines;
}
