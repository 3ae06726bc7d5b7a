#include "app/run_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/confine.h"
#include "app/loop.h"
#include "app/run.h"
#include "app/session.h"
#include "app/signals.h"
#include "app/value.h"

static const char help[] =
    "loflow run [OPTIONS] [--] CMD [ARGS...]: what does a command do on loopback, and why does it "
    "fail?\n\n"
    "Captures, runs CMD, and reports on standard error when CMD has ended: the servers that it and "
    "all\n"
    "of its descendants talked to or were, what went wrong and why. CMD has standard input, output "
    "and\n"
    "error to itself; it runs as the user that loflow runs as, so under sudo as root, as with "
    "strace:\n"
    "  sudo loflow run -- sudo -u \"$USER\" CMD\n\n"
    "      --expect EXPR  what must come true, see below; may be given many times\n"
    "      --json FILE    write NDJSON of the command's flows to FILE\n"
    "      --junit FILE   write a JUnit test suite to FILE: each --expect a test, and the "
    "diagnoses\n"
    "  -w, --write FILE   write all packets to a capture as well (pcapng: with names and "
    "diagnoses)\n"
    "  -i, --interface NAME  watch this interface (default: loopback)\n"
    "      --quiet        report only when something expected is not so\n"
    "      --sandbox HOW  best (default), strict: refuse without all of it, or off; CMD is not in "
    "it\n"
    "      --wait S       go on so many seconds after CMD has ended (default: 0.2)\n"
    "  -h, --help         print this help\n\n"
    "EXPR is one of:\n"
    "  no refused | no resets | no retransmissions | no timeouts | no diagnoses | no CODE\n"
    "                              CODE is a word of a diagnosis: no refused-wrong-family\n"
    "  port N established [within TIME]    within 5s of CMD's start\n"
    "  port N refused                      at least once\n"
    "  port N untouched                    nobody even tried\n"
    "  port N connections CMP COUNT        CMP: < <= = >= >\n"
    "  port N bytes CMP SIZE               1500, 20k, 1.5M\n"
    "  port N response p95|mean|max CMP TIME   500us, 50ms, 2s\n"
    "N is the server's port. \"no refused\" counts every single one, be it that ::1 was tried in "
    "vain\n"
    "before 127.0.0.1.\n\n"
    "Signals are handed on to CMD. Exit status: CMD's own (128 and the signal that killed it), 127 "
    "when\n"
    "there is no such program, 126 when it cannot be run; but 3 when something expected is not "
    "so,\n"
    "1 when loflow failed, 2 for a wrong use.\n";

/* The words, one after the other. */
struct words {
    char **at;
    struct run_options *options;
    struct err *err;
};

/* Is the word that option? Then takes its value: behind the "=", or the next word. */
static bool takes(struct words *words, const char *name, const char **value)
{
    const char *word = *words->at;
    size_t len = strlen(name);
    if (strncmp(word, name, len) != 0 || (word[len] != '\0' && word[len] != '='))
        return false;
    if (word[len] == '=')
        *value = word + len + 1;
    else
        *value = words->at[1] ? *++words->at : "";
    return true;
}

/* "-i lo" and "-ilo". */
static bool takes_letter(struct words *words, const char *name, const char **value)
{
    const char *word = *words->at;
    if (strncmp(word, name, 2) != 0)
        return false;
    if (word[2] != '\0')
        *value = word + 2;
    else
        *value = words->at[1] ? *++words->at : "";
    return true;
}

static int take_wait(struct words *words, const char *value)
{
    if (value_seconds(value, VALUE_WAIT_MOST_S, &words->options->wait_ns))
        return 0;
    return err_set(words->err, EINVAL, "--wait wants seconds from 0 to 1000000, not \"%.80s\"",
                   value);
}

static int take_sandbox(struct words *words, const char *value)
{
    if (sandbox_parse(value, &words->options->sandbox))
        return 0;
    return err_set(words->err, EINVAL, "--sandbox wants best, strict or off, not \"%.80s\"", value);
}

/* The expression, and a sign under what is wrong with it. */
static void point_at(const char *text, size_t wrong)
{
    char line[EXPECT_TEXT_MAX * 10];
    struct text shown = text_begin(line, sizeof line);
    text_add_untrusted(&shown, text, strnlen(text, EXPECT_TEXT_MAX));
    (void)fprintf(stderr, "  %s\n", line);
    shown = text_begin(line, sizeof line);
    text_add_untrusted(&shown, text, wrong);
    int columns = 0;
    for (size_t at = 0; at < shown.len; at++)
        columns += ((unsigned char)line[at] & 0xc0) != 0x80;
    (void)fprintf(stderr, "  %*s^\n", columns, "");
}

