/* What a session does: programs, keys, sizes, signals, traffic. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/screen/keys.h"
#include "tests/screen/picture.h"
#include "tests/screen/stage.h"

#define ARGUMENTS 14

static bool read_size(struct stage *stage, int *width, int *height)
{
    if (sscanf(stage->words[0], "%dx%d", width, height) == 2 && *width > 0 && *height > 0 &&
        *width <= TERMINAL_WIDTH_MAX && *height <= TERMINAL_HEIGHT_MAX)
        return true;
    return stage_fail(stage, "no size: %s", stage->words[0]);
}

/* Asks the program itself, which knows better than we do: what a live run says is in `out`; false: it is not permitted. */
static bool may_capture(const struct stage *stage, FILE *out)
{
    pid_t child = fork();
    int status = 0;
    if (child == 0) {
        (void)dup2(fileno(out), STDOUT_FILENO);
        (void)freopen("/dev/null", "w", stderr);
        (void)execl(stage->program, stage->program, "--json", "--duration", "0.1", (char *)NULL);
        _exit(98);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool do_needs(struct stage *stage)
{
    char first[1024] = "";
    bool needs_events = strcmp(stage->words[0], "events") == 0;
    FILE *out = tmpfile();
    if (!out)
        return stage_fail(stage, "no temporary file");
    if (!may_capture(stage, out))
        stage->lacks = "this user may not capture";
    rewind(out);
    if (!stage->lacks && needs_events &&
        (!fgets(first, sizeof first, out) || strstr(first, "\"tracer\"")))
        stage->lacks = "there are no kernel events";
    (void)fclose(out);
    return true;
}

static bool do_term(struct stage *stage)
{
    (void)snprintf(stage->type, sizeof stage->type, "%.30s", stage->words[0]);
    return true;
}

static bool do_size(struct stage *stage)
{
    return read_size(stage, &stage->width, &stage->height);
}

static bool do_run(struct stage *stage)
{
    const char *argv[ARGUMENTS + 1] = {stage->program};
    for (int i = 0; i < stage->count && i + 1 < ARGUMENTS; i++)
        argv[i + 1] = stage->words[i];
    if (stage->is_open)
        return stage_fail(stage, "the program runs already");
    stage->is_open = true;
    const struct terminal_options options = {
        .width = stage->width, .height = stage->height, .type = stage->type, .argv = argv};
    return terminal_open(&stage->terminal, &options) || stage_fail(stage, "no pseudo-terminal");
}

static bool do_peer(struct stage *stage)
{
    const char *argv[SCRIPT_WORDS + 1] = {NULL};
    if (stage->peer_count == STAGE_PEERS)
        return stage_fail(stage, "too many peers");
    for (int i = 2; i < stage->count; i++)
        argv[i - 2] = stage->words[i];
    if (stage->count == 2)
        argv[0] = stage->words[1];
    int at = stage->peer_count++;
    (void)snprintf(stage->peers[at].name, STAGE_NAME_MAX, "%.30s", stage->words[0]);
    return peer_start(&stage->peers[at].peer, stage->words[1], argv) ||
           stage_fail(stage, "the peer cannot be started");
}

static bool do_tell(struct stage *stage)
{
    char line[PEER_LINE] = "", answer[PEER_LINE];
    size_t len = 0;
    int at = 0;
    while (at < stage->peer_count && strcmp(stage->peers[at].name, stage->words[0]) != 0)
        at++;
    if (at == stage->peer_count)
        return stage_fail(stage, "no peer is called %s", stage->words[0]);
    for (int i = 1; i < stage->count; i++)
        len += (size_t)snprintf(line + len, sizeof line - len, "%s%s", i > 1 ? "\x1f" : "",
                                stage->words[i]);
    if (!peer_tell(&stage->peers[at].peer, line, answer))
        return stage_fail(stage, "%s says %s", stage->words[0], answer);
    if (strcmp(answer, "ok") != 0)
        stage_name(stage, stage->words[2], answer);
    return true;
}

/* Keys of the terminal itself, which no table of ours has. */
static bool press_control(struct stage *stage, const char *name)
{
    char byte = (char)(name[5] & 0x1f);
    if (strncmp(name, "Ctrl-", 5) != 0 || name[5] == '\0')
        return false;
    terminal_bytes(&stage->terminal, &byte, 1);
    return true;
}

bool act_press(struct stage *stage)
{
    const char *name = stage->words[0];
    const struct key_row *row = NULL;
    for (int i = 0; stage->place && !row && i < stage->place->count; i++)
        row = key_row_find(stage->place->words[i], name);
    stage_remember(stage);
    stage->is_fresh = true;
    if (row)
        terminal_key(&stage->terminal, row->code);
    else if (!press_control(stage, name))
        return stage_fail(stage, "there is no key %s there", name);
    return true;
}

static bool do_type(struct stage *stage)
{
    stage_remember(stage);
    stage->is_fresh = true;
    terminal_bytes(&stage->terminal, stage->words[0], strlen(stage->words[0]));
    return true;
}

static bool do_click(struct stage *stage)
{
    stage_remember(stage);
    stage->is_fresh = true;
    terminal_click(&stage->terminal, atoi(stage->words[0]), atoi(stage->words[1]), 1);
    return true;
}

static void point(struct stage *stage)
{
    stage_remember(stage);
    stage->is_fresh = true;
    terminal_point(&stage->terminal, atoi(stage->words[0]), atoi(stage->words[1]));
}

static bool do_hold(struct stage *stage)
{
    point(stage);
    terminal_hold(&stage->terminal, true);
    return true;
}

static bool do_drag(struct stage *stage)
{
    point(stage);
    return true;
}

static bool do_release(struct stage *stage)
{
    stage_remember(stage);
    stage->is_fresh = true;
    terminal_hold(&stage->terminal, false);
    return true;
}

static bool do_wheel(struct stage *stage)
{
    int button = strcmp(stage->words[0], "up") == 0 ? 4 : 5;
    stage_remember(stage);
    stage->is_fresh = true;
    terminal_click(&stage->terminal, atoi(stage->words[1]), atoi(stage->words[2]), button);
    return true;
}

static bool do_resize(struct stage *stage)
{
    int width = 0, height = 0;
    if (!read_size(stage, &width, &height))
        return false;
    terminal_resize(&stage->terminal, width, height);
    return true;
}

static bool do_signal(struct stage *stage)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"TERM", SIGTERM}, {"INT", SIGINT},   {"HUP", SIGHUP},   {"QUIT", SIGQUIT},
                   {"SEGV", SIGSEGV}, {"TSTP", SIGTSTP}, {"CONT", SIGCONT}, {"WINCH", SIGWINCH}};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        if (strcmp(signals[i].name, stage->words[0]) == 0)
            return kill(stage->terminal.job.program, signals[i].number) == 0 ||
                   stage_fail(stage, "the program is gone");
    }
    return stage_fail(stage, "no signal %s", stage->words[0]);
}

