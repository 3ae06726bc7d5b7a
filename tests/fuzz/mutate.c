/* Captures with damage of every kind, one after the other in one process: each goes the whole way, see way.h, as a
 * file and, every fourth, as libpcap reads it from memory; its notes are read as well.
 *
 *     mutate [-s SEED] [-n FILES] [-o NUMBER] [-k FOLDER] FOLDER...
 *
 * First every capture of the folders as it is, then FILES made of them: bits flipped, numbers put at their ends,
 * parts cut out, and spliced with another one. Which is which follows from SEED and the file's number alone, so
 * that -o NUMBER does one again; the file that breaks something is kept in FOLDER. */
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <time.h>

#include "tests/fuzz/breaks.h"
#include "tests/fuzz/readers.h"
#include "tests/fuzz/way.h"

#include "report/evidence.h"

#define FILES_MAX    4096u
#define FILE_MAX     65536u /* a longer one is cut there */
#define MADE_MAX     ((size_t)2 * FILE_MAX)
#define MAX_FLOWS    256u
#define FLIPS_MAX    16u
#define CHANGES_MAX  4u
#define FRAMES_MAX   20000u
#define SECONDS_MOST 20u /* for one file */

struct original {
    bool has_packets;
    size_t len;
    uint8_t *bytes;
    char *path;
};

struct made {
    size_t len;
    uint8_t bytes[MADE_MAX];
};

static struct {
    struct original originals[FILES_MAX];
    size_t count;
    size_t capture_count; /* of them, those with packets come first */
    struct made made;
    uint64_t state;
    uint64_t seed;
    long number;      /* of the file at hand; below 0 for originals */
    const char *keep; /* folder for what is found */
    char words[4200], path[4200];
    uint64_t frames;
} stage;

static uint64_t random_next(void)
{
    stage.state ^= stage.state << 13;
    stage.state ^= stage.state >> 7;
    stage.state ^= stage.state << 17;
    return stage.state >> 11;
}

static size_t random_below(size_t limit)
{
    return limit == 0 ? 0 : (size_t)(random_next() % limit);
}

/* Numbers in a row become seeds that are far apart: splitmix64, Steele, Lea and Flood 2014. */
static void begin_random(uint64_t number)
{
    uint64_t mixed = stage.seed + (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    stage.state = (mixed ^ mixed >> 31) | 1;
}

static int load(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)walk;
    if (type != FTW_F || status->st_size == 0 || stage.count == FILES_MAX)
        return 0;
    size_t len = (size_t)status->st_size < FILE_MAX ? (size_t)status->st_size : FILE_MAX;
    struct original *original = &stage.originals[stage.count];
    FILE *file = fopen(path, "re");
    original->bytes = malloc(len);
    original->path = strdup(path);
    MUST(file && original->bytes && original->path);
    original->len = fread(original->bytes, 1, len, file);
    (void)fclose(file);
    stage.count++;
    return 0;
}

/* Damage to what never was a capture teaches little. */
static void look_into(struct original *original)
{
    static struct frame_batch batch;
    struct err err;
    struct source *source = NULL;
    if (source_open_memory(&source, original->bytes, original->len, NULL, &err) != 0)
        return;
    original->has_packets = source_next(source, &batch, &err) == SOURCE_OPEN && batch.count > 0;
    stage.capture_count += original->has_packets;
    source_close(source);
}

static int compare_originals(const void *a, const void *b)
{
    const struct original *one = a, *other = b;
    if (one->has_packets != other->has_packets)
        return one->has_packets ? -1 : 1;
    return strcmp(one->path, other->path);
}

static void flip(struct made *made)
{
    for (size_t left = 1 + random_below(FLIPS_MAX); left > 0 && made->len > 0; left--)
        made->bytes[random_below(made->len)] ^= (uint8_t)(1u << random_below(8));
}

static void change_number(struct made *made)
{
    static const uint32_t numbers[] = {0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff};
    uint32_t number = numbers[random_below(sizeof numbers / sizeof numbers[0])];
    size_t size = (size_t)1 << random_below(3);
    size_t at = made->len > size ? random_below(made->len - size) : 0;
    bool big = random_below(2);
    for (size_t byte = 0; byte < size && at + byte < made->len; byte++)
        made->bytes[at + byte] = (uint8_t)(number >> 8 * (big ? size - 1 - byte : byte));
}

/* The end, or a part. */
static void cut(struct made *made)
{
    size_t begin = random_below(made->len + 1);
    size_t end = random_below(2) ? made->len : begin + random_below(made->len - begin + 1);
    memmove(made->bytes + begin, made->bytes + end, made->len - end);
    made->len -= end - begin;
}

/* A part of another file instead of a part, or between two. */
static void splice_other(struct made *made)
{
    const struct original *other = &stage.originals[random_below(stage.count)];
    size_t from = random_below(other->len + 1), len = random_below(other->len - from + 1);
    size_t at = random_below(made->len + 1);
    bool inserts = random_below(2);
    size_t tail = inserts ? made->len - at : 0;
    if (at + len + tail > MADE_MAX)
        return;
    memmove(made->bytes + at + len, made->bytes + at, tail);
    memcpy(made->bytes + at, other->bytes + from, len);
    if (inserts || at + len > made->len)
        made->len = at + len + tail;
}

