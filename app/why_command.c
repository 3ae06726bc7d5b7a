#include "app/why_command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/causes.h"
#include "app/confine.h"
#include "app/value.h"
#include "base/clock.h"
#include "base/out.h"
#include "diagnose/diagnoser.h"
#include "report/json_write.h"
#include "report/ports_report.h"
#include "report/report.h"

static const char help[] =
    "loflow why [OPTIONS] [[HOST:]PORT]: why do connections to this port fail?\n\n"
    "Says at once what this machine knows of the port, then watches it and says what goes wrong,\n"
    "with the evidence and what to do, until Ctrl-C. Without a port: whatever fails.\n\n"
    "      --wait S      watch for S seconds; 0: only what is known at once\n"
    "      --json        print NDJSON: listeners, diagnoses\n"
    "      --sandbox HOW best (default), strict: refuse without all of it, or off\n"
    "  -i, --interface NAME  watch this interface (default: loopback)\n"
    "  -h, --help        print this help\n\n"
    "HOST is an address or localhost, as in: loflow why '[::1]:3000'\n";

struct words {
    const char *target; /* NULL: none */
    const char *interface;
    int64_t wait_ns; /* -1: until told to stop */
    bool json;
    bool help;
    enum sandbox_wish sandbox;
};

/* What is known at once. */
struct answer {
    const struct words *taken;
    const struct tuple *targets;
    int count;
    struct out out;
};

static int take_wait(struct words *taken, const char *value, struct err *err)
{
    if (value && value_seconds(value, VALUE_WAIT_MOST_S, &taken->wait_ns))
        return 0;
    return err_set(err, EINVAL, "--wait wants seconds, from 0 to 1000000");
}

static int take_sandbox(struct words *taken, const char *value, struct err *err)
{
    if (value && sandbox_parse(value, &taken->sandbox))
        return 0;
    return err_set(err, EINVAL, "--sandbox wants best, strict or off");
}

/* The value of an option: behind its "=", or the next word. */
static const char *value_of(char ***words, const char *name)
{
    const char *word = **words;
    size_t len = strlen(name);
    if (word[len] == '=')
        return word + len + 1;
    if ((*words)[1])
        ++*words;
    else
        return NULL;
    return **words;
}

static bool is_option(const char *word, const char *name)
{
    size_t len = strlen(name);
    return strncmp(word, name, len) == 0 && (word[len] == '\0' || word[len] == '=');
}

static int take_word(struct words *taken, char ***words, struct err *err)
{
    const char *word = **words;
    if (is_option(word, "--wait"))
        return take_wait(taken, value_of(words, "--wait"), err);
    if (is_option(word, "--sandbox"))
        return take_sandbox(taken, value_of(words, "--sandbox"), err);
    if (is_option(word, "--interface") || strcmp(word, "-i") == 0) {
        taken->interface = value_of(words, word[1] == 'i' ? "-i" : "--interface");
        return taken->interface ? 0 : err_set(err, EINVAL, "-i wants the name of an interface");
    }
    if (strcmp(word, "--json") == 0)
        taken->json = true;
    else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0)
        taken->help = true;
    else if (*word == '-')
        return err_set(err, EINVAL, "unknown option \"%.80s\"; see loflow why --help", word);
    else if (taken->target)
        return err_set(err, EINVAL, "one port at a time; loflow why alone watches all");
    else
        taken->target = word;
    return 0;
}

static bool take_address(const char *word, struct tuple *tuple)
{
    uint8_t octets[16];
    *tuple = (struct tuple){.protocol = PROTOCOL_TCP};
    if (inet_pton(AF_INET, word, octets) == 1) {
        tuple->family = 4;
        tuple->address[1] = address_from_ipv4(octets);
        return true;
    }
    tuple->family = 6;
    if (inet_pton(AF_INET6, word, octets) != 1)
        return false;
    tuple->address[1] = address_from_ipv6(octets);
    return true;
}