static int take_expect(struct words *words, const char *value)
{
    struct run_options *options = words->options;
    struct err trouble;
    size_t wrong = 0;
    if (options->expect_count == RUN_EXPECTS_MAX)
        return err_set(words->err, EINVAL, "more than %u times --expect; leave some out",
                       RUN_EXPECTS_MAX);
    int failed = expect_parse(&options->expects[options->expect_count++], value, &wrong, &trouble);
    if (!failed)
        return 0;
    point_at(value, wrong);
    return err_set(words->err, -failed, "--expect, at character %zu: %s", wrong + 1, trouble.text);
}

static int take_option(struct words *words)
{
    struct run_options *options = words->options;
    const char *word = *words->at, *value = word;
    int failed = 0;
    if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        options->help = true;
    else if (strcmp(word, "--quiet") == 0)
        options->quiet = true;
    else if (takes(words, "--expect", &value))
        failed = take_expect(words, value);
    else if (takes(words, "--sandbox", &value))
        failed = take_sandbox(words, value);
    else if (takes(words, "--wait", &value))
        failed = take_wait(words, value);
    else if (takes(words, "--json", &value))
        options->json_path = value;
    else if (takes(words, "--junit", &value))
        options->junit_path = value;
    else if (takes(words, "--write", &value) || takes_letter(words, "-w", &value))
        options->write_path = value;
    else if (takes(words, "--interface", &value) || takes_letter(words, "-i", &value))
        options->interface = value;
    else
        return err_set(words->err, EINVAL, "unknown option \"%.80s\"; see loflow run --help", word);
    if (!failed && *value == '\0')
        return err_set(words->err, EINVAL, "%.80s wants a value; see loflow run --help", word);
    return failed;
}

static int take_words(struct run_options *options, char **at, struct err *err)
{
    struct words words = {at, options, err};
    options->wait_ns = RUN_WAIT_NS;
    for (; *words.at && **words.at == '-' && strcmp(*words.at, "--") != 0; words.at++) {
        int failed = take_option(&words);
        if (failed)
            return failed;
    }
    if (*words.at && strcmp(*words.at, "--") == 0)
        words.at++;
    options->argv = words.at;
    if (!*words.at && !options->help)
        return err_set(err, EINVAL, "which command? As in: loflow run -- curl localhost:3000");
    if (options->write_path && strcmp(options->write_path, "-") == 0)
        return err_set(err, EINVAL, "-w -: standard output is the command's; name a file");
    return 0;
}

/* The command runs; returns when it has ended. */
static int watch(struct run *run, struct session *session, struct err *err)
{
    int failed = loop_run(session, err);
    if (failed)
        return failed;
    signals_stop_outliving();
    session_finish(session);
    failed = run_tell(run, err);
    if (session->failed) {
        *err = session->trouble;
        return session->failed;
    }
    return failed;
}

/* Whoever reads the file of --junit shall know of it, too. */
static int tell_start(struct run *run, int failed, struct err *err)
{
    struct err trouble;
    run->result.trouble = err->text;
    (void)run_tell(run, &trouble);
    return failed;
}

static int capture(struct run *run, struct session *session, int *status, struct err *err)
{
    struct options options = {.to_do = DO_CAPTURE,
                              .interface = run->options->interface,
                              .write_path = run->options->write_path,
                              .filter = (char[]){""},
                              .sandbox = run->options->sandbox,
                              .json = run->options->json_path != NULL,
                              .run = run};
    int failed = run_open(run, err);
    if (!failed)
        failed = session_open(session, &options, err);
    if (!failed)
        failed = run_start(run, session, err);
    /* It has our rights, and we have them no more. */
    if (!failed)
        failed = confine_live(session, err);
    if (failed) {
        if (run->child.ended)
            *status = run->child.status;
        return tell_start(run, failed, err);
    }
    failed = watch(run, session, err);
    *status = failed ? EXIT_FAILURE : run_status(run);
    return failed;
}

int run_command(char **words, int *status, struct err *err)
{
    static struct run_options options;
    int failed = take_words(&options, words, err);
    if (failed)
        return failed;
    if (options.help) {
        (void)fputs(help, stdout);
        return 0;
    }
    failed = confine_check(options.sandbox, err);
    if (failed)
        return failed;
    struct run *run = calloc(1, sizeof *run);
    struct session *session = calloc(1, sizeof *session);
    if (run && session) {
        run->options = &options;
        failed = capture(run, session, status, err);
        session_close(session);
        run_close(run);
    } else {
        failed = err_set(err, ENOMEM, "no memory to start; close other programs");
    }
    free(session);
    free(run);
    return failed;
}