static void make(long number)
{
    static void (*const changes[])(struct made *) = {flip, flip, change_number, cut, splice_other};
    begin_random((uint64_t)number);
    const struct original *original = &stage.originals[random_below(stage.capture_count)];
    memcpy(stage.made.bytes, original->bytes, original->len);
    stage.made.len = original->len;
    for (size_t left = 1 + random_below(CHANGES_MAX); left > 0; left--)
        changes[random_below(sizeof changes / sizeof changes[0])](&stage.made);
}

static bool is_any_byte(const void *context, uint32_t seq, uint8_t byte)
{
    (void)context;
    (void)seq;
    (void)byte;
    return true;
}

static void take_note(void *context, const char *note)
{
    static struct evidence evidence;
    struct way *way = context;
    evidence_read(&evidence, note);
    if (evidence.kind == EVIDENCE_DIAGNOSIS)
        diagnoser_adopt(way->diagnoser, &evidence.diagnosis);
}

static void feed_all(struct way *way, struct source *source)
{
    static struct frame_batch batch;
    struct err err = {0};
    int result = 0;
    uint64_t frames = 0;
    while (frames < FRAMES_MAX && (result = source_next(source, &batch, &err)) == SOURCE_OPEN) {
        way_feed(way, &batch);
        frames += batch.count;
    }
    readers_check_words(result, &err);
    stage.frames += frames;
    source_close(source);
}

/* In a block of its size, so that the sanitizer sees a byte too many. */
static void run(const uint8_t *bytes, size_t len, bool from_memory)
{
    static struct way way;
    char path[64];
    struct err err = {0};
    struct source *source = NULL;
    uint8_t *block = malloc(len > 0 ? len : 1);
    MUST(block);
    memcpy(block, bytes, len);
    int fd = readers_file(block, len, path);
    const struct source_file_options options = {.path = path};
    int failed = from_memory ? source_open_memory(&source, block, len, NULL, &err)
                             : source_open_file(&source, &options, &err);
    readers_check_words(failed, &err);
    (void)alarm(SECONDS_MOST);
    if (failed == 0) {
        way_open(&way, MAX_FLOWS, is_any_byte, NULL);
        readers_notes(path, take_note, &way);
        feed_all(&way, source);
        way_finish(&way);
    }
    (void)alarm(0);
    (void)close(fd);
    free(block);
}

/* Said before a file is tried: whoever handles a signal may not make words. */
static void announce(long number)
{
    unsigned long long seed = stage.seed;
    const char *name = number < 0 ? stage.originals[-number - 1].path : "made";
    stage.number = number;
    (void)snprintf(stage.words, sizeof stage.words, "mutate: broken by file %ld of seed %llu, %s\n",
                   number, seed, name);
    if (stage.keep)
        (void)snprintf(stage.path, sizeof stage.path, "%s/%llu-%ld", stage.keep, seed, number);
}

/* What broke something is kept before the process goes. */
static void keep_made(void)
{
    (void)!write(STDERR_FILENO, stage.words, strlen(stage.words));
    if (!stage.keep || stage.number < 0)
        return;
    int fd = open(stage.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd >= 0) {
        (void)!write(fd, stage.made.bytes, stage.made.len);
        (void)close(fd);
    }
    stage.keep = NULL;
}

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run_all(long files, long only)
{
    if (only >= 0) {
        announce(only);
        make(only);
        run(stage.made.bytes, stage.made.len, only % 4 == 3);
        return;
    }
    for (size_t at = 0; at < stage.count; at++) {
        announce(-(long)at - 1);
        run(stage.originals[at].bytes, stage.originals[at].len, false);
    }
    for (long number = 0; number < files; number++) {
        announce(number);
        make(number);
        run(stage.made.bytes, stage.made.len, number % 4 == 3);
    }
}

int main(int argc, char **argv)
{
    long files = 1000, only = -1;
    double began = seconds_of(CLOCK_MONOTONIC);
    int option = 0;
    stage.seed = 1;
    while ((option = getopt(argc, argv, "s:n:o:k:")) != -1) {
        if (option == 's')
            stage.seed = strtoull(optarg, NULL, 10);
        else if (option == 'n')
            files = atol(optarg);
        else if (option == 'o')
            only = atol(optarg);
        else if (option == 'k')
            stage.keep = optarg;
        else
            return 2;
    }
    for (; optind < argc; optind++) {
        if (nftw(argv[optind], load, 16, FTW_PHYS) != 0)
            perror(argv[optind]);
    }
    for (size_t at = 0; at < stage.count; at++)
        look_into(&stage.originals[at]);
    if (stage.capture_count == 0) {
        (void)fprintf(stderr, "mutate: no captures there\n");
        return 2;
    }
    qsort(stage.originals, stage.count, sizeof stage.originals[0], compare_originals);
    breaks_begin(keep_made);
    run_all(files, only);
    (void)printf("%zu files and %ld made of them, %llu packets, seed %llu: nothing found in %.1f s "
                 "(CPU %.1f s)\n",
                 stage.count, only >= 0 ? 1 : files, (unsigned long long)stage.frames,
                 (unsigned long long)stage.seed, seconds_of(CLOCK_MONOTONIC) - began,
                 seconds_of(CLOCK_PROCESS_CPUTIME_ID));
    for (size_t at = 0; at < stage.count; at++) {
        free(stage.originals[at].bytes);
        free(stage.originals[at].path);
    }
    return 0;
}
