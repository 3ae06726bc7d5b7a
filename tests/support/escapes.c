#include "tests/support/escapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ESC        0x1b
#define BEL        0x07
#define NUMBERS    16
#define SGR_MAX    128
#define FAINT      2
#define STRUCK     9
#define EXTENDED   38 /* a colour of 256 or of 16 million follows */
#define BACKGROUND 48
#define CURSOR     25 /* mode: it is shown */

/* "ESC [ prefix numbers final" that ncurses and our own modes need; see terminfo(5), user_caps(5). */
static const struct {
    const char *prefix, *finals;
} controls[] = {
    {"", "@ABCDGHJKLMPSTXZbdfrm"},
    {"?", "hl"},
};

/* Cursor keys, cursor shape, mouse, alternate screen, pasting. */
static const int modes[] = {1, 7, 12, 25, 1000, 1002, 1003, 1006, 1049, 2004};

static void forbid(struct escapes *escapes)
{
    size_t at = 0;
    if (escapes->forbidden[0] != '\0')
        return;
    for (size_t i = 0; i < escapes->len && at + 8 < sizeof escapes->forbidden; i++) {
        unsigned char byte = (unsigned char)escapes->sequence[i];
        char *to = escapes->forbidden + at;
        if (byte > ' ' && byte < BEL + 0x78)
            at += (size_t)snprintf(to, 8, "%c", byte);
        else
            at += (size_t)snprintf(to, 8, "\\x%02x", byte);
    }
}

static void hand_on(struct escapes *escapes)
{
    escapes->out(escapes->to, escapes->sequence, escapes->len);
}

/* The numbers between "ESC [ prefix" and the final byte; -1 when something else is there. */
static int read_numbers(const struct escapes *escapes, size_t from, int numbers[NUMBERS])
{
    int count = 1;
    numbers[0] = 0;
    for (size_t at = from; at + 1 < escapes->len; at++) {
        char byte = escapes->sequence[at];
        if (byte >= '0' && byte <= '9')
            numbers[count - 1] = (numbers[count - 1] * 10 + (byte - '0')) % 100000;
        else if (byte == ';' && count < NUMBERS)
            numbers[count++] = 0;
        else
            return -1;
    }
    return count;
}

static bool is_look(int number)
{
    static const int looks[] = {0, 1, 2, 3, 4, 5, 7, 10, 22, 23, 24, 25, 27, 39, 49};
    for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
        if (looks[i] == number)
            return true;
    }
    return (number >= 30 && number <= 37) || (number >= 40 && number <= 47) ||
           (number >= 90 && number <= 97) || (number >= 100 && number <= 107);
}

/* How many numbers a colour of 256 (5;n) or of 16 million (2;r;g;b) takes; 0: it is neither. */
static int colour_numbers(const int *numbers, int left)
{
    if (left >= 3 && numbers[1] == 5)
        return 3;
    return left >= 5 && numbers[1] == 2 ? 5 : 0;
}

/* Colours and attributes, faint handed on as struck out. */
static void take_looks(struct escapes *escapes, const int *numbers, int count)
{
    char looks[SGR_MAX] = "\x1b[";
    size_t len = 2;
    for (int at = 0; at < count;) {
        bool extended = numbers[at] == EXTENDED || numbers[at] == BACKGROUND;
        int taken = extended ? colour_numbers(numbers + at, count - at) : 1;
        if (taken == 0 || (!extended && !is_look(numbers[at]))) {
            forbid(escapes);
            return;
        }
        for (int i = 0; i < taken; i++) {
            bool faint = !extended && numbers[at] == FAINT;
            len += (size_t)snprintf(looks + len, sizeof looks - len, "%d;",
                                    faint ? STRUCK : numbers[at + i]);
        }
        at += taken;
    }
    looks[len - 1] = 'm';
    escapes->out(escapes->to, looks, len);
}

static void repeat(struct escapes *escapes, int times)
{
    if (times > ESCAPES_REPEAT || escapes->character_len == 0) {
        forbid(escapes);
        return;
    }
    for (int i = 0; i < times; i++)
        escapes->out(escapes->to, escapes->character, escapes->character_len);
}

static bool are_modes(const int *numbers, int count)
{
    for (int i = 0; i < count; i++) {
        bool found = false;
        for (size_t at = 0; at < sizeof modes / sizeof modes[0]; at++)
            found |= modes[at] == numbers[i];
        if (!found)
            return false;
    }
    return true;
}

/* Sequences that some terminals' descriptions hold and that no emulator of ours need see. */
static bool is_harmless(const struct escapes *escapes)
{
    static const char *const harmless[] = {"\x1b[22;0;0t", "\x1b[23;0;0t", "\x1b[?0c",  "\x1b[?1c",
                                           "\x1b[?8c",     "\x1b[4l",      "\x1b[34h",  "\x1b[34l",
                                           "\x1b[3g",      "\x1b[!p",      "\x1b[?3;4l"};
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++) {
        if (strlen(harmless[i]) == escapes->len &&
            memcmp(harmless[i], escapes->sequence, escapes->len) == 0)
            return true;
    }
    return false;
}

