/*
 * Purpose: the command line of the screen: a line being typed, what it may become, what is wrong with it.
 * Owns:    the line, the lines before it, the choices; a plain value.
 * Bounds:  those of ui/line_edit and ui/command.
 * Fails:   never; a line that is no command stays, with a sentence.
 * Used by: ui/screen.
 */
#ifndef LOFLOW_UI_PROMPT_H
#define LOFLOW_UI_PROMPT_H

#include "ui/command.h"
#include "ui/line_edit.h"

struct prompt {
    struct line_edit edit;
    struct line_history history;
    struct err trouble; /* "" for none */
    bool choosing;      /* the choices are shown */
    unsigned choice;    /* that is in the line; choices.count: what was typed */
    char typed[COMMAND_WORD_MAX];
    struct command_choices choices;
};

enum prompt_answer {
    PROMPT_STAY,
    PROMPT_LEAVE,
    PROMPT_RUN, /* `command` is what was typed */
};

/* Begins with an empty line; the history stays. */
void prompt_open(struct prompt *prompt);

/* A key, and what ui/key.def says it does. */
enum prompt_answer prompt_key(struct prompt *prompt, uint32_t key, enum key_action action,
                              struct command *command);

/* Draws it into line `row`, and what it may become or what is wrong with it above. Returns how many
 * lines that takes. */
int prompt_draw(const struct prompt *prompt, struct grid *grid, int row);

#endif
