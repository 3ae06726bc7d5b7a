#include "ui/ask.h"

#include <string.h>

#include "ui/keymap.h"

#define SHOWN_MAX (ASK_TEXT_MAX * 4 + 1)

void ask_open(struct ask *ask, enum ask_kind kind, const char *question, const char *text)
{
    ask->kind = kind;
    ask->question = question;
    struct text typed = text_begin(ask->text, sizeof ask->text);
    text_add_string(&typed, text);
    ask->len = typed.len;
}

/* A character of UTF-8; a control character is none. */
static void type(struct ask *ask, uint32_t code)
{
    char bytes[4];
    size_t len = 0;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code > 0x10ffff)
        return;
    if (code < 0x80) {
        bytes[len++] = (char)code;
    } else if (code < 0x800) {
        bytes[len++] = (char)(0xc0 | code >> 6);
        bytes[len++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        bytes[len++] = (char)(0xe0 | code >> 12);
        bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[len++] = (char)(0x80 | (code & 0x3f));
    } else {
        bytes[len++] = (char)(0xf0 | code >> 18);
        bytes[len++] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[len++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[len++] = (char)(0x80 | (code & 0x3f));
    }
    if (ask->len + len >= sizeof ask->text)
        return;
    memcpy(ask->text + ask->len, bytes, len);
    ask->len += len;
    ask->text[ask->len] = '\0';
}

static void erase(struct ask *ask)
{
    while (ask->len > 0 && ((uint8_t)ask->text[ask->len - 1] & 0xc0) == 0x80)
        ask->len--;
    if (ask->len > 0)
        ask->len--;
    ask->text[ask->len] = '\0';
}

bool ask_key(struct ask *ask, uint32_t key)
{
    switch (keymap_find(KEY_IN_ASK, key)) {
    case ACTION_ASK_KEEP:
        ask->kind = ASK_NOTHING;
        return ask->len > 0;
    case ACTION_ASK_DROP:
        ask->kind = ASK_NOTHING;
        return false;
    case ACTION_ASK_ERASE:
        erase(ask);
        return false;
    case ACTION_ASK_ERASE_ALL:
        ask->len = 0;
        ask->text[0] = '\0';
        return false;
    case ACTION_NONE:
        type(ask, key);
        return false;
    default: /* REDRAW is the terminal's */
        return false;
    }
}

int ask_draw(const struct ask *ask, struct grid *grid, int row)
{
    char shown[SHOWN_MAX];
    if (ask->kind == ASK_NOTHING)
        return 0;
    struct text text = text_begin(shown, sizeof shown);
    text_add_untrusted(&text, ask->text, ask->len);
    text_add_string(&text, "_");
    int used = grid_text(grid, row, 0, grid->width / 2, STYLE_PROMPT, ask->question);
    const char *from = shown;
    while (*from != '\0' && grid_columns(from) > grid->width - used) {
        for (from++; ((uint8_t)*from & 0xc0) == 0x80; from++)
            continue;
    }
    (void)grid_text(grid, row, used, grid->width - used, STYLE_PROMPT, from);
    return 1;
}
