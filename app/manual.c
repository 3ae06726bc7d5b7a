#include "app/manual.h"

#include <string.h>

#include "app/options.h"
#include "diagnose/diagnosis.h"
#include "flows/flow.h"
#include "ui/column.h"
#include "ui/command.h"
#include "ui/copy.h"
#include "ui/filter_word.h"
#include "ui/filter_word.h"
#include "ui/keymap.h"
#include "ui/theme.h"

#define NAME_MAX_LEN 256

/* Text in roff: a backslash begins an escape, a dot or quote at the begin of a line a request, and a
 * plain '-' would become a hyphen that cannot be copied. */
static void print(FILE *stream, const char *text)
{
    static const struct {
        char letter;
        const char *written;
    } escapes[] = {{'\\', "\\e"},  {'-', "\\-"},   {'\'', "\\(aq"}, {'^', "\\(ha"},
                   {'~', "\\(ti"}, {'`', "\\(ga"}, {'.', "\\&."}};
    for (; *text != '\0'; text++) {
        size_t at = 0;
        while (at < sizeof escapes / sizeof escapes[0] && escapes[at].letter != *text)
            at++;
        if (at < sizeof escapes / sizeof escapes[0])
            (void)fputs(escapes[at].written, stream);
        else
            (void)fputc(*text, stream);
    }
}

static void section(FILE *stream, const char *name)
{
    (void)fprintf(stream, ".SH %s\n", name);
}

/* The first of a section. */
static void begin(FILE *stream, const char *text)
{
    print(stream, text);
    (void)fputc('\n', stream);
}

static void paragraph(FILE *stream, const char *text)
{
    (void)fputs(".PP\n", stream);
    print(stream, text);
    (void)fputc('\n', stream);
}

/* A term in bold, and what it means. */
static void entry(FILE *stream, const char *term, const char *meaning)
{
    (void)fputs(".TP\n.B \"", stream);
    for (; *term != '\0'; term++) {
        if (*term == '"') {
            (void)fputs("\\(dq", stream);
        } else {
            char one[2] = {*term, '\0'};
            print(stream, one);
        }
    }
    (void)fputs("\"\n", stream);
    print(stream, meaning);
    (void)fputc('\n', stream);
}

static void example(FILE *stream, const char *const *lines)
{
    (void)fputs(".PP\n.RS 4\n.nf\n", stream);
    for (; *lines; lines++) {
        print(stream, *lines);
        (void)fputc('\n', stream);
    }
    (void)fputs(".fi\n.RE\n", stream);
}

static void print_synopsis(FILE *stream)
{
    static const struct {
        const char *words, *arguments;
    } forms[] = {
        {"loflow", "[OPTIONS] [FILTER]"},
        {"loflow -r", "FILE [OPTIONS] [FILTER]"},
        {"loflow run", "[OPTIONS] -- COMMAND..."},
        {"loflow why", "[[HOST:]PORT]"},
        {"loflow ports", "[PORT]"},
    };
    section(stream, "SYNOPSIS");
    for (size_t at = 0; at < sizeof forms / sizeof forms[0]; at++) {
        (void)fputs(at > 0 ? ".br\n.B " : ".B ", stream);
        print(stream, forms[at].words);
        (void)fputc('\n', stream);
        print(stream, forms[at].arguments);
        (void)fputc('\n', stream);
    }
}

static void print_options(FILE *stream)
{
    section(stream, "OPTIONS");
    begin(stream, "FILTER is a pcap-filter(7) expression in trailing words, as tcpdump(8) takes "
                  "it. Letters mean what they mean there.");
    struct option_told told;
    for (unsigned at = 0; options_tell(at, &told); at++)
        entry(stream, told.names, told.help);
}

