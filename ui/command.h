/*
 * Purpose: the language of commands, from ui/command.def: parsed, and completed while it is typed.
 * Owns:    nothing; a command is a plain value.
 * Bounds:  COMMAND_WORDS_MAX words a line; COMMAND_CHOICES_MAX words to choose from.
 * Fails:   command_parse with -EINVAL and one sentence that says what is wanted.
 * Used by: ui/preferences, ui/screen, app (the manual).
 */
#ifndef LOFLOW_UI_COMMAND_H
#define LOFLOW_UI_COMMAND_H

#include <stdbool.h>

#include "base/err.h"
#include "ui/column.h"
#include "ui/copy.h"
#include "ui/keymap.h"
#include "ui/line_edit.h"
#include "ui/theme.h"

#define COMMAND_WORDS_MAX   16
#define COMMAND_CHOICES_MAX 256
#define COMMAND_WORD_MAX    24

enum command_name {
#define COMMAND(NAME, word, places, first, second, third, meaning) COMMAND_##NAME,
#include "ui/command.def"
    COMMAND_COUNT,
    COMMAND_ACTION = COMMAND_COUNT /* an action of ui/key.def by its name */
};

enum command_place { COMMAND_IN_CONFIG = 1, COMMAND_IN_SCREEN = 2 };

struct command {
    enum command_name name;
    enum theme theme;
    bool on;
    enum column column;
    bool reverse;
    struct column_choice columns; /* none: all */
    int64_t span_ns;              /* 0: never */
    enum grouping grouping;
    unsigned contexts;
    uint32_t key;
    enum key_action action;
    enum copy_kind copy;
    char text[LINE_EDIT_MAX]; /* of `filter`, `seek`, `save` and `save-all` */
    double speed;             /* 0: as fast as possible */
};

int command_parse(struct command *command, const char *line, enum command_place place,
                  struct err *err);

const char *command_word(enum command_name name);
/* " CONTEXT KEY ACTION" */
void command_write_arguments(enum command_name name, struct text *text);
unsigned command_places(enum command_name name);
const char *command_meaning(enum command_name name);

/* What the word that ends at `cursor` may become. */
struct command_choices {
    size_t begin; /* of the word, in the line */
    unsigned count;
    char words[COMMAND_CHOICES_MAX][COMMAND_WORD_MAX];
};

void command_choose(struct command_choices *choices, const char *line, size_t cursor);

/* "bytes-sent": a column as commands name it. */
void command_write_column(enum column column, struct text *text);

#endif
