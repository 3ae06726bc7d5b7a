/* Runs a fuzz target without libFuzzer: on every seed, then on inputs made of them and of the words of its
 * dictionary, always the same ones.
 *
 *     fuzz_NAME [-r ROUNDS] [-m BYTES] SEEDS...
 *
 * SEEDS is a folder, each file of which is an input; or a file NAME.seeds, each line of which is one;
 * NAME.hex, lines of hexadecimal digits, where # begins a comment; NAME.dict, a dictionary of libFuzzer. */
#include <dirent.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "tests/fuzz/breaks.h"
#include "tests/fuzz/fuzz.h"

#define INPUTS_MAX     8192
#define INPUT_MAX      65536
#define LINE_MAX_SIZE  (2 * INPUT_MAX + 2)
#define ROUNDS_DEFAULT 4000
#define CHANGES_MAX    6

struct input {
    size_t len;
    uint8_t bytes[INPUT_MAX];
};

struct blob {
    size_t len;
    uint8_t *bytes;
};

struct blobs {
    size_t count;
    struct blob blobs[INPUTS_MAX];
};

struct plan {
    long rounds;
    size_t most; /* bytes of an input */
    struct blobs seeds, words;
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
    return limit == 0 ? 0 : (size_t)(random_next(state) >> 11) % limit;
}

static void add(struct blobs *blobs, const void *bytes, size_t len)
{
    if (blobs->count == INPUTS_MAX || len > INPUT_MAX)
        return;
    struct blob blob = {len, malloc(len > 0 ? len : 1)};
    MUST(blob.bytes);
    memcpy(blob.bytes, bytes, len);
    blobs->blobs[blobs->count++] = blob;
}

static void forget(struct blobs *blobs)
{
    while (blobs->count > 0)
        free(blobs->blobs[--blobs->count].bytes);
}

static bool ends_in(const char *path, const char *end)
{
    size_t len = strlen(path), tail = strlen(end);
    return len >= tail && strcmp(path + len - tail, end) == 0;
}

static const char digits[] = "0123456789abcdef";

static bool is_digit(char letter)
{
    return letter != '\0' && strchr(digits, letter);
}

static char byte_of(const char *two)
{
    const char *high = strchr(digits, two[0]), *low = strchr(digits, two[1]);
    uint8_t byte = 0;
    if (high && low)
        byte = (uint8_t)((size_t)(high - digits) << 4 | (size_t)(low - digits));
    return (char)byte;
}

/* Decodes in place; blanks between bytes are left out, and what follows a #. */
static size_t decode_hex(char *line)
{
    size_t len = 0;
    for (char *at = line; *at != '\0' && *at != '#'; at++) {
        if (!is_digit(at[0]) || !is_digit(at[1]))
            continue;
        line[len++] = byte_of(at);
        at++;
    }
    return len;
}

/* A word of a dictionary, between its quotes, with its escapes undone in place. */
static size_t decode_word(char *word)
{
    size_t len = 0;
    for (char *at = word; *at != '\0'; at++) {
        bool is_hex = at[0] == '\\' && at[1] == 'x' && is_digit(at[2]) && is_digit(at[3]);
        if (is_hex)
            word[len++] = byte_of(at + 2);
        else if (at[0] == '\\' && at[1] != '\0')
            word[len++] = *++at;
        else
            word[len++] = *at;
        at += is_hex ? 3 : 0;
    }
    return len;
}

static void take_line(struct plan *plan, const char *path, char *line)
{
    line[strcspn(line, "\n")] = '\0';
    if (ends_in(path, ".dict")) {
        char *begin = line[0] == '#' ? NULL : strchr(line, '"');
        char *end = begin ? strrchr(begin + 1, '"') : NULL;
        if (!end)
            return;
        *end = '\0';
        add(&plan->words, begin + 1, decode_word(begin + 1));
    } else if (ends_in(path, ".hex")) {
        size_t len = decode_hex(line);
        if (len > 0)
            add(&plan->seeds, line, len);
    } else {
        add(&plan->seeds, line, strlen(line));
    }
}

static FILE *open_or_leave(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        perror(path);
        exit(2);
    }
    return file;
}

static void read_lines(struct plan *plan, const char *path)
{
    char *line = malloc(LINE_MAX_SIZE);
    MUST(line);
    FILE *file = open_or_leave(path);
    while (fgets(line, LINE_MAX_SIZE, file))
        take_line(plan, path, line);
    (void)fclose(file);
    free(line);
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* By name, so that it is the same everywhere. */
static void read_folder(struct plan *plan, const char *path)
{
    static uint8_t bytes[INPUT_MAX + 1];
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_visible, alphasort);
    if (count < 0) {
        perror(path);
        exit(2);
    }
    for (int at = 0; at < count; at++) {
        char name[4096];
        (void)snprintf(name, sizeof name, "%s/%s", path, entries[at]->d_name);
        bool is_file = entries[at]->d_type == DT_REG;
        FILE *file = is_file ? open_or_leave(name) : NULL;
        if (file) {
            add(&plan->seeds, bytes, fread(bytes, 1, sizeof bytes, file));
            (void)fclose(file);
        }
        free(entries[at]);
    }
    free(entries);
}

