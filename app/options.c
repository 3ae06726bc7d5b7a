#include "app/options.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/value.h"
#include "base/text.h"

enum option_id {
#define OPTION(ID, letter, name, argument, help) OPTION_##ID,
#include "app/option.def"
#undef OPTION
    OPTION_COUNT_OF
};

struct option_row {
    char letter;
    const char *name;
    const char *argument;
    const char *help;
};

static const struct option_row rows[OPTION_COUNT_OF] = {
#define OPTION(ID, letter, name, argument, help) {letter, name, argument, help},
#include "app/option.def"
#undef OPTION
};

/* getopt_long returns letters as themselves and this plus the id for long names. */
#define LONG_BASE 256

#define WRITTEN_MAX 64

#define FLOW_ID_MAX INT64_MAX

/* "-r/--read": as the user may have written it. */
static void write_option(const struct option_row *row, char written[WRITTEN_MAX])
{
    if (row->letter)
        (void)snprintf(written, WRITTEN_MAX, "-%c/--%s", row->letter, row->name);
    else
        (void)snprintf(written, WRITTEN_MAX, "--%s", row->name);
}

static int parse_number(const struct option_row *row, const char *text, uint64_t least,
                        uint64_t most, uint64_t *number, struct err *err)
{
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    bool bad = errno || end == text || *end != '\0' || strchr(text, '-');
    char written[WRITTEN_MAX];
    write_option(row, written);
    if (bad || value < least || value > most)
        return err_set(err, EINVAL, "%s wants a whole number from %llu to %llu, not \"%.80s\"",
                       written, (unsigned long long)least, (unsigned long long)most, text);
    *number = value;
    return 0;
}

static int parse_seconds(const struct option_row *row, const char *text, int64_t *span_ns,
                         struct err *err)
{
    if (!value_seconds(text, 1e9, span_ns) || *span_ns == 0)
        return err_set(err, EINVAL, "--%s wants seconds above 0, such as 10 or 0.5, not \"%.80s\"",
                       row->name, text);
    return 0;
}

static int take_number(struct options *options, enum option_id id, const char *text,
                       struct err *err)
{
    static const struct {
        uint64_t least, most;
    } bounds[OPTION_COUNT_OF] = {
        [OPTION_SNAPLEN] = {0, 262144},         [OPTION_BUFFER] = {64, 2097151},
        [OPTION_COUNT] = {1, UINT64_MAX},       [OPTION_ROTATE_SIZE] = {1, 1000000000},
        [OPTION_ROTATE_TIME] = {1, UINT32_MAX}, [OPTION_ROTATE_COUNT] = {1, 1000000},
        [OPTION_MAX_FLOWS] = {1, 64u << 20},    [OPTION_FLOW] = {1, FLOW_ID_MAX},
        [OPTION_FOLLOW] = {1, FLOW_ID_MAX},     [OPTION_MAX_MEMORY] = {1, 1u << 20},
    };
    uint64_t number = 0;
    int failed = parse_number(&rows[id], text, bounds[id].least, bounds[id].most, &number, err);
    if (failed)
        return failed;
    switch (id) {
    case OPTION_SNAPLEN:
        options->snaplen = (uint32_t)number;
        break;
    case OPTION_BUFFER:
        options->buffer_size = (uint32_t)number * 1024;
        break;
    case OPTION_COUNT:
        options->packet_limit = number;
        break;
    case OPTION_ROTATE_SIZE:
        options->rotate_bytes = number * 1000000;
        break;
    case OPTION_ROTATE_TIME:
        options->rotate_seconds = (uint32_t)number;
        break;
    case OPTION_ROTATE_COUNT:
        options->rotate_count = (uint32_t)number;
        break;
    case OPTION_MAX_MEMORY:
        options->max_memory = number << 20;
        break;
    case OPTION_FLOW:
        options->flow_id = number;
        break;
    case OPTION_FOLLOW:
        options->follow_id = number;
        break;
    default:
        options->max_flows = (uint32_t)number;
        break;
    }
    return 0;
}

