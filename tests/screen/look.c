/* What a session asserts: each waits until it holds, or patience ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tests/screen/keys.h"
#include "tests/screen/stage.h"

#define STORM_WIDTH   500
#define STORM_HEIGHT  200
#define REDRAWS       20 /* pictures that move are looked at again */
#define STORM_PUMP_MS 2
#define FILE_TEXT_MAX 65536

static bool sees(struct stage *stage)
{
    return stage_find(stage, stage->words[0]) >= 0;
}

static bool sees_not(struct stage *stage)
{
    return !sees(stage);
}

static bool check_see(struct stage *stage)
{
    return stage_wait(stage, sees) || stage_fail(stage, "\"%s\" is not there", stage->words[0]);
}

static bool check_gone(struct stage *stage)
{
    return stage_wait(stage, sees_not) || stage_fail(stage, "\"%s\" is there", stage->words[0]);
}

static bool row_holds(struct stage *stage, int row, const char *text)
{
    char line[TERMINAL_ROW_MAX];
    if (row < 0 || row >= stage->terminal.height)
        return false;
    terminal_row(&stage->terminal, row, line);
    return strstr(line, text) != NULL;
}

static bool cursor_is_there(struct stage *stage)
{
    return row_holds(stage, terminal_cursor_row(&stage->terminal), stage->words[0]);
}

static bool check_cursor(struct stage *stage)
{
    return stage_wait(stage, cursor_is_there) ||
           stage_fail(stage, "the cursor is not on \"%s\"", stage->words[0]);
}

static bool row_is(struct stage *stage)
{
    return row_holds(stage, atoi(stage->words[0]), stage->words[1]);
}

static bool check_row(struct stage *stage)
{
    return stage_wait(stage, row_is) ||
           stage_fail(stage, "row %s does not hold \"%s\"", stage->words[0], stage->words[1]);
}

static bool is_above(struct stage *stage)
{
    int upper = stage_find(stage, stage->words[0]), lower = stage_find(stage, stage->words[1]);
    return upper >= 0 && lower > upper;
}

static bool check_above(struct stage *stage)
{
    return stage_wait(stage, is_above) ||
           stage_fail(stage, "\"%s\" is not above \"%s\"", stage->words[0], stage->words[1]);
}

static bool has_look(const VTermScreenCell *cell, const char *look)
{
    bool coloured = !VTERM_COLOR_IS_DEFAULT_FG(&cell->fg);
    if (strcmp(look, "bold") == 0)
        return cell->attrs.bold;
    if (strcmp(look, "underline") == 0)
        return cell->attrs.underline;
    if (strcmp(look, "reverse") == 0)
        return cell->attrs.reverse;
    if (strcmp(look, "faint") == 0)
        return cell->attrs.strike;
    if (strcmp(look, "colour") == 0)
        return coloured;
    return strcmp(look, "plain") == 0 && !coloured && !cell->attrs.bold && !cell->attrs.reverse;
}

/* The cells of the text's first place, byte by byte: such texts are ASCII before it. */
static bool style_is(struct stage *stage)
{
    char line[TERMINAL_ROW_MAX];
    int row = stage_find(stage, stage->words[0]);
    if (row < 0)
        return false;
    terminal_row(&stage->terminal, row, line);
    int column = 0;
    for (const char *at = line; at < strstr(line, stage->words[0]); at++)
        column += ((unsigned char)*at & 0xc0) != 0x80;
    VTermScreenCell cell = terminal_cell(&stage->terminal, row, column);
    return has_look(&cell, stage->words[1]);
}

static bool check_style(struct stage *stage)
{
    return stage_wait(stage, style_is) ||
           stage_fail(stage, "\"%s\" is not %s", stage->words[0], stage->words[1]);
}

/* Columns of a footer before "1-21 of 202" or "37 %", which keys leave free. */
static int columns_for_keys(const char *footer, int width)
{
    size_t end = strlen(footer), at = end;
    while (at > 0 && strchr("0123456789,-/% of", footer[at - 1]))
        at--;
    at += strspn(footer + at, " of");
    bool tells = end - at > 2 && strpbrk(footer + at, "-%") && footer[at] != '-' &&
                 (at == 0 || footer[at - 1] == ' ');
    return tells ? width - (int)(end - at) - 2 : width;
}