/* The bytes from `begin` to `end` become others; what is too much is cut. */
static void replace(struct input *input, size_t begin, size_t end, const struct blob *with)
{
    static struct input made;
    size_t rest = input->len - end, len = with->len;
    len = len < INPUT_MAX - begin ? len : INPUT_MAX - begin;
    rest = rest < INPUT_MAX - begin - len ? rest : INPUT_MAX - begin - len;
    memcpy(made.bytes, input->bytes + end, rest);
    memcpy(input->bytes + begin, with->bytes, len);
    memcpy(input->bytes + begin + len, made.bytes, rest);
    input->len = begin + len + rest;
}

static struct blob pick(const struct blobs *blobs, uint64_t *state)
{
    static uint8_t nothing;
    if (blobs->count == 0)
        return (struct blob){0, &nothing};
    return blobs->blobs[random_below(state, blobs->count)];
}

/* Lengths and counts at their ends, in both byte orders. */
static void put_number(struct input *input, size_t at, uint64_t *state)
{
    static const uint32_t numbers[] = {0,    1,      4,      0x7f,       0x80,
                                       0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff};
    uint32_t number = numbers[random_below(state, sizeof numbers / sizeof numbers[0])];
    size_t size = (size_t)1 << random_below(state, 3);
    bool big = random_next(state) >> 20 & 1;
    for (size_t byte = 0; byte < size && at + byte < input->len; byte++)
        input->bytes[at + byte] = (uint8_t)(number >> 8 * (big ? size - 1 - byte : byte));
}

static void change(struct input *input, const struct plan *plan, uint64_t *state)
{
    size_t begin = random_below(state, input->len + 1);
    size_t end = begin + random_below(state, input->len - begin + 1);
    uint8_t letter = (uint8_t)(random_next(state) >> 16);
    const struct blob byte = {1, &letter}, none = {0, &letter};
    const struct blob word = pick(&plan->words, state), seed = pick(&plan->seeds, state);
    switch (random_below(state, 8)) {
    case 0:
        replace(input, begin, end, &none);
        break;
    case 1:
        replace(input, begin, begin, &byte);
        break;
    case 2:
        replace(input, begin, begin + (begin < input->len), &byte);
        break;
    case 3:
    case 4:
        replace(input, begin, begin, &word);
        break;
    case 5:
        if (begin < input->len)
            input->bytes[begin] ^= (uint8_t)(1u << letter % 8);
        break;
    case 6:
        put_number(input, begin, state);
        break;
    default:
        replace(input, begin, end, &seed);
        break;
    }
}

/* The input at hand, for whoever looks into a failure: a line for NAME.hex. */
static const uint8_t *running;
static size_t running_len;

static void show_running(void)
{
    static const char end[] = " # breaks it\n";
    for (size_t at = 0; running && at < running_len; at++) {
        const char two[] = {digits[running[at] >> 4], digits[running[at] & 15]};
        (void)!write(STDERR_FILENO, two, sizeof two);
    }
    (void)!write(STDERR_FILENO, end, sizeof end - 1);
    running = NULL;
}

/* In a block of its own, so that the sanitizer sees a byte too many. */
static void run(const uint8_t *bytes, size_t len)
{
    uint8_t *block = malloc(len > 0 ? len : 1);
    MUST(block);
    memcpy(block, bytes, len);
    running = block;
    running_len = len;
    (void)LLVMFuzzerTestOneInput(block, len);
    running = NULL;
    free(block);
}

static void run_rounds(const struct plan *plan)
{
    static struct input input;
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    for (long round = 0; round < plan->rounds; round++) {
        const struct blob seed = pick(&plan->seeds, &state);
        input.len = 0;
        replace(&input, 0, 0, &seed);
        for (size_t left = 1 + random_below(&state, CHANGES_MAX); left > 0; left--)
            change(&input, plan, &state);
        run(input.bytes, input.len < plan->most ? input.len : plan->most);
    }
}

static size_t longest(const struct blobs *seeds)
{
    size_t most = 400;
    for (size_t at = 0; at < seeds->count; at++)
        most = seeds->blobs[at].len > most ? seeds->blobs[at].len : most;
    return most;
}

int main(int argc, char **argv)
{
    static struct plan plan = {.rounds = ROUNDS_DEFAULT};
    for (int at = 1; at < argc; at++) {
        if (strcmp(argv[at], "-r") == 0 && at + 1 < argc)
            plan.rounds = atol(argv[++at]);
        else if (strcmp(argv[at], "-m") == 0 && at + 1 < argc)
            plan.most = (size_t)atol(argv[++at]);
        else if (ends_in(argv[at], ".seeds") || ends_in(argv[at], ".hex") ||
                 ends_in(argv[at], ".dict"))
            read_lines(&plan, argv[at]);
        else
            read_folder(&plan, argv[at]);
    }
    if (plan.seeds.count == 0) {
        (void)fprintf(stderr, "%s: no seeds\n", argv[0]);
        return 2;
    }
    if (plan.most == 0)
        plan.most = longest(&plan.seeds);
    breaks_begin(show_running);
    for (size_t at = 0; at < plan.seeds.count; at++)
        run(plan.seeds.blobs[at].bytes, plan.seeds.blobs[at].len);
    run_rounds(&plan);
    (void)printf("%zu seeds, %zu words, %ld rounds\n", plan.seeds.count, plan.words.count,
                 plan.rounds);
    forget(&plan.seeds);
    forget(&plan.words);
    return 0;
}