/* Words and flags are only kept. Where no place is named it is 0, and `to_do` lies there. */
static bool take_plain(struct options *options, enum option_id id, const char *text)
{
    static_assert(offsetof(struct options, to_do) == 0, "neither a word nor a flag is there");
#define PLACE(member) offsetof(struct options, member)
    static const size_t words[OPTION_COUNT_OF] = {
        [OPTION_INTERFACE] = PLACE(interface),    [OPTION_READ] = PLACE(read_path),
        [OPTION_WRITE] = PLACE(write_path),       [OPTION_FILTER_FILE] = PLACE(filter_path),
        [OPTION_STREAM_DIR] = PLACE(stream_path), [OPTION_CONFIG] = PLACE(config_path),
    };
    static const size_t flags[OPTION_COUNT_OF] = {
        [OPTION_JSON] = PLACE(json),         [OPTION_REPORT] = PLACE(report),
        [OPTION_PACKETS] = PLACE(packets),   [OPTION_HEX] = PLACE(hex),
        [OPTION_RAW] = PLACE(raw),           [OPTION_STREAM_DIGEST] = PLACE(stream_digest),
        [OPTION_AUDIT] = PLACE(audit),       [OPTION_NO_UI] = PLACE(no_ui),
        [OPTION_NO_MOUSE] = PLACE(no_mouse), [OPTION_VERBOSE] = PLACE(verbose),
    };
#undef PLACE
    char *bytes = (char *)options;
    if (words[id])
        memcpy(bytes + words[id], &text, sizeof text);
    if (flags[id])
        *(bool *)(bytes + flags[id]) = true;
    return words[id] || flags[id];
}

static int take_theme(struct options *options, const char *text, struct err *err)
{
    options->theme_chosen = theme_parse(text, strlen(text), &options->theme);
    if (options->theme_chosen)
        return 0;
    return err_set(err, EINVAL, "--theme wants dark, light, contrast or mono, not \"%.80s\"", text);
}

static int take_sandbox(struct options *options, const char *text, struct err *err)
{
    if (sandbox_parse(text, &options->sandbox))
        return 0;
    return err_set(err, EINVAL, "--sandbox wants best, strict or off, not \"%.80s\"", text);
}

static int take_shell(struct options *options, const char *text, struct err *err)
{
    if (completion_parse(text, &options->completion))
        return 0;
    return err_set(err, EINVAL, "--completion knows bash, zsh and fish, not \"%.80s\"", text);
}

static int take(struct options *options, enum option_id id, const char *text, struct err *err)
{
    char written[WRITTEN_MAX];
    write_option(&rows[id], written);
    if (rows[id].argument && *text == '\0')
        return err_set(err, EINVAL, "%s wants a value that is not empty; see loflow --help",
                       written);
    if (take_plain(options, id, text))
        return 0;
    switch (id) {
    case OPTION_NUMERIC:
        return 0;
    case OPTION_LIST:
        options->to_do = DO_LIST;
        return 0;
    case OPTION_HELP:
        options->to_do = DO_HELP;
        return 0;
    case OPTION_MANUAL:
        options->to_do = DO_MANUAL;
        return 0;
    case OPTION_CHECK_CONFIG:
        options->to_do = DO_CHECK_CONFIG;
        return 0;
    case OPTION_COMPLETION:
        options->to_do = DO_COMPLETION;
        return take_shell(options, text, err);
    case OPTION_THEME:
        return take_theme(options, text, err);
    case OPTION_SANDBOX:
        return take_sandbox(options, text, err);
    case OPTION_VERSION:
        options->to_do = DO_VERSION;
        return 0;
    case OPTION_DURATION:
        return parse_seconds(&rows[id], text, &options->duration_ns, err);
    default:
        return take_number(options, id, text, err);
    }
}

