/* Runs a fuzz target without libFuzzer: on every line of its seeds, then on ROUNDS lines made of them and
 * of the words of its dictionary, always the same ones.
 *
 * fuzz_NAME SEEDS [DICTIONARY [ROUNDS]]: SEEDS has one input a line; the dictionary is libFuzzer's. */
#include <stdbool.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define LINES_MAX      4096
#define INPUT_MAX      400
#define ROUNDS_DEFAULT 4000
#define CHANGES_MAX    6

struct lines {
    size_t count;
    char *lines[LINES_MAX];
};

struct input {
    size_t len;
    char bytes[INPUT_MAX];
};

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t random_below(uint64_t *state, size_t limit)
{
    return limit == 0 ? 0 : (size_t)(random_next(state) % limit);
}

/* Of a dictionary the word between the quotes. */
static void read_lines(const char *path, bool quoted, struct lines *lines)
{
    char line[INPUT_MAX];
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(2);
    }
    while (lines->count < LINES_MAX && fgets(line, sizeof line, file)) {
        char *begin = line, *end = strchr(line, '\n');
        if (quoted) {
            begin = strchr(line, '"');
            end = begin ? strrchr(begin + 1, '"') : NULL;
            begin += begin != NULL;
        }
        if (!begin || !end || (quoted && line[0] == '#'))
            continue;
        *end = '\0';
        lines->lines[lines->count] = strdup(begin);
        MUST(lines->lines[lines->count]);
        lines->count++;
    }
    (void)fclose(file);
}

static void free_lines(struct lines *lines)
{
    while (lines->count > 0)
        free(lines->lines[--lines->count]);
}

/* The bytes from `begin` to `end` become others; what is too much is cut. */
static void replace(struct input *input, size_t begin, size_t end, const char *with, size_t len)
{
    struct input made = {.len = begin};
    size_t rest = input->len - end;
    memcpy(made.bytes, input->bytes, begin);
    len = len < INPUT_MAX - made.len ? len : INPUT_MAX - made.len;
    memcpy(made.bytes + made.len, with, len);
    made.len += len;
    rest = rest < INPUT_MAX - made.len ? rest : INPUT_MAX - made.len;
    memcpy(made.bytes + made.len, input->bytes + end, rest);
    made.len += rest;
    *input = made;
}

static const char *pick(const struct lines *lines, uint64_t *state)
{
    return lines->count > 0 ? lines->lines[random_below(state, lines->count)] : "";
}

static void change(struct input *input, const struct lines *seeds, const struct lines *words,
                   uint64_t *state)
{
    size_t begin = random_below(state, input->len + 1);
    size_t end = begin + random_below(state, input->len - begin + 1);
    const char *word = pick(words, state), *seed = pick(seeds, state);
    char byte = (char)random_next(state);
    switch (random_next(state) % 6) {
    case 0:
        replace(input, begin, end, "", 0);
        break;
    case 1:
        replace(input, begin, begin, &byte, 1);
        break;
    case 2:
        replace(input, begin, begin + (begin < input->len), &byte, 1);
        break;
    case 3:
    case 4:
        replace(input, begin, begin, word, strlen(word));
        break;
    default:
        replace(input, begin, end, seed, strlen(seed));
        break;
    }
}

/* In a block of its own, so that the sanitizer sees a byte too many. */
static void run(const char *bytes, size_t len)
{
    uint8_t *block = malloc(len > 0 ? len : 1);
    MUST(block);
    memcpy(block, bytes, len);
    (void)LLVMFuzzerTestOneInput(block, len);
    free(block);
}

int main(int argc, char **argv)
{
    static struct lines seeds, words;
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    if (argc < 2)
        return 2;
    read_lines(argv[1], false, &seeds);
    if (argc > 2)
        read_lines(argv[2], true, &words);
    long rounds = argc > 3 ? atol(argv[3]) : ROUNDS_DEFAULT;
    for (size_t at = 0; at < seeds.count; at++)
        run(seeds.lines[at], strlen(seeds.lines[at]));
    for (long round = 0; round < rounds; round++) {
        struct input input = {0};
        const char *seed = pick(&seeds, &state);
        replace(&input, 0, 0, seed, strlen(seed));
        for (size_t left = 1 + random_below(&state, CHANGES_MAX); left > 0; left--)
            change(&input, &seeds, &words, &state);
        run(input.bytes, input.len);
    }
    (void)printf("%zu seeds, %zu words, %ld rounds\n", seeds.count, words.count, rounds);
    free_lines(&seeds);
    free_lines(&words);
    return 0;
}