/* The footer of these contexts; what fits not even one key tells nothing. */
static bool footer_is_of(struct stage *stage, int contexts)
{
    char wanted[TERMINAL_ROW_MAX], shown[TERMINAL_ROW_MAX];
    const struct terminal *terminal = &stage->terminal;
    bool is_asked = strncmp(stage->words[0], "COPY", strlen("COPY")) == 0;
    terminal_row(terminal, terminal->height - 1, shown);
    const struct key_room room = {columns_for_keys(shown, terminal->width),
                                  is_asked ? terminal->height / 3 : 1};
    int lines = key_footer(stage->words, contexts, &room, wanted, sizeof wanted);
    for (const char *line = wanted; lines > 0; lines--, line = strchrnul(line, '\n') + 1) {
        terminal_row(terminal, terminal->height - lines, shown);
        if (strncmp(shown, line, strcspn(line, "\n")) != 0)
            return false;
    }
    return true;
}

/* Every page of a file is one that is played, whether the session says so or not. */
static bool footer_is(struct stage *stage)
{
    (void)snprintf(stage->words[stage->count], STAGE_WORD_MAX, "REPLAY");
    return footer_is_of(stage, stage->count) || footer_is_of(stage, stage->count + 1);
}

static bool check_in(struct stage *stage)
{
    for (int i = 0; i < stage->count; i++) {
        if (!key_context_exists(stage->words[i]))
            return stage_fail(stage, "%s is no context", stage->words[i]);
    }
    return stage_wait(stage, footer_is) ||
           stage_fail(stage, "the footer is not that of %s", stage->words[0]);
}

/* Drawing anew is answered after the key before it was: what is the same then stayed the same. */
static bool check_same(struct stage *stage)
{
    return stage_redraw(stage) && (stage_wait(stage, stage_is_same) ||
                                   stage_fail(stage, "the picture is not what it was"));
}

/* What was drawn piece by piece is what is drawn at once. */
static bool check_redrawn(struct stage *stage)
{
    for (int i = 0; i < REDRAWS; i++) {
        stage_remember(stage);
        if (!stage_redraw(stage))
            return false;
        while (terminal_pump(&stage->terminal, 50))
            continue;
        if (stage_is_same(stage))
            return true;
    }
    return stage_fail(stage, "drawn anew, the picture is another one");
}

/* What was still on its way comes first. */
static bool check_quiet(struct stage *stage)
{
    int64_t until_ns = clock_monotonic_ns() + stage->patience_ns;
    while (terminal_pump(&stage->terminal, atoi(stage->words[0]))) {
        if (clock_monotonic_ns() > until_ns)
            return stage_fail(stage, "it goes on writing");
    }
    job_look(&stage->terminal.job);
    return stage->terminal.job.state == JOB_RUNS || stage_fail(stage, "it has ended");
}

static int any_below(uint64_t *state, int limit)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (int)((*state >> 33) % (uint64_t)limit);
}

/* Sizes come faster than pictures; some are looked at. */
static bool check_storm(struct stage *stage)
{
    struct terminal *terminal = &stage->terminal;
    int width = terminal->width, height = terminal->height;
    uint64_t state = 20;
    stage_remember(stage);
    for (int i = 0; i < atoi(stage->words[0]); i++) {
        terminal_resize(terminal, 1 + any_below(&state, STORM_WIDTH),
                        1 + any_below(&state, STORM_HEIGHT));
        (void)terminal_pump(terminal, any_below(&state, 8) == 0 ? 50 : STORM_PUMP_MS);
        job_look(&terminal->job);
        if (terminal->job.state != JOB_RUNS)
            return stage_fail(stage, "it ended in a storm, at size %d", i + 1);
    }
    terminal_resize(terminal, width, height);
    return true;
}