static int check_streams(const struct options *options, struct err *err)
{
    if (options->flow_id && !options->packets)
        return err_set(err, EINVAL, "--flow chooses packets; give --packets as well");
    if ((options->hex || options->raw) && !options->follow_id)
        return err_set(err, EINVAL, "--hex and --raw say how --follow prints; give it as well");
    if (options->hex && options->raw)
        return err_set(err, EINVAL, "--hex and --raw exclude each other; give one of them");
    if (options->follow_id && !options->read_path)
        return err_set(err, EINVAL, "--follow prints a flow of a capture; name one with -r");
    if (options->follow_id && options->stream_path)
        return err_set(err, EINVAL,
                       "--follow and --stream-dir exclude each other; give one of them");
    return 0;
}

static int check_together(const struct options *options, struct err *err)
{
    int outputs = options->json + options->report + options->packets + (options->follow_id > 0);
    if (outputs > 1)
        return err_set(err, EINVAL,
                       "--json, --report, --packets and --follow exclude each other; give one of "
                       "them");
    int failed = check_streams(options, err);
    if (failed)
        return failed;
    if (options->stream_digest && !options->json)
        return err_set(err, EINVAL, "--stream-digest adds keys to JSON; give --json as well");
    if (options->read_path && options->interface)
        return err_set(err, EINVAL, "-r reads a file and -i captures; give one of them");
    bool rotates = options->rotate_bytes || options->rotate_seconds || options->rotate_count;
    if (rotates && !options->write_path)
        return err_set(err, EINVAL, "-C, -G and -W say how to write files; give -w FILE as well");
    if (options->rotate_count && !options->rotate_bytes && !options->rotate_seconds)
        return err_set(err, EINVAL, "-W counts the files of -C or -G; give one of them as well");
    if (rotates && strcmp(options->write_path, "-") == 0)
        return err_set(err, EINVAL, "-C, -G and -W need files; standard output is only one");
    return 0;
}

/* Joins the trailing words as tcpdump does. */
static int join_words(struct options *options, char **words, struct err *err)
{
    size_t len = 1;
    for (char **word = words; *word; word++)
        len += strlen(*word) + 1;
    if (len > FILTER_MAX)
        return err_set(err, EINVAL, "the filter is longer than %d bytes; shorten it", FILTER_MAX);
    options->filter = calloc(1, len);
    if (!options->filter)
        return err_set(err, ENOMEM, "no memory for the filter; close other programs");
    char *at = options->filter;
    for (char **word = words; *word; word++) {
        if (word != words)
            *at++ = ' ';
        size_t word_len = strlen(*word);
        memcpy(at, *word, word_len);
        at += word_len;
    }
    return 0;
}

static int read_filter(struct options *options, struct err *err)
{
    int fd = open(options->filter_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, errno, "cannot read the filter from %s: %s", options->filter_path,
                       strerror(errno));
    options->filter = calloc(1, FILTER_MAX + 1);
    ssize_t len = options->filter ? 0 : -1;
    ssize_t got = 0;
    while (len >= 0 && len < FILTER_MAX &&
           (got = read(fd, options->filter + len, (size_t)(FILTER_MAX - len))) > 0)
        len += got;
    int code = errno;
    (void)close(fd);
    if (got < 0)
        return err_set(err, code, "cannot read the filter from %s: %s", options->filter_path,
                       strerror(code));
    if (len < 0)
        return err_set(err, ENOMEM, "no memory for the filter; close other programs");
    while (len > 0 && strchr(" \t\r\n", options->filter[len - 1]))
        options->filter[--len] = '\0';
    if (len == FILTER_MAX)
        return err_set(err, EINVAL, "the filter in %s is longer than %d bytes; shorten it",
                       options->filter_path, FILTER_MAX);
    return 0;
}

