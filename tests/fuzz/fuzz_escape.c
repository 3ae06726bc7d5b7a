/* Untrusted text: as the inside of a JSON string it is valid, stands in one line and means the same; for a
 * terminal it is drawn and nothing else; as a field of a note it comes back. Nothing is written past a buffer,
 * however short. The first byte is the size of the buffer. */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/out.h"
#include "base/text.h"
#include "report/evidence.h"
#include "tests/support/clean.h"

#define TEXT_MAX 4096

static void check_terminal(const char *bytes, size_t len, size_t size)
{
    char *buffer = malloc(size);
    MUST(buffer);
    struct text text = text_begin(buffer, size);
    text_add_untrusted(&text, bytes, len);
    MUST(text.len < size && buffer[text.len] == '\0' && strlen(buffer) == text.len);
    MUST_BE_RIGHT(clean_words(buffer, text.len));
    /* Once more in a buffer that has room for all of it: the beginning of it was told before. */
    char *whole = malloc(10 * len + 1);
    MUST(whole);
    struct text all = text_begin(whole, 10 * len + 1);
    text_add_untrusted(&all, bytes, len);
    MUST(!all.cut && all.len >= text.len && memcmp(whole, buffer, text.len) == 0);
    MUST(text.cut == (text.len < all.len));
    free(whole);
    free(buffer);
}

/* What a string of JSON means; returns its bytes of UTF-8. */
static size_t read_json(const char *text, size_t len, char *into)
{
    size_t used = 0;
    uint32_t high = 0;
    for (size_t at = 0; at < len;) {
        if (text[at] != '\\') {
            into[used++] = text[at++];
            continue;
        }
        if (text[at + 1] != 'u') {
            into[used++] = text[at + 1];
            at += 2;
            continue;
        }
        char digits[5] = {text[at + 2], text[at + 3], text[at + 4], text[at + 5]};
        uint32_t code = (uint32_t)strtoul(digits, NULL, 16);
        at += 6;
        if (code >= 0xd800 && code < 0xdc00) {
            high = code;
            continue;
        }
        if (code >= 0xdc00 && code < 0xe000) {
            MUST(high != 0);
            code = 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00);
        }
        high = 0;
        used += utf8_encode(code, into + used);
    }
    MUST(high == 0);
    return used;
}

/* The same, but for what is no UTF-8. */
static size_t mend(const char *bytes, size_t len, char *into)
{
    size_t used = 0;
    for (size_t at = 0; at < len;) {
        uint32_t code = 0;
        size_t taken = utf8_decode(bytes + at, len - at, &code);
        used += utf8_encode(taken == 0 ? 0xfffd : code, into + used);
        at += taken == 0 ? 1 : taken;
    }
    return used;
}

static void check_json(const char *bytes, size_t len)
{
    static struct out out;
    static char written[16 * TEXT_MAX], meant[16 * TEXT_MAX], wanted[4 * TEXT_MAX];
    int fd = memfd_create("json", MFD_CLOEXEC);
    MUST(fd >= 0);
    out_open(&out, fd, NULL);
    out_json_text(&out, bytes, len);
    MUST(out_flush(&out) == 0);
    ssize_t got = pread(fd, written, sizeof written, 0);
    (void)close(fd);
    MUST(got >= 0 && (size_t)got < sizeof written);
    MUST_BE_RIGHT(clean_json_inside(written, (size_t)got));
    size_t is = read_json(written, (size_t)got, meant), must = mend(bytes, len, wanted);
    MUST(is == must && memcmp(meant, wanted, is) == 0);
}

/* A field is cut where its buffer ends, but nothing else becomes of it. */
static void check_note(const char *bytes)
{
    static struct evidence evidence;
    static char line[EVIDENCE_MAX];
    struct evidence_flow flow = {.tuple = {.family = 4, .protocol = PROTOCOL_TCP}, .start_ns = 1};
    flow.process[0].pid = 7;
    struct text comm = text_begin(flow.process[0].comm, sizeof flow.process[0].comm);
    struct text command = text_begin(flow.process[0].command, sizeof flow.process[0].command);
    text_add_string(&comm, bytes);
    text_add_string(&command, bytes);
    struct text text = text_begin(line, sizeof line);
    text_add_flow_note(&text, &flow);
    MUST(!text.cut);
    evidence_read(&evidence, line);
    MUST(evidence.kind == EVIDENCE_FLOW && evidence.flow.process[0].pid == 7);
    MUST(evidence.flow.start_ns == 1 && evidence.flow.process[1].pid == 0);
    MUST(strcmp(evidence.flow.process[0].comm, flow.process[0].comm) == 0);
    MUST(strcmp(evidence.flow.process[0].command, flow.process[0].command) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct bytes input = {bytes, len};
    size_t size = 1 + (size_t)fuzz_8(&input);
    struct bytes text = fuzz_part(&input, TEXT_MAX - 1);
    char *words = fuzz_text(text);
    check_terminal((const char *)text.at, text.left, size);
    check_json((const char *)text.at, text.left);
    check_note(words);
    free(words);
    return 0;
}