int why_targets(const char *word, struct tuple targets[WHY_TARGETS_MAX], struct err *err)
{
    char host[64] = "localhost";
    uint16_t port = 0;
    const char *colon = strrchr(word, ':');
    const char *number = colon ? colon + 1 : word;
    const char *begin = *word == '[' ? word + 1 : word;
    size_t len = colon ? (size_t)(colon - begin) : 0;
    if (*word == '[')
        len = colon && colon[-1] == ']' ? len - 1 : sizeof host;
    bool is_good = value_port(number, &port) && len < sizeof host;
    if (is_good && colon) {
        memcpy(host, begin, len);
        host[len] = '\0';
    }
    if (is_good && strcmp(host, "localhost") == 0) {
        (void)take_address("127.0.0.1", &targets[0]);
        (void)take_address("::1", &targets[1]);
        targets[0].port[1] = targets[1].port[1] = port;
        return 2;
    }
    if (is_good && take_address(host, &targets[0])) {
        targets[0].port[1] = port;
        return 1;
    }
    return err_set(err, EINVAL,
                   "\"%.80s\" is no port: say 3000, 127.0.0.1:3000, [::1]:3000 or localhost:3000",
                   word);
}

static void print_text(struct out *out, const char *before, const struct text *text)
{
    char line[2048];
    struct text safe = text_begin(line, sizeof line);
    text_add_untrusted(&safe, text->at, text->len);
    out_format(out, "%s%s\n", before, line);
}

static void print_verdict(struct out *out, const struct tuple *target,
                          const struct diagnosis *diagnosis, bool fails)
{
    char line[1024];
    struct text text = text_begin(line, sizeof line);
    text_add_endpoint(&text, target, 1);
    if (fails)
        text_add(&text, "  %s (%s)", code_word(diagnosis->code),
                 certainty_word(diagnosis->certainty));
    else
        text_add_string(&text, "  would be answered");
    print_text(out, "", &text);
    if (!fails)
        return;
    text = text_begin(line, sizeof line);
    text_add_summary(&text, diagnosis);
    print_text(out, "    ", &text);
    for (unsigned at = 0;; at++) {
        text = text_begin(line, sizeof line);
        if (!text_add_advice(&text, diagnosis, at))
            return;
        print_text(out, "      -> ", &text);
    }
}

/* What a connection would meet now. */
static int print_verdicts(struct answer *answer, struct host *host, struct err *err)
{
    bool json = answer->taken->json;
    struct diagnoser *diagnoser = NULL;
    int failed = diagnoser_open(&diagnoser, host, err);
    for (int at = 0; !failed && at < answer->count; at++) {
        const struct tuple *target = &answer->targets[at];
        struct diagnosis diagnosis;
        bool fails = diagnoser_endpoint(diagnoser, target, clock_wall_ns(), &diagnosis);
        if (json && fails)
            json_write_diagnosis(&answer->out, &diagnosis);
        if (json)
            continue;
        diagnosis_set_text(&diagnosis, FACT_CLIENT_COMM, "you");
        print_verdict(&answer->out, target, &diagnosis, fails);
    }
    /* Who watches is told by the watch. */
    bool is_all = answer->taken->wait_ns == 0;
    if (!failed && !json && is_all && host_missing(host) & HOST_MISSING_NETNS &&
        !helper_is_lost(host_helper(host)))
        out_string(&answer->out, "  " CAUSES_NO_NETNS "\n");
    diagnoser_close(diagnoser);
    return failed;
}

static int print_ports(struct answer *answer, struct helper *helper, struct err *err)
{
    struct out *out = &answer->out;
    bool json = answer->taken->json;
    uint16_t port = answer->targets[0].port[1];
    struct host_ports ports;
    int failed = ports_collect(&ports, port, helper, err);
    if (failed)
        return failed;
    if (json)
        ports_report_json_rows(out, &ports);
    else if (ports.count > 0)
        ports_report_text(out, &ports);
    else
        out_format(out, "nothing listens on port %u\n", port);
    ports_free(&ports);
    return 0;
}