static bool is_control(const char *prefix, char final)
{
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        if (strcmp(controls[i].prefix, prefix) == 0)
            return strchr(controls[i].finals, final) != NULL;
    }
    return false;
}

static void take_control(struct escapes *escapes)
{
    int numbers[NUMBERS];
    char final = escapes->sequence[escapes->len - 1];
    bool asks = escapes->sequence[2] == '?';
    int count = read_numbers(escapes, asks ? 3 : 2, numbers);
    if (is_harmless(escapes))
        return;
    if (count < 0 || !is_control(asks ? "?" : "", final) || (asks && !are_modes(numbers, count))) {
        forbid(escapes);
        return;
    }
    if (final == 'J' && !asks && numbers[0] == 2)
        escapes->clears++;
    if (asks && numbers[0] == CURSOR)
        escapes->cursor_hidden = final == 'l';
    if (final == 'm')
        take_looks(escapes, numbers, count);
    else if (final == 'b')
        repeat(escapes, numbers[0] > 0 ? numbers[0] : 1);
    else
        hand_on(escapes);
}

/* OSC 104 gives the colours back, as "ESC ] R" does on a Linux console; OSC 52 is the clipboard. */
static void take_system(struct escapes *escapes)
{
    static const char clipboard[] = "\x1b]52;c;";
    size_t len = sizeof clipboard - 1;
    escapes->sequence[escapes->len] = '\0';
    if (strcmp(escapes->sequence, "\x1b]104\x07") == 0)
        return;
    if (!escapes->may_copy || escapes->len <= len ||
        memcmp(escapes->sequence, clipboard, len) != 0) {
        forbid(escapes);
        return;
    }
    (void)snprintf(escapes->copied, sizeof escapes->copied, "%s", escapes->sequence + len);
    escapes->copied[strcspn(escapes->copied, "\x07\x1b")] = '\0';
}

static enum escapes_state take_after_escape(struct escapes *escapes, char byte)
{
    if (byte == '[')
        return ESCAPES_CONTROL;
    if (byte == ']')
        return ESCAPES_SYSTEM;
    if (byte == '(' || byte == ')')
        return ESCAPES_CHARSET;
    if (strchr("78=>M", byte) && byte != '\0')
        hand_on(escapes);
    else
        forbid(escapes);
    return ESCAPES_TEXT;
}

/* One character of UTF-8, or a control that moves the cursor. */
static void take_text(struct escapes *escapes, char byte)
{
    unsigned char code = (unsigned char)byte;
    bool continues = (code & 0xc0) == 0x80;
    if (!continues)
        escapes->character_len = 0;
    if (code >= ' ' && escapes->character_len < sizeof escapes->character)
        escapes->character[escapes->character_len++] = byte;
    bool control = code < ' ' && !strchr("\b\t\n\r\x0e\x0f", byte);
    bool second = escapes->character_len == 2 && (unsigned char)escapes->character[0] == 0xc2;
    escapes->sequence[0] = byte;
    escapes->len = 1;
    if (control || code == 0x7f || (continues && escapes->character_len < 2) ||
        (second && code < 0xa0))
        forbid(escapes);
    else if (code != '\0')
        hand_on(escapes);
}

static enum escapes_state take_byte(struct escapes *escapes, char byte)
{
    if (escapes->state == ESCAPES_TEXT && byte != ESC) {
        take_text(escapes, byte);
        return ESCAPES_TEXT;
    }
    if (escapes->state == ESCAPES_TEXT)
        escapes->len = 0;
    if (escapes->len + 1 >= ESCAPES_MAX) {
        forbid(escapes);
        return ESCAPES_TEXT;
    }
    escapes->sequence[escapes->len++] = byte;
    switch (escapes->state) {
    case ESCAPES_TEXT:
        return ESCAPES_BEGUN;
    case ESCAPES_BEGUN:
        return take_after_escape(escapes, byte);
    case ESCAPES_CHARSET:
        if (strchr("AB0", byte) && byte != '\0')
            hand_on(escapes);
        else
            forbid(escapes);
        return ESCAPES_TEXT;
    case ESCAPES_CONTROL:
        if (byte >= ' ' && byte < '@')
            return ESCAPES_CONTROL;
        take_control(escapes);
        return ESCAPES_TEXT;
    case ESCAPES_SYSTEM:
        if (escapes->len == 3 && byte == 'R')
            return ESCAPES_TEXT;
        if (byte != BEL && (byte != '\\' || escapes->sequence[escapes->len - 2] != ESC))
            return ESCAPES_SYSTEM;
        take_system(escapes);
        return ESCAPES_TEXT;
    }
    return ESCAPES_TEXT;
}

void escapes_feed(struct escapes *escapes, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len; at++)
        escapes->state = take_byte(escapes, bytes[at]);
}
