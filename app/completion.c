#include "app/completion.h"

#include <string.h>

#include "app/options.h"
#include "ui/theme.h"

/* The options of the commands are read from their --help when they are wanted: it has them all. */
#define COMMANDS "run why ports"

/* What may stand behind an option. */
enum value {
    VALUE_NONE,
    VALUE_ANY,
    VALUE_FILE,
    VALUE_FOLDER,
    VALUE_INTERFACE,
    VALUE_THEME,
    VALUE_SHELL,
    VALUE_COUNT
};

static enum value value_kind(const struct option_told *told)
{
    static const struct {
        const char *argument, *name; /* NULL: any option with that argument */
        enum value value;
    } kinds[] = {
        {"FILE", NULL, VALUE_FILE},           {"DIR", NULL, VALUE_FOLDER},
        {"NAME", "theme", VALUE_THEME},       {"NAME", "interface", VALUE_INTERFACE},
        {"SHELL", "completion", VALUE_SHELL},
    };
    for (size_t at = 0; told->argument && at < sizeof kinds / sizeof kinds[0]; at++) {
        if (strcmp(told->argument, kinds[at].argument) == 0 &&
            (!kinds[at].name || strcmp(told->name, kinds[at].name) == 0))
            return kinds[at].value;
    }
    return told->argument ? VALUE_ANY : VALUE_NONE;
}

static const char *const shells[COMPLETION_COUNT] = {
    [COMPLETION_BASH] = "bash", [COMPLETION_ZSH] = "zsh", [COMPLETION_FISH] = "fish"};

bool completion_parse(const char *name, enum completion_shell *shell)
{
    for (int at = 0; at < COMPLETION_COUNT; at++) {
        if (strcmp(shells[at], name) != 0)
            continue;
        *shell = (enum completion_shell)at;
        return true;
    }
    return false;
}

/* What a kind of value is completed with, word by word. */
static void print_words(FILE *stream, enum value value)
{
    for (int theme = 0; value == VALUE_THEME && theme < THEME_COUNT; theme++)
        (void)fprintf(stream, "%s%s", theme > 0 ? " " : "", theme_name((enum theme)theme));
    for (int at = 0; value == VALUE_SHELL && at < COMPLETION_COUNT; at++)
        (void)fprintf(stream, "%s%s", at > 0 ? " " : "", shells[at]);
    if (value == VALUE_INTERFACE)
        (void)fputs("$(ls /sys/class/net)", stream);
}

/* `text` within single quotes, with a backslash before each of `special`. */
static void print_escaped(FILE *stream, const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'') {
            (void)fputs("'\\''", stream); /* ends them, and begins them again */
            continue;
        }
        if (strchr(special, *text))
            (void)fputc('\\', stream);
        (void)fputc(*text, stream);
    }
}

/* "-r|--read|-w|--write": a pattern of all options with that kind of value. False: there is none. */
static bool print_pattern(FILE *stream, enum value value)
{
    struct option_told told;
    bool any = false;
    for (unsigned at = 0; options_tell(at, &told); at++) {
        if (value_kind(&told) != value)
            continue;
        (void)fputs(any ? "|" : "    ", stream);
        if (told.letter)
            (void)fprintf(stream, "-%c|", told.letter);
        (void)fprintf(stream, "--%s", told.name);
        any = true;
    }
    if (any)
        (void)fputs(")\n", stream);
    return any;
}

static void print_bash(FILE *stream)
{
    (void)fputs(
        "# Written by loflow --completion bash.\n"
        "_loflow()\n{\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=\n"
        "    COMPREPLY=()\n"
        "    if [[ $word == = ]]; then\n        word=\n"
        "    elif [[ $before == = ]]; then\n        before=${COMP_WORDS[COMP_CWORD - 2]}\n    fi\n"
        "    case $before in\n",
        stream);
    for (int value = VALUE_ANY; value < VALUE_COUNT; value++) {
        if (!print_pattern(stream, (enum value)value))
            continue;
        if (value == VALUE_FILE || value == VALUE_FOLDER) {
            (void)fprintf(stream,
                          "        compopt -o filenames\n"
                          "        mapfile -t COMPREPLY < <(compgen -%c -- \"$word\")\n",
                          value == VALUE_FILE ? 'f' : 'd');
        } else if (value != VALUE_ANY) {
            (void)fputs("        mapfile -t COMPREPLY < <(compgen -W \"", stream);
            print_words(stream, (enum value)value);
            (void)fputs("\" -- \"$word\")\n", stream);
        }
        (void)fputs("        return\n        ;;\n", stream);
    }
    (void)fputs("    esac\n"
                "    if ((COMP_CWORD > 1)) && [[ \" " COMMANDS
                " \" == *\" ${COMP_WORDS[1]} \"* ]]; then\n"
                "        words=$(\"$1\" \"${COMP_WORDS[1]}\" --help 2>/dev/null |\n"
                "            sed -nE 's/^ +((-[a-z]), )?(--?[a-z-]+).*/\\2 \\3/p')\n"
                "        if [[ $word != -* && ${COMP_WORDS[1]} == run ]]; then\n"
                "            mapfile -t COMPREPLY < <(compgen -c -- \"$word\")\n"
                "            return\n"
                "        fi\n"
                "    else\n"
                "        words='",
                stream);
    struct option_told told;
    for (unsigned at = 0; options_tell(at, &told); at++) {
        if (told.letter)
            (void)fprintf(stream, "-%c ", told.letter);
        (void)fprintf(stream, "--%s ", told.name);
    }
    (void)fputs("'\n"
                "        ((COMP_CWORD > 1)) || words=\"" COMMANDS " $words\"\n"
                "    fi\n"
                "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
                "}\n"
                "complete -F _loflow loflow\n",
                stream);
}

