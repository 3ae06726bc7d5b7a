/*
 * Purpose: the child that shows a grid and reads keys on a test's pseudo-terminal.
 * Used by: tests/unit/test_ui_term.c, after cmocka.h.
 */
#ifndef LOFLOW_TEST_UI_PTY_H
#define LOFLOW_TEST_UI_PTY_H

#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/pty.h"
#include "ui/screen.h"
#include "ui/term.h"

#define WIDTH   60
#define HEIGHT  8
#define ROW_MAX 1024
#define COPIED  "tcp port 3000"

enum {
    LINE_STYLES, /* cell i is a letter in style i */
    LINE_TEXT,
    LINE_KEY,
    LINE_SIZE,
    LINE_MOUSE,
    LINE_CLOSED, /* what the child prints by itself, anywhere */
};

static inline void draw(struct grid *grid, uint32_t key, const struct screen_mouse *happened)
{
    char line[ROW_MAX];
    grid_clear(grid);
    for (int style = 0; style < STYLE_COUNT; style++) {
        char letter[2] = {(char)('a' + style), '\0'};
        (void)grid_text(grid, LINE_STYLES, style, 1, (enum style)style, letter);
    }
    (void)grid_text(grid, LINE_TEXT, 0, grid->width, STYLE_NORMAL, "日本 → x e\u0301\u0302 .");
    (void)snprintf(line, sizeof line, "key=%x.", key);
    (void)grid_text(grid, LINE_KEY, 0, grid->width, STYLE_NORMAL, line);
    (void)snprintf(line, sizeof line, "mouse=%d,%d,%d.", happened->column, happened->row,
                   (int)happened->kind);
    (void)grid_text(grid, LINE_MOUSE, 0, grid->width, STYLE_NORMAL, line);
    (void)snprintf(line, sizeof line, "size=%dx%d.", grid->width, grid->height);
    (void)grid_text(grid, LINE_SIZE, 0, grid->width, STYLE_NORMAL, line);
}

static inline void show(struct term *term, struct grid *grid, uint32_t key,
                        const struct screen_mouse *happened)
{
    int width = 0;
    int height = 0;
    struct err err;
    term_size(term, &width, &height);
    if ((width != grid->width || height != grid->height) &&
        grid_resize(grid, width, height, &err) != 0)
        _exit(10);
    draw(grid, key, happened);
    term_blit(term, grid);
}

static inline void crash(int number)
{
    (void)number;
    term_emergency_restore();
    _exit(9);
}

struct setting {
    const char *name;
    const char *type; /* TERM; NULL: not set */
    const char *locale;
    bool colour;
    int times; /* the terminal is opened and closed that often */
    bool mouse;
    enum theme theme;
};

/* Shows keys until 'q'; 'x' crashes, 'b' shows the same picture again, 'C' copies, 'L' is the light
 * theme, 'M' lets the terminal have the mouse. */
static inline void serve(const struct setting *setting)
{
    struct term *term = NULL;
    struct err err = {""};
    struct term_options options = {STDIN_FILENO,   STDOUT_FILENO,  setting->colour,
                                   setting->mouse, setting->theme, NULL};
    int failed = term_open(&term, &options, &err);
    if (failed) {
        (void)printf("failed=%d %s\n", failed, err.text);
        return;
    }
    struct grid grid = {0};
    uint32_t shown = 0;
    struct screen_mouse happened = {0};
    for (;;) {
        uint32_t key = term_key(term);
        if (key == 'q')
            break;
        if (key == 'x')
            (void)raise(SIGSEGV);
        if (key == 'C')
            (void)term_copy(term, COPIED, sizeof COPIED - 1);
        if (key == 'L')
            term_use_theme(term, THEME_LIGHT);
        if (key == 'M')
            term_use_mouse(term, false);
        if (key == SCREEN_KEY_MOUSE)
            happened = term_mouse(term);
        if (key != SCREEN_KEY_NONE && key != SCREEN_KEY_RESIZE && key != 'b')
            shown = key;
        show(term, &grid, shown, &happened);
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (key == SCREEN_KEY_NONE)
            (void)poll(&input, 1, 10);
    }
    term_close(term);
    grid_free(&grid);
}

static inline void be_child(const void *context)
{
    const struct setting *setting = context;
    if (setting->type)
        (void)setenv("TERM", setting->type, 1);
    else
        (void)unsetenv("TERM");
    (void)setlocale(LC_ALL, setting->locale);
    struct sigaction action = {.sa_handler = crash};
    (void)sigaction(SIGSEGV, &action, NULL);
    for (int i = 0; i < setting->times; i++)
        serve(setting);
    (void)printf("closed utf8=%d\n", term_is_utf8());
    (void)fflush(stdout);
    _exit(0);
}

#endif
