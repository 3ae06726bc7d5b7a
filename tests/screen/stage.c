#include "tests/screen/stage.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define PUMP_MS   20
#define QUIET_MS  30
#define PUMPS_MAX 50
#define CTRL_L    "\x0c"

void stage_open(struct stage *stage, const char *program, const char *shots)
{
    memset(stage, 0, sizeof *stage);
    stage->program = program;
    stage->shots = shots;
    stage->width = 80;
    stage->height = 24;
    (void)snprintf(stage->type, sizeof stage->type, "xterm-256color");
}

void stage_close(struct stage *stage)
{
    if (stage->is_open)
        terminal_close(&stage->terminal);
    for (int i = 0; i < stage->peer_count; i++)
        peer_stop(&stage->peers[i].peer);
    free(stage->before.cells);
}

void stage_name(struct stage *stage, const char *name, const char *value)
{
    int at = 0;
    while (at < stage->name_count && strcmp(stage->names[at].name, name) != 0)
        at++;
    if (at == STAGE_NAMES)
        return;
    if (at == stage->name_count)
        stage->name_count++;
    (void)snprintf(stage->names[at].name, STAGE_NAME_MAX, "%s", name);
    (void)snprintf(stage->names[at].value, STAGE_WORD_MAX, "%s", value);
}

static const char *value_of(const struct stage *stage, const char *name, size_t len)
{
    for (int i = 0; i < stage->name_count; i++) {
        if (strlen(stage->names[i].name) == len && memcmp(stage->names[i].name, name, len) == 0)
            return stage->names[i].value;
    }
    return NULL;
}

static bool expand(struct stage *stage, const char *from, char *to)
{
    size_t len = 0;
    while (*from != '\0' && len + 1 < STAGE_WORD_MAX) {
        const char *end = *from == '{' ? strchr(from, '}') : NULL;
        const char *value = end ? value_of(stage, from + 1, (size_t)(end - from - 1)) : NULL;
        if (end && !value)
            return stage_fail(stage, "nothing is called %.*s", (int)(end - from + 1), from);
        if (value) {
            len += (size_t)snprintf(to + len, STAGE_WORD_MAX - len, "%s", value);
            from = end + 1;
        } else {
            to[len++] = *from++;
        }
    }
    if (len >= STAGE_WORD_MAX)
        return stage_fail(stage, "a word is too long");
    to[len] = '\0';
    return true;
}

bool stage_words(struct stage *stage, const struct statement *statement)
{
    stage->count = statement->count;
    for (int i = 0; i < SCRIPT_WORDS; i++)
        stage->words[i][0] = '\0';
    for (int i = 0; i < statement->count; i++) {
        if (!expand(stage, statement->words[i], stage->words[i]))
            return false;
    }
    return true;
}

bool stage_fail(struct stage *stage, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(stage->why, sizeof stage->why, format, arguments);
    va_end(arguments);
    return false;
}

static bool wait_until(struct stage *stage, bool (*holds)(struct stage *stage))
{
    int64_t until_ns = clock_monotonic_ns() + stage->patience_ns;
    bool ended = false;
    for (;;) {
        while (terminal_pump(&stage->terminal, 0))
            continue;
        if (holds(stage))
            return true;
        if (ended || clock_monotonic_ns() >= until_ns)
            return false;
        /* What it wrote before it ended is read before anything is judged. */
        if (!terminal_pump(&stage->terminal, PUMP_MS)) {
            job_look(&stage->terminal.job);
            ended = stage->terminal.job.state >= JOB_EXITED;
        }
    }
}

/* Drawing anew is answered after the keys before it; then the rest of that picture is waited for. */
bool stage_wait(struct stage *stage, bool (*holds)(struct stage *stage))
{
    bool was_fresh = stage->is_fresh;
    stage->is_fresh = false;
    if (was_fresh && holds(stage) && !stage_redraw(stage))
        return false;
    if (!was_fresh)
        return wait_until(stage, holds);
    if (!wait_until(stage, holds))
        return false;
    for (int i = 0; i < PUMPS_MAX && terminal_pump(&stage->terminal, QUIET_MS); i++)
        continue;
    return wait_until(stage, holds);
}

int stage_find(struct stage *stage, const char *text)
{
    char row[TERMINAL_ROW_MAX];
    for (int at = 0; at < stage->terminal.height; at++) {
        terminal_row(&stage->terminal, at, row);
        if (strstr(row, text))
            return at;
    }
    return -1;
}

static bool was_cleared(struct stage *stage)
{
    return stage->terminal.escapes.clears > 0;
}

bool stage_redraw(struct stage *stage)
{
    while (terminal_pump(&stage->terminal, 0))
        continue;
    stage->terminal.escapes.clears = 0;
    terminal_bytes(&stage->terminal, CTRL_L, 1);
    return stage_wait(stage, was_cleared) || stage_fail(stage, "the screen is not drawn anew");
}

/* A picture is taken whole: the rest of one that began is waited for. */
void stage_remember(struct stage *stage)
{
    for (int i = 0; i < PUMPS_MAX && terminal_pump(&stage->terminal, QUIET_MS); i++)
        continue;
    terminal_take(&stage->terminal, &stage->before);
}

bool stage_is_same(struct stage *stage)
{
    return terminal_is(&stage->terminal, &stage->before);
}
