#include "ui/keycode.h"

#include <ctype.h>
#include <strings.h>

#define CTRL_MASK 0x1f

static const struct {
    uint32_t key;
    const char *name;
} names[] = {
#define KEYCODE_AT(NAME, code, name) {SCREEN_KEY_##NAME, name},
#define KEYCODE(NAME, name)          {SCREEN_KEY_##NAME, name},
#include "ui/keycode.def"
#define KEYCODE_ALIAS(code, name) {code, name},
#include "ui/keycode.def"
};

#define NAME_COUNT (sizeof names / sizeof names[0])

static bool is_word(const char *word, const char *name, size_t len)
{
    return strlen(word) == len && strncasecmp(word, name, len) == 0;
}

/* Terminals send Enter for Ctrl-M and Ctrl-J, Tab for Ctrl-I, Backspace for Ctrl-H: those are taken
 * as what arrives. */
static uint32_t control_key(char letter)
{
    uint32_t key = (uint32_t)toupper((unsigned char)letter) & CTRL_MASK;
    if (key == '\r' || key == '\n')
        return SCREEN_KEY_ENTER;
    if (key == '\t')
        return SCREEN_KEY_TAB;
    return key == '\b' ? (uint32_t)SCREEN_KEY_BACKSPACE : key;
}

bool keycode_parse(const char *name, size_t len, uint32_t *key)
{
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (is_word(names[i].name, name, len)) {
            *key = names[i].key;
            return true;
        }
    }
    if (len == 6 && strncasecmp(name, "Ctrl-", 5) == 0 && isalpha((unsigned char)name[5])) {
        *key = control_key(name[5]);
        return true;
    }
    if (len == 2 && name[0] == '^' && isalpha((unsigned char)name[1])) {
        *key = control_key(name[1]);
        return true;
    }
    size_t used = utf8_decode(name, len, key);
    return used > 0 && used == len && *key > ' ' && *key != SCREEN_KEY_BACKSPACE &&
           (*key < 0x80 || *key >= 0xa0);
}

void keycode_write(struct text *text, uint32_t key)
{
    for (size_t i = 0; i < NAME_COUNT; i++) {
        if (names[i].key == key) {
            text_add_string(text, names[i].name);
            return;
        }
    }
    char letter[KEYCODE_NAME_MAX] = "?";
    if (key > 0 && key < ' ') {
        text_add(text, "Ctrl-%c", (char)('A' + key - 1));
        return;
    }
    if (key > ' ' && key < 0x80)
        letter[0] = (char)key;
    else if (key >= 0xa0 && key <= SCREEN_KEY_NO_CHARACTER)
        (void)utf8_encode(key, letter);
    text_add_untrusted(text, letter, strlen(letter));
}
