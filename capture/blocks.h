/*
 * Purpose: the blocks of a pcapng file: their types; and to write: header, packets with comments, notes.
 * Owns:    nothing; writes into the caller's buffer.
 * Bounds:  BLOCKS_HEADER_SIZE bytes for the header; else what the size functions say.
 * Source:  PCAP Next Generation, draft-ietf-opsawg-pcapng; notes are Systemd Journal Export Blocks,
 *          section 4.5, which Wireshark shows between the packets.
 * Used by: writer.c, notes.c, pcapng.c.
 */
#ifndef LOFLOW_CAPTURE_BLOCKS_H
#define LOFLOW_CAPTURE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/frame.h"

enum block_type {
    BLOCK_INTERFACE = 1,
    BLOCK_OLD_PACKET = 2,
    BLOCK_SIMPLE_PACKET = 3,
    BLOCK_PACKET = 6, /* enhanced */
    BLOCK_JOURNAL = 9,
    BLOCK_SECTION = 0x0a0d0d0a,
};

#define BLOCKS_HEADER_SIZE 80u
#define BLOCKS_BYTE_ORDER  0x1a2b3c4du
#define BLOCKS_COMMENT_MAX 1024u
#define BLOCKS_NOTE_MAX    8192u

/* A section header and one interface with time stamps in nanoseconds. Returns its size. */
size_t blocks_header(uint8_t *at, uint16_t link_type, uint32_t snaplen);

/* `comment` may be NULL. */
size_t blocks_packet_size(const struct frame *frame, const char *comment);
void blocks_packet(uint8_t *at, const struct frame *frame, const char *comment);

size_t blocks_note_size(size_t len);
void blocks_note(uint8_t *at, const char *note, size_t len);

#endif
