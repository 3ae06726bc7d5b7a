#include "ui/spark.h"

#include <string.h>

#include "base/clock.h"

static const char *const bars[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const ascii_bars[] = {" ", ".", ".", ":", ":", "-", "=", "+", "#"};

#define LEVELS  8
#define NEW_NS  (2 * CLOCK_NS_PER_S)
#define UNKNOWN "·"

static int64_t place_of(int64_t second)
{
    int64_t place = second % SPARK_SECONDS;
    return place < 0 ? place + SPARK_SECONDS : place;
}

void spark_begin(struct spark *spark, int64_t begin_ns, int64_t now_ns)
{
    bool is_new = now_ns - begin_ns < NEW_NS;
    *spark = (struct spark){.known = is_new ? 0 : now_ns / CLOCK_NS_PER_S};
}

void spark_note(struct spark *spark, int64_t now_ns, float value)
{
    int64_t second = now_ns / CLOCK_NS_PER_S;
    int64_t passed = second - spark->second;
    if (passed < 0 || passed >= SPARK_SECONDS)
        memset(spark->values, 0, sizeof spark->values);
    else
        while (passed-- > 0)
            spark->values[place_of(second - passed)] = 0;
    spark->second = second;
    spark->values[place_of(second)] = value;
}

/* Of so many seconds ago. */
static float value_at(const struct spark *spark, int64_t second)
{
    int64_t ago = spark->second - second;
    return ago >= 0 && ago < SPARK_SECONDS ? spark->values[place_of(second)] : 0;
}

/* Ten times as much is a level more: a flow that says little must not look like the busiest one, nor change
 * its look when another one comes or goes. */
static int level_of(float highest)
{
    int level = 1;
    for (float least = 100; level < LEVELS && highest >= least; least *= 10)
        level++;
    return level;
}

void spark_write(const struct spark *spark, int64_t now_ns, int room, bool utf8, struct text *text)
{
    int64_t end = now_ns / CLOCK_NS_PER_S + 1;
    float most[SPARK_SECONDS] = {0}, highest = 0;
    bool is_known[SPARK_SECONDS] = {false};
    if (room > SPARK_SECONDS)
        room = SPARK_SECONDS;
    for (int column = 0; column < room; column++) {
        int64_t from = end - SPARK_SECONDS + (int64_t)SPARK_SECONDS * column / room;
        int64_t to = end - SPARK_SECONDS + (int64_t)SPARK_SECONDS * (column + 1) / room;
        for (int64_t second = from; second < to; second++) {
            float value = value_at(spark, second);
            most[column] = value > most[column] ? value : most[column];
            is_known[column] |= second >= spark->known;
        }
        highest = most[column] > highest ? most[column] : highest;
    }
    int tallest = level_of(highest);
    for (int column = 0; column < room && highest > 0; column++) {
        int level = (int)(most[column] / highest * (float)tallest + 0.5F);
        if (level == 0 && most[column] > 0)
            level = 1;
        const char *bar = utf8 ? bars[level] : ascii_bars[level];
        text_add_string(text, utf8 && !is_known[column] ? UNKNOWN : bar);
    }
}
