#include "flows/history.h"

#define SIDE_BIT 0x80

static const uint8_t letters[HISTORY_LETTER_COUNT] = "SHADFRTWGQI";

static void append(struct flow_cold *cold, unsigned side, enum history_letter letter)
{
    if (cold->history_len < FLOW_HISTORY_MAX)
        cold->history[cold->history_len++] = (uint8_t)(letters[letter] | side * SIDE_BIT);
}

void history_add(struct flow_cold *cold, unsigned side, enum history_letter letter)
{
    uint32_t bit = UINT32_C(1) << (letter * 2 + side);
    if (cold->history_seen & bit)
        return;
    cold->history_seen |= bit;
    append(cold, side, letter);
}

void history_add_counted(struct flow_cold *cold, unsigned side, enum history_letter letter,
                         uint32_t count)
{
    uint32_t power = 1;
    while (power < count && power <= UINT32_MAX / 10)
        power *= 10;
    if (power == count)
        append(cold, side, letter);
}

void text_add_history(struct text *text, struct flow_view flow)
{
    const struct flow_cold *cold = flow.cold;
    unsigned server_bit = flow.hot->client ? 0 : SIDE_BIT;
    char written[FLOW_HISTORY_MAX];
    size_t len = cold->history_len < FLOW_HISTORY_MAX ? cold->history_len : FLOW_HISTORY_MAX;
    for (size_t at = 0; at < len; at++) {
        /* A lower-case letter is the upper-case one and a bit. */
        unsigned by_server = (cold->history[at] & SIDE_BIT) == server_bit;
        written[at] = (char)((cold->history[at] & ~SIDE_BIT) | by_server << 5);
    }
    if (flow.hot->flags & FLOW_FLAG_FLIPPED)
        text_add_string(text, "^");
    text_add_bytes(text, written, len);
}