static void print_keys(FILE *stream)
{
    static struct keymap keymap;
    keymap_begin(&keymap);
    section(stream, "KEYS");
    const struct key_context_row *context = NULL;
    for (unsigned number = 0; (context = keymap_context(number)) != NULL; number++) {
        if ((context->bits & (context->bits - 1)) != 0)
            continue; /* stands for several, which have their turn */
        (void)fputs(".SS ", stream);
        print(stream, context->word);
        (void)fputs(": ", stream);
        print(stream, context->meaning);
        (void)fputc('\n', stream);
        for (int action = 0; action < ACTION_COUNT; action++) {
            char names[NAME_MAX_LEN];
            struct text text = text_begin(names, sizeof names);
            keymap_write_keys_in(&keymap, context->bits, (enum key_action)action, &text);
            if (text.len == 0)
                continue;
            text_add_string(&text, "  ");
            keymap_write_action((enum key_action)action, &text);
            entry(stream, names, keymap_meaning((enum key_action)action));
        }
    }
    paragraph(stream,
              "The mouse presses words of the footer and tabs, chooses rows, opens them with "
              "two clicks, sorts by the heading it clicks on, and scrolls with its wheel. "
              "Most terminals still select text while Shift is held.");
}

static void print_commands(FILE *stream)
{
    section(stream, "COMMANDS");
    begin(stream, "After a colon on the screen; Tab completes them. Actions, as they are named "
                  "under KEYS, are commands, too.");
    for (int name = 0; name < COMMAND_COUNT; name++) {
        char words[NAME_MAX_LEN];
        struct text text = text_begin(words, sizeof words);
        text_add_string(&text, command_word((enum command_name)name));
        command_write_arguments((enum command_name)name, &text);
        entry(stream, words, command_meaning((enum command_name)name));
    }
    paragraph(stream, "Themes:");
    for (int theme = 0; theme < THEME_COUNT; theme++)
        entry(stream, theme_name((enum theme)theme), theme_meaning((enum theme)theme));
    paragraph(stream, "What can be copied:");
    for (int kind = 0; kind < COPY_KIND_COUNT; kind++)
        entry(stream, copy_word((enum copy_kind)kind), copy_meaning((enum copy_kind)kind));
}

static void print_columns(FILE *stream)
{
    section(stream, "COLUMNS");
    for (int column = 0; column < COLUMN_COUNT; column++) {
        char words[NAME_MAX_LEN];
        struct text text = text_begin(words, sizeof words);
        text_add(&text, "%s  ", column_heading((enum column)column));
        command_write_column((enum column)column, &text);
        entry(stream, words, column_meaning((enum column)column));
    }
    section(stream, "STATES");
    for (int state = 0; state < FLOW_STATE_COUNT; state++)
        entry(stream, flow_state_word((enum flow_state)state),
              flow_state_meaning((enum flow_state)state));
}

/* The meaning, what else it is called, and how it is used. */
static void print_field(FILE *stream, const struct filter_field_word *field)
{
    char words[4 * NAME_MAX_LEN];
    struct text text = text_begin(words, sizeof words);
    text_add(&text, "%s: %s", field->meaning, field->example);
    if (field->others[0] != '\0')
        text_add(&text, " (also %s)", field->others);
    entry(stream, field->name, words);
}

static void print_filters(FILE *stream)
{
    const char *line = NULL, *meaning = NULL, *word = NULL;
    section(stream, "FILTERS OF ROWS");
    begin(stream,
          "Behind a slash on the screen, or after the command filter. They leave out rows, not "
          "packets: for packets there is FILTER of the command line.");
    for (unsigned at = 0; (line = filter_example(at, &meaning)) != NULL; at++)
        entry(stream, line, meaning);
    paragraph(stream, "Fields:");
    for (int field = 0; field < FILTER_FIELD_COUNT; field++)
        print_field(stream, filter_field_word((enum filter_field)field));
    paragraph(stream, "What may follow is:");
    for (unsigned at = 0; (word = filter_value_word(FILTER_KIND_FLAG, at)) != NULL; at++)
        entry(stream, word, filter_value_meaning(FILTER_KIND_FLAG, at));
}

static void print_filter(FILE *stream)
{
    const char *meaning = NULL, *line = NULL;
    section(stream, "FILTERING ROWS");
    begin(stream,
          "What is typed after / on the screen, or after the command filter; Tab completes it, "
          "and what is wrong is told where it is. This filter chooses rows, not packets: "
          "capture goes on.");
    for (unsigned at = 0; (line = filter_example(at, &meaning)) != NULL; at++)
        entry(stream, line, meaning);
    paragraph(stream, "Fields:");
    for (int at = 0; at < FILTER_FIELD_COUNT; at++) {
        const struct filter_field_word *field = filter_field_word((enum filter_field)at);
        char words[NAME_MAX_LEN];
        struct text text = text_begin(words, sizeof words);
        text_add(&text, "%s", field->name);
        if (field->others[0] != '\0')
            text_add(&text, " %s", field->others);
        text_add(&text, "  %s", field->example);
        entry(stream, words, field->meaning);
    }
    paragraph(stream, "What the field is may ask:");
    for (unsigned at = 0; at < FILTER_FLAG_COUNT; at++)
        entry(stream, filter_value_word(FILTER_KIND_FLAG, at),
              filter_value_meaning(FILTER_KIND_FLAG, at));
}

