/* What a user writes: options, lines of a configuration, expectations, targets. All of it is taken or refused
 * with one sentence; what is taken lies within its bounds, and taken again it is the same.
 *
 * The first byte says which; words of a command line are separated by line feeds. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "app/options.h"
#include "app/value.h"
#include "app/why_command.h"
#include "report/expect.h"
#include "ui/preferences.h"

#define WORDS_MAX 64u
#define TEXT_MAX  8192u

static void check_sentence(int failed, const struct err *err)
{
    MUST(failed < 0);
    size_t len = strnlen(err->text, sizeof err->text);
    MUST(len > 0 && len < sizeof err->text);
}

static void check_options(const struct options *options, char **rest)
{
    size_t len = 0;
    for (char **word = rest; *word; word++)
        len += strlen(*word) + (word != rest);
    MUST(options->filter && strlen(options->filter) <= FILTER_MAX);
    MUST(options->filter_path || strlen(options->filter) == len);
    MUST(options->json + options->report + options->packets + (options->follow_id > 0) <= 1);
    MUST(!(options->hex && options->raw) && !(options->read_path && options->interface));
    MUST(options->snaplen <= 262144 && options->buffer_size % 1024 == 0);
    MUST(options->max_flows <= 64u << 20 && options->duration_ns >= 0);
    MUST(!options->theme_chosen || options->theme < THEME_COUNT);
    MUST(options->rotate_bytes == 0 || options->write_path);
}

static void take_options(char *text)
{
    char name[] = "loflow";
    char *words[WORDS_MAX + 2] = {name};
    int count = 1;
    char *at = text, *left = NULL;
    for (char *word = strtok_r(at, "\n", &left); word && count <= (int)WORDS_MAX;
         word = strtok_r(NULL, "\n", &left))
        words[count++] = word;
    struct options options = {0};
    struct err err = {0};
    int failed = options_parse(&options, count, words, &err);
    if (failed) {
        check_sentence(failed, &err);
    } else {
        /* getopt leaves them in their order; the filter is what it stopped at. */
        size_t len = strlen(options.filter);
        unsigned first = (unsigned)count;
        size_t tail = 0;
        while (!options.filter_path && first > 1 && tail + strlen(words[first - 1]) <= len) {
            tail += strlen(words[--first]) + 1;
            if (tail == len + 1)
                break;
        }
        check_options(&options, len > 0 ? words + first : words + count);
    }
    options_free(&options);
}

static void count_sentence(void *context, const char *sentence)
{
    MUST(strncmp(sentence, "config:", 7) == 0 && !strchr(sentence, '\n'));
    ++*(unsigned *)context;
}

static void take_config(const char *text, size_t len)
{
    static struct preferences first, again;
    unsigned told = 0;
    preferences_begin(&first);
    unsigned wrong = preferences_read(&first, text, len, count_sentence, &told);
    MUST(wrong == told);
    MUST(first.theme < THEME_COUNT && first.sorted < COLUMN_COUNT && first.closed_age_ns >= 0);
    preferences_begin(&again);
    MUST(preferences_read(&again, text, len, count_sentence, &told) == wrong);
    MUST(again.theme == first.theme && again.mouse == first.mouse && again.utf8 == first.utf8);
    MUST(again.sorted == first.sorted && again.closed_age_ns == first.closed_age_ns);
}

static void take_expect(const char *text)
{
    static struct expect_traffic ports[65536];
    struct expect expect = {0};
    struct err err = {0};
    size_t wrong = 0;
    int failed = expect_parse(&expect, text, &wrong, &err);
    if (failed) {
        check_sentence(failed, &err);
        MUST(wrong <= strlen(text));
        return;
    }
    char what[256];
    struct text words = text_begin(what, sizeof what);
    const struct expect_facts facts = {.ports = ports};
    MUST(expect.text == text && expect.subject <= EXPECT_PORT_MAX);
    bool holds = expect_holds(&expect, &facts, &words);
    MUST(words.len > 0 && words.len < sizeof what);
    words = text_begin(what, sizeof what);
    MUST(expect_holds(&expect, &facts, &words) == holds);
}

static void take_target(const char *text)
{
    struct tuple targets[WHY_TARGETS_MAX];
    struct err err = {0};
    int count = why_targets(text, targets, &err);
    if (count < 0)
        check_sentence(count, &err);
    MUST(count <= (int)WHY_TARGETS_MAX);
    for (int at = 0; at < count; at++)
        MUST(targets[at].port[1] != 0 && (targets[at].family == 4 || targets[at].family == 6));
    uint16_t port = 0;
    int64_t span_ns = -1;
    MUST(!value_port(text, &port) || port != 0);
    MUST(!value_seconds(text, 1e6, &span_ns) ||
         (span_ns >= 0 && span_ns <= INT64_C(1000000000000000)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct bytes input = {bytes, len};
    uint8_t which = fuzz_8(&input) % 4;
    struct bytes part = fuzz_part(&input, TEXT_MAX);
    char *text = malloc(part.left + 1);
    MUST(text);
    if (part.left > 0)
        memcpy(text, part.at, part.left);
    text[part.left] = '\0';
    if (which == 0 && !strstr(text, "-F") && !strstr(text, "--f") && !strstr(text, "--F"))
        take_options(text);
    else if (which == 1)
        take_config(text, part.left);
    else if (which == 2)
        take_expect(text);
    else if (which == 3)
        take_target(text);
    free(text);
    return 0;
}