/* In this process, which then has no rights left. */
static int tell(struct answer *answer, struct err *err)
{
    struct host *host = NULL;
    struct helper *helper = NULL;
    out_open(&answer->out, STDOUT_FILENO, NULL);
    int failed = host_open(&host, &(struct host_options){.trace = false}, err);
    if (!failed)
        failed = confine_question("why answer", answer->taken->sandbox, host, &helper, err);
    if (!failed)
        failed = print_ports(answer, helper, err);
    if (!failed)
        failed = print_verdicts(answer, host, err);
    if (!failed && helper_is_lost(helper))
        failed = err_set(err, -helper_error(helper),
                         "processes and other network namespaces were not looked into: %s",
                         helper_trouble(helper));
    host_close(host);
    helper_close(helper);
    int written = out_flush(&answer->out);
    if (!failed && written != 0 && written != -EPIPE)
        return err_set(err, -written, "standard output cannot be written: %s", strerror(-written));
    return failed;
}

/* What became of it in the other process. */
struct outcome {
    int failed;
    struct err err;
};

static int take_outcome(int fd, struct err *err)
{
    struct outcome outcome;
    ssize_t got = 0;
    do {
        got = read(fd, &outcome, sizeof outcome);
    } while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof outcome)
        return err_set(err, EPIPE, "the first answer failed; try --sandbox=off");
    *err = outcome.err;
    return outcome.failed;
}

/* In a process of its own: the one that goes on to capture needs its rights still. */
static int tell_apart(struct answer *answer, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, errno, "no process to look with: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        struct outcome outcome = {.err = {.text = ""}};
        outcome.failed = tell(answer, &outcome.err);
        _exit(write(ends[1], &outcome, sizeof outcome) == (ssize_t)sizeof outcome ? 0 : 1);
    }
    int failed = pid < 0 ? err_set(err, errno, "no process to look with: %s", strerror(errno)) : 0;
    (void)close(ends[1]);
    if (!failed)
        failed = take_outcome(ends[0], err);
    (void)close(ends[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return failed;
}

static int answer_first(const struct words *taken, const struct tuple *targets, int count,
                        struct err *err)
{
    struct answer *answer = malloc(sizeof *answer);
    if (!answer)
        return err_set(err, ENOMEM, "no memory to look; close other programs");
    answer->taken = taken;
    answer->targets = targets;
    answer->count = count;
    bool is_all = taken->wait_ns == 0 || taken->sandbox == SANDBOX_OFF;
    int failed = is_all ? tell(answer, err) : tell_apart(answer, err);
    free(answer);
    return failed;
}

/* An ICMP error names the port only inside the packet that it quotes. */
static int set_filter(struct options *options, uint16_t port, struct err *err)
{
    const size_t size = 64;
    options->filter = calloc(1, size);
    if (!options->filter)
        return err_set(err, ENOMEM, "no memory for the filter; close other programs");
    if (port != 0)
        (void)snprintf(options->filter, size, "port %u or icmp or icmp6", port);
    return 0;
}

int why_command(struct options *options, char **words, struct err *err)
{
    struct words taken = {.wait_ns = -1};
    struct tuple targets[WHY_TARGETS_MAX] = {0};
    int count = 0, failed = 0;
    for (; !failed && *words; words++)
        failed = take_word(&taken, &words, err);
    *options = (struct options){.to_do = DO_NOTHING};
    if (!failed && taken.help)
        (void)fputs(help, stdout);
    if (failed || taken.help)
        return failed;
    if (taken.target)
        count = why_targets(taken.target, targets, err);
    if (count < 0)
        return count;
    if (count > 0)
        failed = answer_first(&taken, targets, count, err);
    if (failed || taken.wait_ns == 0)
        return failed;
    options->to_do = DO_CAPTURE;
    options->why = true;
    options->why_port = count > 0 ? targets[0].port[1] : 0;
    options->json = taken.json;
    options->sandbox = taken.sandbox;
    options->interface = taken.interface;
    options->duration_ns = taken.wait_ns > 0 ? taken.wait_ns : 0;
    return set_filter(options, options->why_port, err);
}
