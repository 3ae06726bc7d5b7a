/*
 * Plays sessions: each line of a script is a key and what it does, on a real pseudo-terminal.
 *
 *     play [--program PATH] [--shots DIR] [--only NAME] [--show] FILE...
 *     play --wrong FILE...       the sessions hold what is not so, and each must be found out
 *     play --covers FILE...      every key of ui/key.def is pressed in every context, or their names are printed
 *
 * Exit status 0 when all that was asserted holds, 77 when all sessions were left out, else 1.
 */
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/screen/stage.h"

#define SCRIPTS_MAX 64
#define SKIPPED     77
#define PATIENCE_S  20 /* sanitizers are slow */

struct options {
    const char *program, *shots, *only, *source, *scratch;
    int patience_s;
    bool show, covers, wrong;
};

struct tally {
    int good, bad, skipped;
};

static void print_screen(struct stage *stage)
{
    char *text = stage->is_open ? terminal_text(&stage->terminal) : NULL;
    (void)printf("%s", text ? text : "(nothing)\n");
    free(text);
}

/* Nothing but what ncurses needs reached the terminal, and it is given back as it was. */
static bool check_end(struct stage *stage)
{
    struct job *job = &stage->terminal.job;
    if (!stage->is_open)
        return true;
    if (stage->terminal.escapes.forbidden[0] != '\0')
        return stage_fail(stage, "the terminal was told %s", stage->terminal.escapes.forbidden);
    job_look(job);
    if (job->state != JOB_RUNS || stage->hung_up)
        return true;
    (void)kill(job->program, SIGTERM);
    struct statement ends = {.verb = VERB_exits};
    (void)snprintf(stage->words[0], STAGE_WORD_MAX, "0");
    return look_check(stage, &ends);
}

static bool obey(struct stage *stage, const struct statement *statement)
{
    if (!stage_words(stage, statement))
        return false;
    switch (statement->verb) {
#define DO    act_do(stage, statement->verb)
#define PRESS act_do(stage, statement->verb)
#define CHECK look_check(stage, statement)
#define VERB(name, kind, least, most)                                                              \
    case VERB_##name:                                                                              \
        return kind;
#include "tests/screen/verb.def"
    default:
        return true;
    }
}

/* From the statement after the session's name on; returns where the next session is. */
static size_t play_session(const struct script *script, size_t at, const struct options *options,
                           struct tally *tally)
{
    static struct stage stage;
    const struct statement *session = &script->statements[at++];
    const struct statement *statement = session;
    bool good = true;
    bool wanted = !options->only || strstr(session->words[0], options->only);
    char pcaps[STAGE_WORD_MAX];
    stage_open(&stage, options->program, options->shots);
    stage.patience_ns = options->patience_s * CLOCK_NS_PER_S;
    (void)snprintf(pcaps, sizeof pcaps, "%s/pcaps", options->source);
    stage_name(&stage, "pcaps", pcaps);
    stage_name(&stage, "scratch", options->scratch);
    for (; at < script->count && script->statements[at].verb != VERB_session; at++) {
        if (!wanted || !good || stage.lacks)
            continue;
        statement = &script->statements[at];
        good = obey(&stage, statement);
    }
    if (wanted && good && !stage.lacks)
        good = check_end(&stage);
    if (stage.lacks)
        (void)printf("%s: left out, %s\n", session->words[0], stage.lacks);
    else if (!good)
        (void)printf("%s:%d: %s: %s\n", script->path, statement->line, session->words[0],
                     stage.why);
    if ((!good && !options->wrong) || (options->show && wanted))
        print_screen(&stage);
    stage_close(&stage);
    tally->skipped += wanted && stage.lacks;
    tally->good += wanted && good && !stage.lacks;
    tally->bad += wanted && !good;
    return at;
}

static int play(const struct script *scripts, size_t count, const struct options *options)
{
    struct tally tally = {0};
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < scripts[i].count;)
            at = play_session(&scripts[i], at, options, &tally);
    }
    (void)printf("%d sessions good, %d bad, %d left out\n", tally.good, tally.bad, tally.skipped);
    if (options->wrong)
        return tally.bad > 0 && tally.good + tally.skipped == 0 ? 0 : 1;
    if (tally.bad > 0)
        return 1;
    return tally.good == 0 && tally.skipped > 0 ? SKIPPED : 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

/* Sessions find an empty directory called {scratch}, which goes when they have ended. */
static int play_with_scratch(const struct script *scripts, size_t count, struct options *options)
{
    char scratch[] = "/tmp/loflow-play-XXXXXX";
    options->scratch = mkdtemp(scratch);
    if (!options->scratch) {
        perror(scratch);
        return 1;
    }
    int status = play(scripts, count, options);
    (void)nftw(scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return status;
}

static int read_options(int argc, char **argv, struct options *options)
{
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--show") == 0)
            options->show = true;
        else if (strcmp(argv[at], "--covers") == 0)
            options->covers = true;
        else if (strcmp(argv[at], "--wrong") == 0)
            options->wrong = true;
        else if (strcmp(argv[at], "--program") == 0 && at + 1 < argc)
            options->program = argv[++at];
        else if (strcmp(argv[at], "--shots") == 0 && at + 1 < argc)
            options->shots = argv[++at];
        else if (strcmp(argv[at], "--patience") == 0 && at + 1 < argc)
            options->patience_s = atoi(argv[++at]);
        else if (strcmp(argv[at], "--only") == 0 && at + 1 < argc)
            options->only = argv[++at];
        else
            return argc;
    }
    return at;
}

int main(int argc, char **argv)
{
    static struct script scripts[SCRIPTS_MAX];
    size_t count = 0;
    peer_main();
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    struct options options = {
        .program = LOFLOW_BINARY, .source = LOFLOW_SOURCE_DIR, .patience_s = PATIENCE_S};
    int at = read_options(argc, argv, &options);
    if (options.wrong)
        options.patience_s = 1;
    if (at >= argc) {
        (void)fprintf(
            stderr,
            "usage: play [--program PATH] [--shots DIR] [--only NAME] [--patience S] [--show] "
            "[--wrong | --covers] FILE...\n");
        return 2;
    }
    for (; at < argc && count < SCRIPTS_MAX; at++) {
        if (!script_read(&scripts[count++], argv[at]))
            return 1;
    }
    int status = 0;
    if (options.covers)
        status = script_uncovered(scripts, count) == 0 ? 0 : 1;
    else
        status = play_with_scratch(scripts, count, &options);
    for (size_t i = 0; i < count; i++)
        script_free(&scripts[i]);
    return status;
}
