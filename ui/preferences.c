#include "ui/preferences.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

void preferences_begin(struct preferences *preferences)
{
    *preferences = (struct preferences){.theme = THEME_DARK,
                                        .mouse = true,
                                        .utf8 = true,
                                        .sorted = COLUMN_AGE,
                                        .closed_age_ns = CLOSED_AGE_NS};
    keymap_begin(&preferences->keymap);
}

bool preferences_apply(struct preferences *preferences, const struct command *command)
{
    switch (command->name) {
    case COMMAND_THEME:
        preferences->theme = command->theme;
        preferences->theme_chosen = true;
        return true;
    case COMMAND_MOUSE:
        preferences->mouse = command->on;
        return true;
    case COMMAND_UTF8:
        preferences->utf8 = command->on;
        return true;
    case COMMAND_SORT:
        preferences->sorted = command->column;
        preferences->reversed = command->reverse;
        return true;
    case COMMAND_COLUMNS:
        preferences->columns = command->columns;
        return true;
    case COMMAND_GROUP:
        preferences->grouping = command->grouping;
        return true;
    case COMMAND_CLOSED_AGE:
        preferences->closed_age_ns = command->span_ns;
        return true;
    case COMMAND_MAP:
        return keymap_bind(&preferences->keymap, command->contexts, command->key, command->action);
    case COMMAND_UNMAP:
        keymap_unbind(&preferences->keymap, command->contexts, command->key);
        return true;
    default:
        return false;
    }
}

/* A line without what is around it, and without a comment; -EINVAL when it is no text. */
static int cut_line(const char *at, size_t len, char line[PREFERENCES_LINE_MAX], struct err *err)
{
    while (len > 0 && isspace((unsigned char)at[len - 1]))
        len--;
    while (len > 0 && isspace((unsigned char)*at)) {
        at++;
        len--;
    }
    if (len >= PREFERENCES_LINE_MAX)
        return err_set(err, EINVAL, "the line is longer than %d bytes", PREFERENCES_LINE_MAX - 1);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)at[i] < ' ' && at[i] != '\t')
            return err_set(err, EINVAL, "the line is no text");
    }
    memcpy(line, at, len);
    line[len] = '\0';
    if (line[0] == '#')
        line[0] = '\0';
    return 0;
}

static int take_line(struct preferences *preferences, const char *line, struct err *err)
{
    struct command command;
    if (line[0] == '\0')
        return 0;
    int failed = command_parse(&command, line, COMMAND_IN_CONFIG, err);
    if (!failed && !preferences_apply(preferences, &command))
        return err_set(err, ENOSPC, "there are more keys than fit; unmap some");
    return failed;
}

unsigned preferences_read(struct preferences *preferences, const char *text, size_t len,
                          preferences_tell *tell, void *context)
{
    unsigned wrong = 0;
    for (unsigned number = 1; len > 0; number++) {
        const char *end = memchr(text, '\n', len);
        size_t line_len = end ? (size_t)(end - text) : len;
        char line[PREFERENCES_LINE_MAX] = "";
        struct err err;
        int failed = cut_line(text, line_len, line, &err);
        if (!failed)
            failed = take_line(preferences, line, &err);
        if (failed) {
            char sentence[ERR_TEXT_MAX + 32];
            struct text said = text_begin(sentence, sizeof sentence);
            text_add(&said, "config:%u: %s", number, err.text);
            tell(context, sentence);
            wrong++;
        }
        size_t used = end ? line_len + 1 : len;
        text += used;
        len -= used;
    }
    return wrong;
}