/* "'(-r --read)'{-r,--read}'[help]:FILE:_files'", with = where a value may follow it. */
static void print_zsh_option(FILE *stream, const struct option_told *told)
{
    enum value value = value_kind(told);
    const char *equals = told->argument ? "=" : "";
    (void)fputs(" \\\n        ", stream);
    if (told->letter)
        (void)fprintf(stream, "'(-%c --%s)'{-%c%s,--%s%s}'[", told->letter, told->name,
                      told->letter, told->argument ? "+" : "", told->name, equals);
    else
        (void)fprintf(stream, "'--%s%s[", told->name, equals);
    print_escaped(stream, told->help, "[]:\\");
    (void)fputs("]", stream);
    if (told->argument)
        (void)fprintf(stream, ":%s:", told->argument);
    if (value == VALUE_FILE || value == VALUE_FOLDER) {
        (void)fputs(value == VALUE_FILE ? "_files" : "_files -/", stream);
    } else if (value == VALUE_INTERFACE) {
        (void)fputs("_net_interfaces", stream);
    } else if (value > VALUE_ANY) {
        (void)fputc('(', stream);
        print_words(stream, value);
        (void)fputc(')', stream);
    }
    (void)fputc('\'', stream);
}

static void print_zsh(FILE *stream)
{
    (void)fputs("#compdef loflow\n"
                "# Written by loflow --completion zsh.\n"
                "_loflow()\n{\n"
                "    local -a ours=(" COMMANDS ")\n"
                "    if ((CURRENT > 2)) && (($ours[(Ie)${words[2]}])); then\n"
                "        if [[ ${words[CURRENT]} != -* && ${words[2]} == run ]]; then\n"
                "            _command_names -e\n"
                "        else\n"
                "            compadd -- $(${words[1]} ${words[2]} --help 2>/dev/null |\n"
                "                sed -nE 's/^ +((-[a-z]), )?(--?[a-z-]+).*/\\2 \\3/p')\n"
                "        fi\n"
                "        return\n"
                "    fi\n"
                "    ((CURRENT > 2)) || compadd -- $ours\n"
                "    _arguments -s",
                stream);
    struct option_told told;
    for (unsigned at = 0; options_tell(at, &told); at++)
        print_zsh_option(stream, &told);
    (void)fputs("\n}\n"
                "_loflow \"$@\"\n",
                stream);
}

static void print_fish(FILE *stream)
{
    (void)fputs(
        "# Written by loflow --completion fish.\n"
        "set -l commands " COMMANDS "\n"
        "complete -c loflow -f\n"
        "complete -c loflow -n __fish_is_first_arg -a \"$commands\"\n"
        "complete -c loflow -n '__fish_seen_subcommand_from run' "
        "-a '(__fish_complete_subcommand --fcs-skip=2)'\n"
        "for command in $commands\n"
        "    complete -c loflow -n \"__fish_seen_subcommand_from $command\" -a \"(loflow $command "
        "--help 2>/dev/null | sed -nE 's/^ +((-[a-z]), )?(--?[a-z-]+).*/\\\\3/p')\"\n"
        "end\n",
        stream);
    struct option_told told;
    for (unsigned at = 0; options_tell(at, &told); at++) {
        enum value value = value_kind(&told);
        (void)fputs("complete -c loflow -n \"not __fish_seen_subcommand_from $commands\"", stream);
        if (told.letter)
            (void)fprintf(stream, " -s %c", told.letter);
        (void)fprintf(stream, " -l %s -d '", told.name);
        print_escaped(stream, told.help, "\\");
        (void)fputc('\'', stream);
        if (value == VALUE_FILE)
            (void)fputs(" -r -F", stream);
        else if (value == VALUE_FOLDER)
            (void)fputs(" -x -a '(__fish_complete_directories)'", stream);
        else if (value == VALUE_INTERFACE)
            (void)fputs(" -x -a '(__fish_print_interfaces)'", stream);
        else if (value > VALUE_NONE)
            (void)fputs(" -x", stream);
        if (value == VALUE_THEME || value == VALUE_SHELL) {
            (void)fputs(" -a '", stream);
            print_words(stream, value);
            (void)fputc('\'', stream);
        }
        (void)fputc('\n', stream);
    }
}

void completion_print(FILE *stream, enum completion_shell shell)
{
    static void (*const printers[COMPLETION_COUNT])(FILE *) = {
        [COMPLETION_BASH] = print_bash,
        [COMPLETION_ZSH] = print_zsh,
        [COMPLETION_FISH] = print_fish,
    };
    printers[shell](stream);
}
