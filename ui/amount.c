#include "ui/amount.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"

#define PARTS_MAX 1000 /* what follows the third decimal does not count */

struct unit {
    const char *word;
    uint64_t worth;
};

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

static const struct unit count_units[] = {
    {"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}, {NULL, 0}};
static const struct unit size_units[] = {
    {"", 1},         {"B", 1},          {"k", 1000},        {"kB", 1000}, {"M", 1000000},
    {"MB", 1000000}, {"G", 1000000000}, {"GB", 1000000000}, {"Ki", KIB},  {"KiB", KIB},
    {"Mi", MIB},     {"MiB", MIB},      {"Gi", GIB},        {"GiB", GIB}, {NULL, 0}};
static const struct unit span_units[] = {{"ns", 1},
                                         {"us", CLOCK_NS_PER_US},
                                         {"µs", CLOCK_NS_PER_US},
                                         {"ms", CLOCK_NS_PER_MS},
                                         {"s", CLOCK_NS_PER_S},
                                         {"m", 60 * CLOCK_NS_PER_S},
                                         {"min", 60 * CLOCK_NS_PER_S},
                                         {"h", 3600 * CLOCK_NS_PER_S},
                                         {"d", 86400 * CLOCK_NS_PER_S},
                                         {NULL, 0}};

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

/* Letters of units mean the same in both cases but for m and M of numbers, which are not used as m. */
static bool is_unit(const struct unit *unit, const char *text, size_t len)
{
    return strlen(unit->word) == len && strncasecmp(unit->word, text, len) == 0;
}

static const struct unit *units_of(enum filter_kind kind)
{
    if (kind == FILTER_KIND_SPAN)
        return span_units;
    return kind == FILTER_KIND_SIZE ? size_units : count_units;
}

/* Of what follows a number: up to the next one, where there may be more of them. */
static size_t unit_len(enum filter_kind kind, const char *text, size_t len)
{
    size_t at = 0;
    while (at < len && !(kind == FILTER_KIND_SPAN && is_digit(text[at])))
        at++;
    return at;
}

/* The first number and its unit; *used is their length, *worth that of the unit. */
static enum amount_answer read_part(enum filter_kind kind, const char *text, size_t len,
                                    struct amount *amount, size_t *used, uint64_t *worth)
{
    uint64_t whole = 0, fraction = 0, parts = 1;
    size_t at = 0;
    for (; at < len && is_digit(text[at]); at++) {
        if (whole > UINT32_MAX)
            return AMOUNT_TOO_LARGE;
        whole = whole * 10 + (uint64_t)(text[at] - '0');
    }
    if (at == 0)
        return AMOUNT_BAD;
    size_t point = at;
    if (at < len && text[at] == '.')
        at++;
    for (; at > point && at < len && is_digit(text[at]); at++) {
        if (parts == PARTS_MAX)
            continue;
        fraction = fraction * 10 + (uint64_t)(text[at] - '0');
        parts *= 10;
    }
    if (at == point + 1)
        return at == len ? AMOUNT_NO_UNIT : AMOUNT_BAD;
    size_t unit_size = unit_len(kind, text + at, len - at);
    const struct unit *unit = units_of(kind);
    while (unit->word && !is_unit(unit, text + at, unit_size))
        unit++;
    if (!unit->word)
        return at == len ? AMOUNT_NO_UNIT : AMOUNT_BAD;
    if (whole >= UINT64_MAX / 4 / unit->worth)
        return AMOUNT_TOO_LARGE;
    /* Worths are below 2^47 and fractions below 2^10: no product is cut. */
    amount->low = whole * unit->worth + (fraction * unit->worth + parts - 1) / parts;
    amount->high = whole * unit->worth + ((fraction + 1) * unit->worth + parts - 1) / parts - 1;
    if (amount->high < amount->low)
        amount->high = amount->low;
    *used = at + unit_size;
    *worth = unit->worth;
    return AMOUNT_GOOD;
}

enum amount_answer amount_read(enum filter_kind kind, const char *text, size_t len,
                               struct amount *amount)
{
    uint64_t before = UINT64_MAX, sum = 0;
    *amount = (struct amount){0, 0};
    do {
        struct amount part;
        size_t used = 0;
        uint64_t worth = 0;
        enum amount_answer answer = read_part(kind, text, len, &part, &used, &worth);
        if (answer != AMOUNT_GOOD)
            return answer;
        if (worth >= before)
            return AMOUNT_BAD;
        /* Each is below 2^62, and there are no more than there are units. */
        if (sum > UINT64_MAX / 4)
            return AMOUNT_TOO_LARGE;
        *amount = (struct amount){sum + part.low, sum + part.high};
        sum += part.low;
        before = worth;
        text += used;
        len -= used;
    } while (len > 0);
    return AMOUNT_GOOD;
}