/* "filter, seek, copy", with what else is not for the configuration. */
static void write_screen_commands(struct text *text)
{
    for (int name = 0; name < COMMAND_COUNT; name++) {
        if (command_places((enum command_name)name) & COMMAND_IN_CONFIG)
            continue;
        text_add_string(text, text->len > 0 ? ", " : "");
        text_add_string(text, command_word((enum command_name)name));
    }
}

static void print_configuration(FILE *stream)
{
    char words[NAME_MAX_LEN];
    struct text text = text_begin(words, sizeof words);
    write_screen_commands(&text);

    static const char *const lines[] = {"# ~/.config/loflow/config",
                                        "theme light",
                                        "sort bytes-sent",
                                        "mouse off",
                                        "map flows x quit",
                                        "unmap flows q",
                                        "map page Ctrl-X page-close",
                                        NULL};
    section(stream, "CONFIGURATION");
    begin(stream, "A command a line, without the colon; a line that begins with # is a comment. A "
                  "line that is wrong is told on the screen, and by --check-config; the others "
                  "hold. Under sudo the file is that of the user who called it.");
    example(stream, lines);
    text_add_string(&text, " and actions are for the screen only.");
    paragraph(stream, words);
    paragraph(stream,
              "Keys are named as under KEYS: a character, Space, Enter, Esc, Tab, Shift-Tab, "
              "Backspace, Delete, Insert, Up, PgUp, Home, F1 to F12, Ctrl-X, Ctrl-Left.");
}

static void print_rest(FILE *stream)
{
    section(stream, "FILES");
    entry(stream, "$XDG_CONFIG_HOME/loflow/config, ~/.config/loflow/config",
          "the configuration; the first that is named by the environment");
    section(stream, "ENVIRONMENT");
    entry(stream, "NO_COLOR", "when it is not empty: no colours, unless a theme is chosen");
    entry(stream, "COLORFGBG", "tells some terminals' background, and with it the theme");
    entry(stream, "TERM", "the terminal; terminfo(5) must know it");
    section(stream, "EXIT STATUS");
    entry(stream, "0", "all is well");
    entry(stream, "1", "it failed; one sentence on standard error says why, and what to do");
    entry(stream, "2", "wrong usage");
    entry(stream, "3", "with run: something expected is not so");
    entry(stream, "4", "a layer of the sandbox is missing, and --sandbox=strict was given");
    section(stream, "SEE ALSO");
    (void)fputs(".BR tcpdump (8),\n.BR ss (8),\n.BR pcap\\-filter (7),\n.BR wireshark (1)\n",
                stream);
}

void manual_print(FILE *stream)
{
    (void)fputs(".\\\" Written by loflow \\-\\-manual.\n"
                ".TH LOFLOW 1 \"\" \"loflow " LOFLOW_VERSION "\" \"User Commands\"\n",
                stream);
    section(stream, "NAME");
    (void)fputs("loflow \\- loopback packet capture and flow analyzer\n", stream);
    print_synopsis(stream);
    section(stream, "DESCRIPTION");
    begin(stream,
          "loflow shows every TCP and UDP connection on the loopback interface as one row: client, "
          "server, bytes, the state of the handshake and, when something failed, what failed and "
          "why. It watches lo live and reads saved captures, and says the same things about both: "
          "on a full screen when standard output is a terminal, else as lines or a report.");
    paragraph(stream,
              "run watches what a command does on loopback, why tells why connections to a port "
              "fail, ports tells who listens where; each has a --help of its own.");
    print_options(stream);
    print_keys(stream);
    print_commands(stream);
    print_columns(stream);
    print_filters(stream);
    print_filter(stream);
    print_configuration(stream);
    print_rest(stream);
}
