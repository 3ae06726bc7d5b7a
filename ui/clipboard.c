#include "ui/clipboard.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define BEGIN        "\033]52;c;"
#define END          "\007"
#define PIECE_BEGIN  "\033P"
#define PIECE_END    "\033\\"
#define PIECE_MAX    240 /* of one string that screen hands on; it takes 256 */
#define BASE64_BYTES 3

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct sending {
    struct text out;
    bool wrapped;
    size_t piece; /* bytes in the piece being written */
};

static void send(struct sending *sending, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len; at++) {
        if (sending->wrapped && sending->piece == PIECE_MAX) {
            text_add_string(&sending->out, PIECE_END PIECE_BEGIN);
            sending->piece = 0;
        }
        text_add_bytes(&sending->out, bytes + at, 1);
        sending->piece++;
    }
}

static void send_base64(struct sending *sending, const char *text, size_t len)
{
    for (size_t at = 0; at < len; at += BASE64_BYTES) {
        size_t left = len - at < BASE64_BYTES ? len - at : BASE64_BYTES;
        uint32_t bits = 0;
        for (size_t i = 0; i < BASE64_BYTES; i++)
            bits = bits << 8 | (i < left ? (uint8_t)text[at + i] : 0);
        char four[] = "====";
        for (size_t i = 0; i <= left; i++)
            four[i] = digits[bits >> (18 - 6 * i) & 0x3f];
        send(sending, four, strlen(four));
    }
}

size_t clipboard_write(const char *text, size_t len, bool in_screen, char out[CLIPBOARD_OUT_MAX])
{
    if (len == 0 || len > CLIPBOARD_TEXT_MAX)
        return 0;
    struct sending sending = {.out = text_begin(out, CLIPBOARD_OUT_MAX), .wrapped = in_screen};
    if (in_screen)
        text_add_string(&sending.out, PIECE_BEGIN);
    send(&sending, BEGIN, strlen(BEGIN));
    send_base64(&sending, text, len);
    send(&sending, END, strlen(END));
    if (in_screen)
        text_add_string(&sending.out, PIECE_END);
    return sending.out.cut ? 0 : sending.out.len;
}