static int parse_argv(struct options *options, int argc, char **argv, struct err *err)
{
    struct option longs[OPTION_COUNT_OF + 1] = {0};
    char shorts[OPTION_COUNT_OF * 2 + 2] = "+:";
    size_t len = strlen(shorts);
    for (int id = 0; id < OPTION_COUNT_OF; id++) {
        longs[id].name = rows[id].name;
        longs[id].has_arg = rows[id].argument ? required_argument : no_argument;
        longs[id].val = LONG_BASE + id;
        if (rows[id].letter)
            shorts[len++] = rows[id].letter;
        if (rows[id].letter && rows[id].argument)
            shorts[len++] = ':';
    }
    shorts[len] = '\0';
    opterr = 0;
    optind = 0;
    int got = 0;
    while ((got = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const char *word = argv[optind > 0 ? optind - 1 : 0];
        if (got == '?')
            return err_set(err, EINVAL, "unknown or ambiguous option \"%.80s\"; see loflow --help",
                           word);
        if (got == ':')
            return err_set(err, EINVAL, "option \"%.80s\" wants a value; see loflow --help", word);
        int id = got - LONG_BASE;
        for (int row = 0; got < LONG_BASE && row < OPTION_COUNT_OF; row++) {
            if (rows[row].letter == got)
                id = row;
        }
        int failed = take(options, (enum option_id)id, optarg, err);
        if (failed)
            return failed;
    }
    return 0;
}

int options_parse(struct options *options, int argc, char **argv, struct err *err)
{
    *options = (struct options){.to_do = DO_CAPTURE};
    int failed = parse_argv(options, argc, argv, err);
    if (!failed)
        failed = check_together(options, err);
    if (failed)
        return failed;
    if (options->filter_path && optind < argc)
        return err_set(err, EINVAL,
                       "the filter is in a file (-F) and in \"%.80s\"; give one of them",
                       argv[optind]);
    return options->filter_path ? read_filter(options, err)
                                : join_words(options, argv + optind, err);
}

void options_free(struct options *options)
{
    free(options->filter);
    options->filter = NULL;
}

bool options_tell(unsigned number, struct option_told *told)
{
    if (number >= OPTION_COUNT_OF)
        return false;
    const struct option_row *row = &rows[number];
    struct text text = text_begin(told->names, sizeof told->names);
    if (row->letter)
        text_add(&text, "-%c, ", row->letter);
    text_add(&text, "--%s%s%s", row->name, row->argument ? " " : "",
             row->argument ? row->argument : "");
    told->letter = row->letter;
    told->name = row->name;
    told->argument = row->argument;
    told->help = row->help;
    return true;
}

void options_print_help(FILE *stream)
{
    (void)fputs(
        "loflow shows every TCP connection on the loopback interface as one row, and which "
        "of them\nwere refused, reset or never answered.\n\n"
        "  loflow [OPTIONS] [FILTER]          live on lo: full screen on a terminal, one "
        "line per event otherwise\n"
        "  loflow -r FILE [OPTIONS] [FILTER]  the same over a capture; a text report when "
        "not on a terminal\n"
        "  loflow run [OPTIONS] -- CMD...     watch what a command does; see loflow run --help\n"
        "  loflow why [[HOST:]PORT]           why connections to it fail; see loflow why --help\n"
        "  loflow ports [PORT]                who listens where; see loflow ports --help\n\n"
        "FILTER is a pcap-filter(7) expression, such as: tcp port 3000\n\nOptions:\n",
        stream);
    struct option_told told;
    for (unsigned id = 0; options_tell(id, &told); id++)
        (void)fprintf(stream, "  %s%-*s %s\n", rows[id].letter ? "" : "    ",
                      rows[id].letter ? 30 : 26, told.names, told.help);
    (void)fputs("\nExit status: 0 good, 1 failed, 2 wrong usage, 4 --sandbox=strict and a layer is "
                "missing.\n"
                "Keys on the screen: press ? there.\n",
                stream);
}
