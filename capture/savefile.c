#include "capture/savefile.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

#define MAGIC_PCAPNG      0x0a0d0d0au
#define MAGIC_PCAP_NS     0xa1b23c4du
#define MAGIC_PCAP_NS_BIG 0x4d3cb2a1u
#define UINT32_SPAN       (INT64_C(1) << 32)

/* What people take for captures, by its first bytes (an empty magic ends the table). */
static const struct {
    const char *magic;
    size_t len;
    const char *advice;
} known[] = {
    {"snoop\0\0", 8, "a snoop capture; convert it with: editcap -F pcap IN OUT"},
    {"RTSS", 4, "a Network Monitor capture; convert it with: editcap -F pcap IN OUT"},
    {"GMBU", 4, "a Network Monitor capture; convert it with: editcap -F pcap IN OUT"},
    {"BZh", 3, "compressed with bzip2; pipe it: bzcat FILE | loflow -r -"},
    {"\xfd\x37zXZ", 5, "compressed with xz; pipe it: xzcat FILE | loflow -r -"},
    {"\x04\x22\x4d\x18", 4, "compressed with lz4; pipe it: lz4cat FILE | loflow -r -"},
    {"\x1f\x8b", 2, "compressed twice; undo the outer gzip first"},
    {"PK\x03\x04", 4, "a zip archive; unpack it first"},
    {"\x7f"
     "ELF",
     4, "a program"},
    {"{", 1, "JSON text"},
    {"<", 1, "HTML or XML text, perhaps an error page saved in place of the capture"},
};

static const char *guess_kind(const struct inflate_state *state)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (state->head_len >= known[i].len &&
            memcmp(state->head, known[i].magic, known[i].len) == 0)
            return known[i].advice;
    }
    return NULL;
}

/* Trouble below libpcap: 0 when there is none. */
static int stream_verdict(const struct savefile *savefile, struct err *err)
{
    const struct inflate_state *state = inflate_state(savefile->inflate);
    const char *name = savefile->name;
    unsigned long long packets = savefile->packets;
    const char *plural = packets == 1 ? "" : "s";
    switch (state->trouble) {
    case INFLATE_WELL:
        return 0;
    case INFLATE_CUT:
        return err_set(
            err, EILSEQ,
            "%s is cut short after %llu packet%s, its compressed data ends in the middle;"
            " everything before was read",
            name, packets, plural);
    case INFLATE_DAMAGED:
        return err_set(
            err, EILSEQ,
            "%s is damaged after %llu packet%s, its compressed data makes no sense there;"
            " everything before was read",
            name, packets, plural);
    case INFLATE_FAILED:
        return err_set(err, state->error, "%s cannot be read further: %s", name,
                       strerror(state->error));
    case INFLATE_STOPPED:
        break;
    }
    return err_set(err, ECANCELED, "reading %s was stopped", name);
}

/* What helps against libpcap's words. It reads one link type and snap length a file, and so does
 * the format that editcap would convert to. */
static const char *advise(const char *words)
{
    return strstr(words, "different from the")
               ? "capture each interface to a file of its own"
               : "if Wireshark reads it, this may convert it: editcap -F pcap IN OUT";
}

static int packets_verdict(const struct savefile *savefile, struct err *err)
{
    const char *plural = savefile->packets == 1 ? "" : "s";
    if (feof(pcap_file(savefile->pcap)))
        return err_set(err, EILSEQ,
                       "%s is cut short after %llu packet%s; everything before was read",
                       savefile->name, (unsigned long long)savefile->packets, plural);
    const char *words = pcap_geterr(savefile->pcap);
    return err_set(err, EILSEQ, "%s cannot be read further after %llu packet%s: %.300s; %s",
                   savefile->name, (unsigned long long)savefile->packets, plural, words,
                   advise(words));
}

int savefile_verdict(struct savefile *savefile, bool failed, struct err *err)
{
    int result = stream_verdict(savefile, err);
    if (result == 0 && failed)
        result = packets_verdict(savefile, err);
    return result;
}

static int header_verdict(const struct savefile *savefile, bool ended, const char *words,
                          struct err *err)
{
    int result = stream_verdict(savefile, err);
    if (result != 0)
        return result;
    const struct inflate_state *state = inflate_state(savefile->inflate);
    const char *name = savefile->name;
    if (state->head_len == 0)
        return err_set(err, EILSEQ, "%s is empty: not even a capture's header was written", name);
    const char *kind = guess_kind(state);
    if (kind)
        return err_set(err, EILSEQ, "%s is not a capture that loflow reads but %s", name, kind);
    if (ended)
        return err_set(err, EILSEQ,
                       "%s is not a capture, or cut short inside its header: it ends after %llu"
                       " bytes",
                       name, (unsigned long long)state->position);
    return err_set(err, EILSEQ, "%s is not a capture that libpcap reads: %.300s; %s", name, words,
                   advise(words));
}

/* The pcap format counts unsigned seconds and fractions; libpcap reads those of this machine's byte
 * order as signed ones, so that 2038 would become 1902. */
static void learn_time_format(struct savefile *savefile)
{
    const struct inflate_state *state = inflate_state(savefile->inflate);
    if (state->head_len < 4 || load_le32(state->head) == MAGIC_PCAPNG)
        return;
    uint32_t magic = load_le32(state->head);
    bool nanoseconds = magic == MAGIC_PCAP_NS || magic == MAGIC_PCAP_NS_BIG;
    savefile->wrapped_seconds = UINT32_SPAN;
    savefile->wrapped_fraction = nanoseconds ? UINT32_SPAN : 1000 * UINT32_SPAN;
}

static int open_stream(struct savefile *savefile, struct err *err)
{
    FILE *stream = inflate_stream(savefile->inflate);
    if (!stream)
        return err_set(err, ENOMEM, "no memory to read %s", savefile->name);
    char words[PCAP_ERRBUF_SIZE] = "";
    savefile->pcap =
        pcap_fopen_offline_with_tstamp_precision(stream, PCAP_TSTAMP_PRECISION_NANO, words);
    if (!savefile->pcap) {
        int result = header_verdict(savefile, feof(stream), words, err);
        (void)fclose(stream);
        return result;
    }
    learn_time_format(savefile);
    return 0;
}

int savefile_open(struct savefile *savefile, const struct inflate_input *input, const char *name,
                  const char *filter, struct err *err)
{
    *savefile = (struct savefile){.name = name};
    int result = inflate_open(&savefile->inflate, input, err);
    if (result == 0)
        result = open_stream(savefile, err);
    if (result == 0)
        result = filter_compile(&savefile->filter, savefile->pcap, filter, err);
    if (result != 0)
        savefile_close(savefile);
    return result;
}

bool savefile_accept(struct savefile *savefile, struct pcap_pkthdr *header, const u_char *data)
{
    savefile->packets++;
    if (header->ts.tv_sec < 0)
        header->ts.tv_sec += savefile->wrapped_seconds;
    if (header->ts.tv_usec < 0)
        header->ts.tv_usec += savefile->wrapped_fraction;
    return filter_passes(&savefile->filter, header, data);
}

void savefile_close(struct savefile *savefile)
{
    filter_free(&savefile->filter);
    if (savefile->pcap)
        pcap_close(savefile->pcap);
    inflate_close(savefile->inflate);
    *savefile = (struct savefile){0};
}
