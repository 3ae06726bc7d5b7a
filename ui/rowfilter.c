#include "ui/rowfilter.h"

#include <string.h>

#include "flows/describe.h"
#include "ui/endpoint.h"

#define ROW_TEXT_MAX 384

/* Words in lower case, each ended by a NUL. */
static char to_word(char character)
{
    if (character == ' ')
        return '\0';
    if (character < 'A' || character > 'Z')
        return character;
    return (char)(character - 'A' + 'a');
}

/* A '!' that nothing follows yet says nothing. */
static void add_word(struct rowfilter *filter, const char *at)
{
    bool absent = at[0] == '!';
    if (at[absent] == '\0')
        return;
    filter->word[filter->word_count].at = at + absent;
    filter->word[filter->word_count].absent = absent;
    filter->word_count++;
}

static void cut_words(struct rowfilter *filter)
{
    for (size_t at = 0; at < filter->len; at++)
        filter->words[at] = to_word(filter->text[at]);
    filter->words[filter->len] = '\0';
    filter->word_count = 0;
    for (size_t at = 0; at < filter->len; at++) {
        bool begins = at == 0 || filter->words[at - 1] == '\0';
        if (begins && filter->words[at] != '\0')
            add_word(filter, &filter->words[at]);
    }
}

bool rowfilter_type(struct rowfilter *filter, uint32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code > 0x10ffff ||
        (code >= 0xd800 && code < 0xe000))
        return false;
    char bytes[4];
    size_t len = utf8_encode(code, bytes);
    if (filter->len + len >= sizeof filter->text)
        return false;
    memcpy(filter->text + filter->len, bytes, len);
    filter->len += len;
    filter->text[filter->len] = '\0';
    cut_words(filter);
    return true;
}

bool rowfilter_erase(struct rowfilter *filter)
{
    if (filter->len == 0)
        return false;
    do
        filter->len--;
    while (filter->len > 0 && ((uint8_t)filter->text[filter->len] & 0xc0) == 0x80);
    filter->text[filter->len] = '\0';
    cut_words(filter);
    return true;
}

void rowfilter_clear(struct rowfilter *filter)
{
    filter->len = 0;
    filter->text[0] = '\0';
    filter->word_count = 0;
}

static const struct rowfilter_memo *look_up(struct rowfilter *filter, const struct address *address,
                                            uint8_t family)
{
    uint8_t mixed = (uint8_t)(address->octets[15] + 3 * address->octets[14] + address->octets[8]);
    struct rowfilter_memo *memo = &filter->memo[mixed % ROWFILTER_MEMO];
    if (memo->family == family && memcmp(&memo->address, address, sizeof *address) == 0)
        return memo;
    memo->address = *address;
    memo->family = family;
    struct text text = text_begin(memo->text, sizeof memo->text);
    text_add_address(&text, address, family);
    memo->len = (uint8_t)text.len;
    return memo;
}

/* text_add_endpoint with addresses written before. */
static void add_endpoint(struct text *text, struct rowfilter *filter, const struct tuple *tuple,
                         unsigned end)
{
    const struct rowfilter_memo *memo = look_up(filter, &tuple->address[end], tuple->family);
    if (tuple->family == 6)
        text_add_bytes(text, "[", 1);
    text_add_bytes(text, memo->text, memo->len);
    text_add_string(text, tuple->family == 6 ? "]:" : ":");
    text_add_number(text, tuple->port[end]);
    text_add_bytes(text, " ", 1);
}

/* Names may have capitals, words have none. */
static void add_owner(struct text *text, const struct owner *owner)
{
    char name[OWNER_COMM * 4 + 16];
    struct text escaped = text_begin(name, sizeof name);
    text_add_owner(&escaped, owner);
    for (size_t at = 0; at < escaped.len; at++)
        name[at] = (char)(name[at] == ' ' ? ' ' : to_word(name[at]));
    text_add_string(text, " ");
    text_add_string(text, name);
}

static void add_known(struct text *text, struct flow_view flow, const struct known *known)
{
    enum code code = known_code(known, flow);
    for (unsigned end = 0; end < 2; end++) {
        const struct owner *owner = known_owner(known, flow, end ^ flow.hot->client);
        if (owner)
            add_owner(text, owner);
    }
    if (code == CODE_COUNT)
        return;
    text_add_string(text, " ");
    text_add_code(text, code, false);
    text_add(text, " %s", code_word(code));
}

bool rowfilter_matches(struct rowfilter *filter, struct flow_view flow, const struct known *known)
{
    if (filter->word_count == 0)
        return true;
    char row[ROW_TEXT_MAX];
    unsigned client = flow.hot->client;
    struct text text = text_begin(row, sizeof row);
    add_endpoint(&text, filter, &flow.hot->tuple, client);
    add_endpoint(&text, filter, &flow.hot->tuple, !client);
    text_add_string(&text, protocol_word(flow.hot->tuple.protocol));
    text_add_bytes(&text, " ", 1);
    text_add_string(&text, flow_state_word((enum flow_state)flow.hot->state));
    add_known(&text, flow, known);
    for (uint32_t i = 0; i < filter->word_count; i++) {
        bool found = strstr(row, filter->word[i].at) != NULL;
        if (found == filter->word[i].absent)
            return false;
    }
    return true;
}
