#include "tests/screen/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/screen/keys.h"

#define TEXT_MAX (1 << 20)

enum kind { DO, PRESS, CHECK };

static const struct {
    const char *name;
    enum kind kind;
    int least, most;
} verbs[VERB_COUNT] = {
#define VERB(name, kind, least, most) {#name, kind, least, most},
#include "tests/screen/verb.def"
};

static bool complain(const struct script *script, int line, const char *what)
{
    (void)printf("%s:%d: %s\n", script->path, line, what);
    return false;
}

static bool read_text(struct script *script)
{
    FILE *file = fopen(script->path, "re");
    script->text = calloc(1, TEXT_MAX);
    if (!file || !script->text) {
        if (file)
            (void)fclose(file);
        return complain(script, 0, "cannot be read");
    }
    size_t len = fread(script->text, 1, TEXT_MAX - 1, file);
    (void)fclose(file);
    return len < TEXT_MAX - 1 || complain(script, 0, "is too long");
}

static int hex_of(const char *at)
{
    const char digits[3] = {at[0], (char)(at[0] == '\0' ? 0 : at[1]), '\0'};
    return (int)strtol(digits, NULL, 16);
}

/* Copies what stands between quotes onto itself, "\x1b", "\"" and "\\" made what they mean; returns what comes
 * after the closing quote, NULL without one. */
static char *unquote(char *at, char **word)
{
    char *to = at;
    *word = at;
    while (*at != '\0' && *at != '"') {
        if (at[0] == '\\' && at[1] == 'x') {
            *to++ = (char)hex_of(at + 2);
            at += 4;
            continue;
        }
        if (at[0] == '\\' && at[1] != '\0')
            at++;
        *to++ = *at++;
    }
    if (*at == '\0')
        return NULL;
    *to = '\0';
    return at + 1;
}

/* The next word of a line; *word NULL at its end. Returns where to go on, NULL when a quote stays open. A bar
 * outside of quotes is a word of its own. */
static char *next_word(char *at, char **word, bool *quoted)
{
    while (*at == ' ')
        at++;
    *word = NULL;
    *quoted = *at == '"';
    if (*at == '\0' || *at == '#')
        return at;
    if (*quoted)
        return unquote(at + 1, word);
    *word = at;
    at += strcspn(at, " ");
    if (*at != '\0')
        *at++ = '\0';
    return at;
}

static struct statement *add_statement(struct script *script, int line)
{
    size_t size = (script->count + 1) * sizeof *script->statements;
    struct statement *grown = realloc(script->statements, size);
    if (!grown)
        abort();
    script->statements = grown;
    struct statement *added = &grown[script->count++];
    *added = (struct statement){.line = line, .verb = VERB_COUNT};
    return added;
}

static bool find_verb(struct script *script, struct statement *statement, const char *name)
{
    for (int verb = 0; verb < VERB_COUNT; verb++) {
        if (strcmp(verbs[verb].name, name) == 0) {
            statement->verb = (enum verb)verb;
            return true;
        }
    }
    return complain(script, statement->line, "no such verb");
}

static bool check_count(struct script *script, const struct statement *statement)
{
    if (statement->verb == VERB_session)
        return true;
    if (statement->count < verbs[statement->verb].least ||
        statement->count > verbs[statement->verb].most)
        return complain(script, statement->line, "a wrong number of words");
    return true;
}

static bool read_line(struct script *script, char *at, int line)
{
    struct statement *statement = NULL;
    bool quoted = false;
    char *word = NULL;
    while ((at = next_word(at, &word, &quoted)) != NULL && word) {
        if (!quoted && strcmp(word, "|") == 0) {
            if (!statement || !check_count(script, statement))
                return complain(script, line, "nothing before a bar");
            statement = NULL;
        } else if (!statement) {
            statement = add_statement(script, line);
            if (!find_verb(script, statement, word))
                return false;
        } else if (statement->count == SCRIPT_WORDS) {
            return complain(script, line, "too many words");
        } else {
            statement->words[statement->count++] = word;
        }
    }
    if (!at)
        return complain(script, line, "a quote is not closed");
    return !statement || check_count(script, statement);
}

/* After each key something must be asserted, before the next one and before the session ends. */
static bool check_effects(struct script *script)
{
    const struct statement *pressed = NULL;
    for (size_t i = 0; i < script->count; i++) {
        const struct statement *statement = &script->statements[i];
        bool session = statement->verb == VERB_session;
        if (!session && verbs[statement->verb].kind == CHECK)
            pressed = NULL;
        if (pressed && (session || verbs[statement->verb].kind == PRESS))
            return complain(script, pressed->line, "nothing is asserted after the key");
        if (!session && verbs[statement->verb].kind == PRESS)
            pressed = statement;
    }
    return !pressed || complain(script, pressed->line, "nothing is asserted after the key");
}

bool script_read(struct script *script, const char *path)
{
    static const char session[] = "session ";
    *script = (struct script){.path = path};
    if (!read_text(script))
        return false;
    char *rest = script->text;
    for (int line = 1; rest; line++) {
        char *at = strsep(&rest, "\n");
        if (strncmp(at, session, sizeof session - 1) == 0) {
            struct statement *statement = add_statement(script, line);
            statement->verb = VERB_session;
            statement->words[0] = at + sizeof session - 1;
            statement->count = 1;
        } else if (!read_line(script, at, line)) {
            return false;
        }
    }
    if (script->count == 0 || script->statements[0].verb != VERB_session)
        return complain(script, 1, "the first line must name a session");
    return check_effects(script);
}

void script_free(struct script *script)
{
    free(script->statements);
    free(script->text);
}

static bool presses(const struct script *script, const struct key_row *row, const char *context)
{
    const struct statement *place = NULL;
    for (size_t i = 0; i < script->count; i++) {
        const struct statement *statement = &script->statements[i];
        if (statement->verb == VERB_session)
            place = NULL;
        if (statement->verb == VERB_in)
            place = statement;
        if (statement->verb != VERB_press || !place || strcmp(statement->words[0], row->name) != 0)
            continue;
        for (int word = 0; word < place->count; word++) {
            if (strcmp(place->words[word], context) == 0)
                return true;
        }
    }
    return false;
}

int script_uncovered(const struct script *scripts, size_t count)
{
    int missing = 0;
    for (size_t key = 0; key < key_row_count; key++) {
        const struct key_row *row = &key_rows[key];
        char context[KEYS_CONTEXTS_MAX];
        for (size_t at = 0; key_row_next(row, &at, context);) {
            bool pressed = false;
            for (size_t i = 0; i < count && !pressed; i++)
                pressed = presses(&scripts[i], row, context);
            if (pressed)
                continue;
            (void)printf("in %s nobody presses %s (%s)\n", context, row->name, row->action);
            missing++;
        }
    }
    return missing;
}
