#include "ui/command.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "ui/amount.h"
#include "ui/seek.h"

#define ARGUMENTS_MAX 3
#define LISTED_MAX    7 /* choices that an error lists */
#define SHOWN_MAX     192
#define SPAN_MAX_NS   (UINT64_C(366) * 86400 * CLOCK_NS_PER_S)

enum { CONFIG = COMMAND_IN_CONFIG, SCREEN = COMMAND_IN_SCREEN };

enum argument {
#define ARGUMENT(NAME, told) ARGUMENT_##NAME,
#include "ui/command.def"
    ARGUMENT_COUNT
};

static const char *const told[ARGUMENT_COUNT] = {
#define ARGUMENT(NAME, told) told,
#include "ui/command.def"
};

static const struct {
    const char *word, *meaning;
    uint8_t places;
    uint8_t arguments[ARGUMENTS_MAX];
} commands[COMMAND_COUNT] = {
#define COMMAND(NAME, word, places, first, second, third, meaning)                                 \
    {word, meaning, places, {ARGUMENT_##first, ARGUMENT_##second, ARGUMENT_##third}},
#include "ui/command.def"
};

static const char *const groupings[GROUPING_COUNT] = {
    [GROUP_BY_SERVER] = "server",
    [GROUP_BY_CLIENT] = "client",
    [GROUP_NONE] = "none",
};

const char *command_word(enum command_name name)
{
    return commands[name].word;
}

unsigned command_places(enum command_name name)
{
    return commands[name].places;
}

const char *command_meaning(enum command_name name)
{
    return commands[name].meaning;
}

void command_write_arguments(enum command_name name, struct text *text)
{
    for (int at = 0; at < ARGUMENTS_MAX && commands[name].arguments[at] != ARGUMENT_NO; at++)
        text_add(text, " %s", told[commands[name].arguments[at]]);
}

void command_write_column(enum column column, struct text *text)
{
    for (const char *at = column_name(column); *at != '\0'; at++) {
        int letter = *at == '_' ? '-' : tolower((unsigned char)*at);
        text_add(text, "%c", letter);
    }
}

/* Writes what an argument may be, one by one; false at the end. A key may be any, so those that have
 * names are told. */
static bool choice_of(enum argument argument, unsigned at, struct text *text)
{
    static const char *const key_names[] = {
#define KEYCODE_AT(NAME, code, name) name,
#define KEYCODE(NAME, name)          name,
#include "ui/keycode.def"
    };
    static const unsigned counts[ARGUMENT_COUNT] = {
        [ARGUMENT_THEME] = THEME_COUNT,
        [ARGUMENT_SWITCH] = 2,
        [ARGUMENT_COLUMN] = COLUMN_COUNT,
        [ARGUMENT_COLUMNS] = COLUMN_COUNT,
        [ARGUMENT_GROUPING] = GROUPING_COUNT,
        [ARGUMENT_REVERSE] = 1,
        [ARGUMENT_SPAN] = 1,
        [ARGUMENT_KEY] = sizeof key_names / sizeof key_names[0],
        [ARGUMENT_ACTION] = ACTION_COUNT,
        [ARGUMENT_COPY] = COPY_KIND_COUNT,
    };
    if (argument == ARGUMENT_CONTEXT && keymap_context(at)) {
        text_add_string(text, keymap_context(at)->word);
        return true;
    }
    if (at >= counts[argument])
        return false;
    switch (argument) {
    case ARGUMENT_THEME:
        text_add_string(text, theme_name((enum theme)at));
        break;
    case ARGUMENT_SWITCH:
        text_add_string(text, at == 0 ? "on" : "off");
        break;
    case ARGUMENT_COLUMN:
    case ARGUMENT_COLUMNS:
        command_write_column((enum column)at, text);
        break;
    case ARGUMENT_GROUPING:
        text_add_string(text, groupings[at]);
        break;
    case ARGUMENT_REVERSE:
        text_add_string(text, "reverse");
        break;
    case ARGUMENT_SPAN:
        text_add_string(text, "never");
        break;
    case ARGUMENT_KEY:
        text_add_string(text, key_names[at]);
        break;
    case ARGUMENT_ACTION:
        keymap_write_action((enum key_action)at, text);
        break;
    default:
        text_add_string(text, copy_word((enum copy_kind)at));
        break;
    }
    return true;
}

struct word {
    const char *at;
    size_t len;
};

static struct word next_word(const char **line)
{
    struct word word = {.at = *line + strspn(*line, " \t")};
    word.len = strcspn(word.at, " \t");
    *line = word.at + word.len;
    return word;
}

/* The position of the word among what the argument may be; -1: it is none of them. */
static int find_choice(enum argument argument, struct word word)
{
    char choice[COMMAND_WORD_MAX];
    for (unsigned at = 0;; at++) {
        struct text text = text_begin(choice, sizeof choice);
        if (!choice_of(argument, at, &text))
            return -1;
        if (text.len == word.len && strncasecmp(choice, word.at, word.len) == 0)
            return (int)at;
    }
}

static int wrong_argument(struct word command, enum argument argument, struct word word,
                          struct err *err)
{
    char choices[SHOWN_MAX] = "";
    struct text text = text_begin(choices, sizeof choices);
    unsigned count = 0;
    char ignored[COMMAND_WORD_MAX];
    struct text one = text_begin(ignored, sizeof ignored);
    while (choice_of(argument, count, &one))
        count++;
    if (argument == ARGUMENT_SPAN)
        text_add_string(&text, "a time such as 30s, or ");
    for (unsigned at = 0; at < count && count <= LISTED_MAX; at++) {
        text_add_string(&text, at == 0 ? "" : at + 1 < count ? ", " : " or ");
        (void)choice_of(argument, at, &text);
    }
    if (count == 0 || count > LISTED_MAX)
        text_add_string(&text, told[argument]);
    const char *manual = count > LISTED_MAX ? "; the manual lists them all" : "";
    if (word.len == 0)
        return err_set(err, EINVAL, "%.*s wants %s%s", (int)command.len, command.at, choices,
                       manual);
    return err_set(err, EINVAL, "%.*s wants %s, not \"%.*s\"%s", (int)command.len, command.at,
                   choices, (int)word.len, word.at, manual);
}

/* No time at all is the shortest there is, since 0 stands for never. */
static bool take_span(struct command *command, struct word word)
{
    struct amount amount;
    if (find_choice(ARGUMENT_SPAN, word) >= 0)
        return true;
    if (amount_read(FILTER_KIND_SPAN, word.at, word.len, &amount) != AMOUNT_GOOD ||
        amount.low > SPAN_MAX_NS)
        return false;
    command->span_ns = amount.low > 0 ? (int64_t)amount.low : 1;
    return true;
}

static bool take_argument(struct command *command, enum argument argument, struct word word)
{
    if (argument == ARGUMENT_SPAN)
        return take_span(command, word);
    if (argument == ARGUMENT_KEY)
        return keycode_parse(word.at, word.len, &command->key);
    int choice = find_choice(argument, word);
    if (choice < 0)
        return false;
    switch (argument) {
    case ARGUMENT_THEME:
        command->theme = (enum theme)choice;
        break;
    case ARGUMENT_SWITCH:
        command->on = choice == 0;
        break;
    case ARGUMENT_COLUMN:
        command->column = (enum column)choice;
        break;
    case ARGUMENT_GROUPING:
        command->grouping = (enum grouping)choice;
        break;
    case ARGUMENT_REVERSE:
        command->reverse = true;
        break;
    case ARGUMENT_CONTEXT:
        command->contexts = keymap_context((unsigned)choice)->bits;
        break;
    case ARGUMENT_ACTION:
        command->action = (enum key_action)choice;
        break;
    default:
        command->copy = (enum copy_kind)choice;
        break;
    }
    return true;
}

/* All that follow; each once. */
static int take_columns(struct command *command, struct word name, const char **line,
                        struct err *err)
{
    struct word word = next_word(line);
    for (; word.len > 0; word = next_word(line)) {
        int column = find_choice(ARGUMENT_COLUMNS, word);
        if (column < 0)
            return wrong_argument(name, ARGUMENT_COLUMN, word, err);
        struct column_choice *choice = &command->columns;
        if (memchr(choice->columns, column, choice->count))
            return err_set(err, EINVAL, "%.*s wants each column once, and %.*s is there twice",
                           (int)name.len, name.at, (int)word.len, word.at);
        choice->columns[choice->count++] = (uint8_t)column;
    }
    return 0;
}

/* How a file is played; what is wrong with a place is said here already. */
static int take_replay(struct command *command, enum argument argument, const char *rest,
                       struct err *err)
{
    struct seek seek;
    struct text text = text_begin(command->text, sizeof command->text);
    text_add_string(&text, rest);
    return argument == ARGUMENT_SPEED ? seek_parse_speed(&command->speed, rest, err)
                                      : seek_parse(&seek, rest, err);
}

/* All that follows, without the spaces around it: a file's name may have some inside. */
static int take_rest(struct command *command, struct word name, enum argument argument,
                     const char *rest, struct err *err)
{
    size_t len = strlen(rest);
    struct text text = text_begin(command->text, sizeof command->text);
    while (argument == ARGUMENT_FILE && len > 0 && (rest[len - 1] == ' ' || rest[len - 1] == '\t'))
        len--;
    if (argument == ARGUMENT_FILE && len == 0)
        return wrong_argument(name, argument, (struct word){0}, err);
    text_add_bytes(&text, rest, len);
    return 0;
}

static int take_arguments(struct command *command, struct word name, const char *line,
                          struct err *err)
{
    for (int at = 0; at < ARGUMENTS_MAX; at++) {
        enum argument argument = (enum argument)commands[command->name].arguments[at];
        const char *rest = line + strspn(line, " \t");
        if (argument == ARGUMENT_NO)
            break;
        if (argument == ARGUMENT_PLACE || argument == ARGUMENT_SPEED)
            return take_replay(command, argument, rest, err);
        if (argument == ARGUMENT_TEXT || argument == ARGUMENT_FILE)
            return take_rest(command, name, argument, rest, err);
        if (argument == ARGUMENT_COLUMNS)
            return take_columns(command, name, &line, err);
        struct word word = next_word(&line);
        if (word.len == 0 && argument == ARGUMENT_REVERSE)
            break;
        if (!take_argument(command, argument, word))
            return wrong_argument(name, argument, word, err);
    }
    struct word more = next_word(&line);
    if (more.len > 0)
        return err_set(err, EINVAL, "%.*s wants nothing more, not \"%.*s\"", (int)name.len, name.at,
                       (int)more.len, more.at);
    return 0;
}

static int find_command(struct word word, enum command_place place)
{
    for (int at = 0; at < COMMAND_COUNT; at++) {
        if (commands[at].places & place && strlen(commands[at].word) == word.len &&
            strncasecmp(commands[at].word, word.at, word.len) == 0)
            return at;
    }
    return -1;
}

int command_parse(struct command *command, const char *line, enum command_place place,
                  struct err *err)
{
    *command = (struct command){0};
    struct word word = next_word(&line);
    int found = find_command(word, place);
    if (found >= 0) {
        command->name = (enum command_name)found;
        return take_arguments(command, word, line, err);
    }
    command->name = COMMAND_ACTION;
    if (place != COMMAND_IN_SCREEN || !keymap_parse_action(word.at, word.len, &command->action) ||
        keymap_edits_line(command->action))
        return err_set(err, EINVAL, "there is no command \"%.*s\"%s", (int)word.len, word.at,
                       place == COMMAND_IN_CONFIG ? " here; the manual lists them all" : "");
    struct word more = next_word(&line);
    if (more.len > 0)
        return err_set(err, EINVAL, "%.*s wants nothing more, not \"%.*s\"", (int)word.len, word.at,
                       (int)more.len, more.at);
    return 0;
}

static void add_choice(struct command_choices *choices, const char *choice, struct word typed)
{
    if (choices->count == COMMAND_CHOICES_MAX || strlen(choice) >= COMMAND_WORD_MAX ||
        strncasecmp(choice, typed.at, typed.len) != 0)
        return;
    memcpy(choices->words[choices->count++], choice, strlen(choice) + 1);
}

static void choose_command(struct command_choices *choices, struct word typed)
{
    for (int at = 0; at < COMMAND_COUNT; at++) {
        if (commands[at].places & COMMAND_IN_SCREEN)
            add_choice(choices, commands[at].word, typed);
    }
    for (int at = 0; at < ACTION_COUNT; at++) {
        char word[COMMAND_WORD_MAX];
        struct text text = text_begin(word, sizeof word);
        keymap_write_action((enum key_action)at, &text);
        bool is_command = find_command((struct word){word, text.len}, COMMAND_IN_SCREEN) >= 0;
        if (!is_command && !keymap_edits_line((enum key_action)at))
            add_choice(choices, word, typed);
    }
}

static void choose_argument(struct command_choices *choices, enum argument argument,
                            struct word typed)
{
    char word[COMMAND_WORD_MAX];
    struct text text = text_begin(word, sizeof word);
    for (unsigned at = 0; choice_of(argument, at, &text); at++) {
        add_choice(choices, word, typed);
        text = text_begin(word, sizeof word);
    }
}

void command_choose(struct command_choices *choices, const char *line, size_t cursor)
{
    char before[LINE_EDIT_MAX];
    struct text text = text_begin(before, sizeof before);
    text_add_bytes(&text, line, cursor);
    const char *at = before;
    struct word word = next_word(&at);
    struct word typed = word;
    int number = 0;
    while (*at != '\0') {
        typed = next_word(&at);
        number++;
    }
    choices->begin = (size_t)(typed.at - before);
    choices->count = 0;
    int found = number > 0 ? find_command(word, COMMAND_IN_SCREEN) : -1;
    if (found >= 0 && commands[found].arguments[0] == ARGUMENT_COLUMNS)
        number = 1;
    if (number == 0)
        choose_command(choices, typed);
    else if (found >= 0 && number <= ARGUMENTS_MAX)
        choose_argument(choices, (enum argument)commands[found].arguments[number - 1], typed);
}