static bool do_shot(struct stage *stage)
{
    char path[STAGE_WORD_MAX * 2];
    if (!stage->shots)
        return true;
    (void)snprintf(path, sizeof path, "%s/%s.svg", stage->shots, stage->words[0]);
    if (!stage_redraw(stage))
        return false;
    stage_remember(stage); /* the picture is whole */
    return picture_write(&stage->terminal, path) || stage_fail(stage, "cannot write %s", path);
}

static bool do_show(struct stage *stage)
{
    stage_remember(stage); /* the picture is whole */
    char *text = terminal_text(&stage->terminal);
    (void)printf("%s", text ? text : "");
    free(text);
    return true;
}

static bool do_continue(struct stage *stage)
{
    job_continue(&stage->terminal.job);
    return true;
}

static bool do_hangup(struct stage *stage)
{
    terminal_hang_up(&stage->terminal);
    stage->hung_up = true;
    return true;
}

static bool do_copies(struct stage *stage)
{
    stage->terminal.escapes.may_copy = true;
    return true;
}

bool act_do(struct stage *stage, enum verb verb)
{
    static bool (*const acts[VERB_COUNT])(struct stage *) = {
        [VERB_needs] = do_needs,   [VERB_term] = do_term,         [VERB_size] = do_size,
        [VERB_run] = do_run,       [VERB_peer] = do_peer,         [VERB_tell] = do_tell,
        [VERB_press] = act_press,  [VERB_type] = do_type,         [VERB_click] = do_click,
        [VERB_wheel] = do_wheel,   [VERB_resize] = do_resize,     [VERB_signal] = do_signal,
        [VERB_shot] = do_shot,     [VERB_continue] = do_continue, [VERB_hangup] = do_hangup,
        [VERB_copies] = do_copies, [VERB_show] = do_show,         [VERB_hold] = do_hold,
        [VERB_drag] = do_drag,     [VERB_release] = do_release,
    };
    return acts[verb](stage);
}