static size_t decode_base64(const char *from, char *to, size_t room)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    int count = 0;
    size_t len = 0;
    for (; *from != '\0' && *from != '=' && len + 1 < room; from++) {
        const char *digit = strchr(digits, *from);
        bits = bits << 6 | (digit ? (uint32_t)(digit - digits) : 0);
        count += 6;
        if (count >= 8) {
            count -= 8;
            to[len++] = (char)(bits >> count & 0xff);
        }
    }
    to[len] = '\0';
    return len;
}

static bool was_copied(struct stage *stage)
{
    char copied[STAGE_WORD_MAX];
    (void)decode_base64(stage->terminal.escapes.copied, copied, sizeof copied);
    return strcmp(copied, stage->words[0]) == 0;
}

static bool check_copied(struct stage *stage)
{
    char copied[STAGE_WORD_MAX];
    if (stage_wait(stage, was_copied))
        return true;
    (void)decode_base64(stage->terminal.escapes.copied, copied, sizeof copied);
    return stage_fail(stage, "what was copied is \"%.500s\"", copied);
}

static bool file_holds(struct stage *stage)
{
    static char text[FILE_TEXT_MAX];
    FILE *file = fopen(stage->words[0], "re");
    if (!file)
        return false;
    size_t len = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    return memmem(text, len, stage->words[1], strlen(stage->words[1])) != NULL;
}

static bool check_written(struct stage *stage)
{
    return stage_wait(stage, file_holds) ||
           stage_fail(stage, "%s does not hold what it should", stage->words[0]);
}

static bool mouse_is(struct stage *stage)
{
    return (stage->terminal.mouse != VTERM_PROP_MOUSE_NONE) == (strcmp(stage->words[0], "on") == 0);
}

static bool check_mouse(struct stage *stage)
{
    return stage_wait(stage, mouse_is) || stage_fail(stage, "the mouse is not %s", stage->words[0]);
}

static bool is_as_before(struct stage *stage)
{
    return terminal_unrestored(&stage->terminal) == NULL;
}

static bool check_restored(struct stage *stage)
{
    return stage->hung_up || stage_wait(stage, is_as_before) ||
           stage_fail(stage, "%s", terminal_unrestored(&stage->terminal));
}

static bool has_stopped(struct stage *stage)
{
    job_look(&stage->terminal.job);
    return stage->terminal.job.state == JOB_STOPPED;
}

/* What has stopped or ended draws nothing anew. */
static bool check_stopped(struct stage *stage)
{
    stage->is_fresh = false;
    if (!stage_wait(stage, has_stopped))
        return stage_fail(stage, "it does not stop");
    return check_restored(stage);
}

static bool has_ended(struct stage *stage)
{
    job_look(&stage->terminal.job);
    return stage->terminal.job.state >= JOB_EXITED;
}

static bool check_exits(struct stage *stage)
{
    const struct job *job = &stage->terminal.job;
    const char *wanted = stage->words[0];
    stage->is_fresh = false;
    if (!stage_wait(stage, has_ended))
        return stage_fail(stage, "it does not end");
    bool killed = job->state == JOB_KILLED;
    if (killed != (strcmp(wanted, "killed") == 0))
        return stage_fail(stage, "it ended with %d", job->code);
    if (!killed && strcmp(wanted, "any") != 0 && job->code != atoi(wanted))
        return stage_fail(stage, "it exits %d", job->code);
    return check_restored(stage);
}

bool look_check(struct stage *stage, const struct statement *statement)
{
    static bool (*const checks[VERB_COUNT])(struct stage *) = {
        [VERB_see] = check_see,     [VERB_gone] = check_gone,       [VERB_cursor] = check_cursor,
        [VERB_row] = check_row,     [VERB_above] = check_above,     [VERB_style] = check_style,
        [VERB_in] = check_in,       [VERB_same] = check_same,       [VERB_redrawn] = check_redrawn,
        [VERB_storm] = check_storm, [VERB_copied] = check_copied,   [VERB_written] = check_written,
        [VERB_mouse] = check_mouse, [VERB_stopped] = check_stopped, [VERB_exits] = check_exits,
        [VERB_quiet] = check_quiet,
    };
    if (statement->verb == VERB_in)
        stage->place = statement;
    return checks[statement->verb](stage);
}
