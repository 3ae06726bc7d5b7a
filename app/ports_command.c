#include "app/ports_command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/confine.h"
#include "app/value.h"
#include "host/ports.h"
#include "report/ports_report.h"

static const char help[] =
    "loflow ports [OPTIONS] [PORT]: who listens where on this machine\n\n"
    "  -t           print the pids of the listeners and nothing else, as in: kill $(loflow ports "
    "-t "
    "3000)\n"
    "      --json   print one JSON object a listener, and a summary\n"
    "      --sandbox=HOW  best (default), strict: refuse without all of it, or off\n"
    "  -h, --help   print this help\n\n"
    "queue is how many connections wait to be accepted, and how many may. open and time-wait are\n"
    "TCP connections of the port. A line with ^ says what is worth a second look.\n";

struct words {
    uint16_t port;
    bool pids;
    bool json;
    bool help;
    enum sandbox_wish sandbox;
};

static int take_port(struct words *taken, const char *word, struct err *err)
{
    uint16_t port = 0;
    if (!value_port(word, &port))
        return err_set(err, EINVAL, "a port is a number from 1 to 65535, not \"%.80s\"", word);
    if (taken->port != 0)
        return err_set(err, EINVAL, "one port at a time; loflow ports alone lists all");
    taken->port = port;
    return 0;
}

static int take_sandbox(struct words *taken, const char *word, struct err *err)
{
    if (sandbox_parse(word, &taken->sandbox))
        return 0;
    return err_set(err, EINVAL, "--sandbox wants best, strict or off, not \"%.80s\"", word);
}

static int take_words(struct words *taken, char **words, struct err *err)
{
    for (; *words; words++) {
        int failed = 0;
        if (strcmp(*words, "-t") == 0)
            taken->pids = true;
        else if (strcmp(*words, "--json") == 0)
            taken->json = true;
        else if (strncmp(*words, "--sandbox=", 10) == 0)
            failed = take_sandbox(taken, *words + 10, err);
        else if (strcmp(*words, "-h") == 0 || strcmp(*words, "--help") == 0)
            taken->help = true;
        else if (**words == '-')
            failed =
                err_set(err, EINVAL, "unknown option \"%.80s\"; see loflow ports --help", *words);
        else
            failed = take_port(taken, *words, err);
        if (failed)
            return failed;
    }
    if (taken->pids && taken->json)
        return err_set(err, EINVAL, "-t and --json exclude each other; give one of them");
    return 0;
}

static int print_ports(const struct words *taken, struct out *out, struct helper *helper,
                       struct err *err)
{
    struct host_ports ports;
    int failed = ports_collect(&ports, taken->port, helper, err);
    if (failed)
        return failed;
    if (taken->json)
        ports_report_json(out, &ports);
    else if (taken->pids)
        ports_report_pids(out, &ports);
    else if (ports.count > 0 || taken->port == 0)
        ports_report_text(out, &ports);
    if (ports.count == 0 && taken->port != 0)
        failed = err_set(err, ENOENT, "nobody listens on port %u", taken->port);
    ports_free(&ports);
    return failed;
}

int ports_command(char **words, struct err *err)
{
    struct words taken = {0};
    int failed = take_words(&taken, words, err);
    if (failed)
        return failed;
    if (taken.help) {
        (void)fputs(help, stdout);
        return 0;
    }
    struct out *out = malloc(sizeof *out);
    if (!out)
        return err_set(err, ENOMEM, "no memory to list ports; close other programs");
    out_open(out, STDOUT_FILENO, NULL);
    struct helper *helper = NULL;
    failed = confine_question("ports", taken.sandbox, NULL, &helper, err);
    if (!failed)
        failed = print_ports(&taken, out, helper, err);
    if (!failed && helper_is_lost(helper))
        failed = err_set(err, -helper_error(helper), "processes are missing: %s",
                         helper_trouble(helper));
    helper_close(helper);
    int written = out_flush(out);
    free(out);
    if (written != 0 && written != -EPIPE)
        return err_set(err, -written, "standard output cannot be written: %s", strerror(-written));
    return failed;
}
