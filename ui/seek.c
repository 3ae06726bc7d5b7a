#include "ui/seek.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

#define SPAN_MAX_NS   INT64_C(3000000000000000000)
#define PACKETS_MAX   UINT64_C(1000000000000000)
#define SHOWN_MAX     64
#define FRACTION_UNIT 1000000000

/* The number at *at, as billionths; moves on. False: there is none, or it is too large. */
static bool take_number(const char **at, int64_t *whole, int64_t *fraction)
{
    const char *first = *at;
    *whole = *fraction = 0;
    for (; isdigit((unsigned char)**at); (*at)++) {
        *whole = *whole * 10 + (**at - '0');
        if (*whole > SPAN_MAX_NS / 10)
            return false;
    }
    bool has_digits = *at > first;
    if (**at == '.') {
        int64_t unit = FRACTION_UNIT;
        for ((*at)++; isdigit((unsigned char)**at); (*at)++) {
            unit /= 10;
            *fraction += unit * (**at - '0');
            has_digits = true;
        }
    }
    return has_digits;
}

/* 0: there is no unit. */
static int64_t take_unit(const char **at)
{
    static const struct {
        const char *word;
        int64_t ns;
    } units[] = {{"ns", 1},
                 {"us", CLOCK_NS_PER_US},
                 {"ms", CLOCK_NS_PER_MS},
                 {"s", CLOCK_NS_PER_S},
                 {"m", 60 * CLOCK_NS_PER_S},
                 {"h", 3600 * CLOCK_NS_PER_S},
                 {"d", INT64_C(86400) * CLOCK_NS_PER_S}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const char *after = *at;
        size_t len = strlen(units[i].word);
        if (strncmp(after, units[i].word, len) != 0 || isalpha((unsigned char)after[len]))
            continue;
        *at += len;
        return units[i].ns;
    }
    return 0;
}

/* "1h2m3.5s", "90" */
static bool parse_span(const char *at, int64_t *ns)
{
    int64_t unit_before = INT64_MAX;
    *ns = 0;
    do {
        int64_t whole = 0, fraction = 0;
        if (!take_number(&at, &whole, &fraction))
            return false;
        int64_t unit = take_unit(&at);
        bool is_bare = unit == 0 && *at == '\0' && unit_before == INT64_MAX;
        if (is_bare)
            unit = CLOCK_NS_PER_S;
        if (unit == 0 || unit >= unit_before || whole > SPAN_MAX_NS / unit)
            return false;
        unit_before = unit;
        *ns += whole * unit + (int64_t)((double)fraction / FRACTION_UNIT * (double)unit);
        if (*ns < 0 || *ns > SPAN_MAX_NS)
            return false;
    } while (*at != '\0');
    return true;
}

/* "12:34:56.789" */
static bool parse_clock(const char *at, int64_t *ns)
{
    static const int64_t most[] = {23, 59, 59};
    int64_t parts[3] = {0}, fraction = 0;
    int count = 0;
    do {
        at += count > 0;
        if (count == 3 || fraction > 0 || !isdigit((unsigned char)*at) ||
            !take_number(&at, &parts[count], &fraction) || parts[count] > most[count])
            return false;
        count++;
    } while (*at == ':');
    *ns = (parts[0] * 3600 + parts[1] * 60 + parts[2]) * CLOCK_NS_PER_S + fraction;
    return *at == '\0' && count >= 2 && (count == 3 || fraction == 0);
}

static bool parse_part(const char *at, double *part)
{
    int64_t whole = 0, fraction = 0;
    if (!take_number(&at, &whole, &fraction) || strcmp(at, "%") != 0)
        return false;
    *part = ((double)whole + (double)fraction / FRACTION_UNIT) / 100;
    return *part <= 1;
}

static bool parse_packets(const char *at, uint64_t *packets)
{
    int64_t whole = 0, fraction = 0;
    if (!isdigit((unsigned char)*at) || !take_number(&at, &whole, &fraction) || *at != '\0' ||
        fraction != 0 || (uint64_t)whole > PACKETS_MAX)
        return false;
    *packets = (uint64_t)whole;
    return true;
}

static bool parse_words(struct seek *seek, const char *at)
{
    static const struct {
        const char *word;
        enum seek_kind kind;
    } words[] = {{"begin", SEEK_PACKETS}, /* before the first one */
                 {"start", SEEK_PACKETS},
                 {"end", SEEK_TO_END},
                 {"next", SEEK_NEXT_FAILURE},
                 {"prev", SEEK_PREVIOUS_FAILURE},
                 {"previous", SEEK_PREVIOUS_FAILURE}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(at, words[i].word) != 0)
            continue;
        seek->kind = words[i].kind;
        return true;
    }
    return false;
}

static bool parse(struct seek *seek, const char *text)
{
    bool is_back = *text == '-';
    bool is_by = is_back || *text == '+';
    const char *number = text + is_by;
    if (parse_words(seek, text))
        return true;
    if (*text == '#') {
        seek->kind = SEEK_PACKETS;
        return parse_packets(text + 1, &seek->packets);
    }
    if (strchr(text, '%')) {
        seek->kind = is_by ? SEEK_BY_PART : SEEK_PART;
        bool good = parse_part(number, &seek->part);
        seek->part = is_back ? -seek->part : seek->part;
        return good;
    }
    if (strchr(text, ':')) {
        seek->kind = SEEK_CLOCK;
        return parse_clock(text, &seek->ns);
    }
    seek->kind = is_by ? SEEK_BY : SEEK_PLACE;
    bool good = parse_span(number, &seek->ns);
    seek->ns = is_back ? -seek->ns : seek->ns;
    return good;
}

/* Without spaces around it. False: nothing is left, or too much. */
static bool trim(const char *text, char trimmed[SHOWN_MAX])
{
    struct text shown = text_begin(trimmed, SHOWN_MAX);
    text += strspn(text, " ");
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == ' ')
        len--;
    text_add_bytes(&shown, text, len);
    return len > 0 && !shown.cut;
}

static bool parse_speed(double *speed, const char *at)
{
    int64_t whole = 0, fraction = 0;
    *speed = 0;
    if (strcmp(at, "max") == 0)
        return true;
    if (!take_number(&at, &whole, &fraction))
        return false;
    *speed = (double)whole + (double)fraction / FRACTION_UNIT;
    bool ends = *at == '\0' || strcmp(at, "x") == 0;
    return ends && *speed >= SEEK_SPEED_LEAST && *speed <= SEEK_SPEED_MOST;
}

int seek_parse_speed(double *speed, const char *text, struct err *err)
{
    char trimmed[SHOWN_MAX];
    if (trim(text, trimmed) && parse_speed(speed, trimmed))
        return 0;
    return err_set(err, EINVAL, "cannot play at \"%s\"; try 0.1x to 1000x, or max", trimmed);
}

int seek_parse(struct seek *seek, const char *text, struct err *err)
{
    char trimmed[SHOWN_MAX];
    *seek = (struct seek){0};
    if (trim(text, trimmed) && parse(seek, trimmed))
        return 0;
    return err_set(err, EINVAL,
                   "cannot go to \"%s\"; try 50%%, 1m30s, +5s, -2s, 12:34:56, #1000, begin or end",
                   trimmed);
}
