#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/child.h"
#include "app/config.h"
#include "app/confine.h"
#include "app/crash.h"
#include "app/features.h"
#include "app/loop.h"
#include "app/manual.h"
#include "app/options.h"
#include "app/ports_command.h"
#include "app/run_command.h"
#include "app/session.h"
#include "app/signals.h"
#include "app/why_command.h"

enum exit_status { EXIT_GOOD = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_SANDBOX = 4 };

/* The sentence may hold words of a file or of libpcap: nothing in it may act on the terminal. */
static int fail(const struct err *err, int failed)
{
    char shown[ERR_TEXT_MAX * 4];
    struct text text = text_begin(shown, sizeof shown);
    text_add_untrusted(&text, err->text, strlen(err->text));
    (void)fprintf(stderr, "loflow: %s\n", shown);
    if (failed == -SANDBOX_MISSING)
        return EXIT_SANDBOX;
    return failed == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
}

static void print_interface(void *context, unsigned number, const char *name,
                            const char *description)
{
    (void)context;
    char line[512];
    struct text text = text_begin(line, sizeof line);
    text_add_untrusted(&text, name, strlen(name));
    if (description[0] != '\0') {
        text_add(&text, " (");
        text_add_untrusted(&text, description, strlen(description));
        text_add(&text, ")");
    }
    (void)printf("%u.%s\n", number, line);
}

static int list_interfaces(struct err *err)
{
    int failed = source_list_interfaces(print_interface, NULL, err);
    return failed ? fail(err, failed) : EXIT_GOOD;
}

static int capture(const struct options *options, struct err *err)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session) {
        (void)err_set(err, ENOMEM, "no memory to start; close other programs");
        return fail(err, -ENOMEM);
    }
    int failed = signals_open(err);
    if (!failed)
        failed = session_open(session, options, err);
    if (!failed)
        failed = loop_run(session, err);
    if (!failed) {
        session_finish(session);
        failed = session->failed;
        *err = session->trouble;
    }
    session_close(session);
    free(session);
    return failed ? fail(err, failed) : EXIT_GOOD;
}

static void print_version(void)
{
    char features[FEATURES_MAX];
    struct text text = text_begin(features, sizeof features);
    text_add_features(&text);
    (void)printf("loflow " LOFLOW_VERSION "\n%s\n", features);
}

/* Not what is built in, but what holds here and now. */
static int print_sandbox(struct err *err)
{
    int failed = confine_to_tell(err);
    const struct sandbox_layer *layers = sandbox_layers();
    if (failed)
        return fail(err, failed);
    for (int layer = 0; layer < LAYER_COUNT; layer++)
        (void)printf("sandbox, %s: %s%s\n", sandbox_layer_word(layer),
                     layers[layer].holds ? "" : "missing, ", layers[layer].words);
    return EXIT_GOOD;
}

static int run(const struct options *options, struct err *err)
{
    switch (options->to_do) {
    case DO_HELP:
        options_print_help(stdout);
        return EXIT_GOOD;
    case DO_MANUAL:
        manual_print(stdout);
        return EXIT_GOOD;
    case DO_COMPLETION:
        completion_print(stdout, options->completion);
        return EXIT_GOOD;
    case DO_CHECK_CONFIG:
        return config_check(options) ? EXIT_GOOD : EXIT_FAILED;
    case DO_VERSION:
        print_version();
        return options->verbose ? print_sandbox(err) : EXIT_GOOD;
    case DO_LIST:
        return list_interfaces(err);
    case DO_NOTHING:
        return EXIT_GOOD;
    default:
        return capture(options, err);
    }
}

/* A descriptor 0, 1 or 2 that is closed would be given to the next file or socket that is opened,
 * and what is printed would go there. */
static int guard_descriptors(struct err *err)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        if (open("/dev/null", O_RDWR | O_NOCTTY) != fd)
            return err_set(err, EBADF, "descriptor %d is closed and cannot be opened", fd);
        if (fd == STDOUT_FILENO)
            return err_set(err, EBADF, "standard output is closed; redirect it to a file");
    }
    return 0;
}

/* What stdio still holds of --help and its like. */
static int flush_stdout(int status, struct err *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return fail(err, err_set(err, EIO, "standard output cannot be written: %s", strerror(errno)));
}

static int watch_command(char **words, struct err *err)
{
    int status = -1;
    int failed = run_command(words, &status, err);
    int told = failed ? fail(err, failed) : flush_stdout(EXIT_GOOD, err);
    return status >= 0 ? status : told;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct err err = {0};
    child_note_inherited();
    (void)setlocale(LC_ALL, "");
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    crash_prepare();
    int failed = guard_descriptors(&err);
    if (!failed && argc > 1 && strcmp(argv[1], "ports") == 0) {
        failed = ports_command(argv + 2, &err);
        return failed ? fail(&err, failed) : flush_stdout(EXIT_GOOD, &err);
    }
    if (!failed && argc > 1 && strcmp(argv[1], "run") == 0)
        return watch_command(argv + 2, &err);
    if (!failed && argc > 1 && strcmp(argv[1], "why") == 0)
        failed = why_command(&options, argv + 2, &err);
    else if (!failed)
        failed = options_parse(&options, argc, argv, &err);
    int status = failed ? fail(&err, failed) : flush_stdout(run(&options, &err), &err);
    options_free(&options);
    return status;
}
