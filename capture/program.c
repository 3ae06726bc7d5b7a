/*
 * Theory of operation
 *
 * A classic BPF program answers how many bytes of a packet are taken, 0 for none. The answers of libpcap's
 * compiler are constants: what it takes, it takes up to the snap length. So wherever the filter takes a packet
 * it goes on to the tail instead, which looks at the headers and answers with their length and what is wanted
 * of the payload.
 *
 * The tail knows IPv4 with options and IPv6, and TCP with options and UDP behind them. Whatever else there is
 * stays whole: fragments, IP of another version than the Ethernet header says, ICMP with what it quotes, IPv6 with extension headers, other protocols, and what is
 * shorter than its headers, as a load from behind the end of a packet would refuse it.
 *
 * Jumps go forward only, and conditional ones at most 255 instructions far; libpcap's own stay within the
 * filter, and the one to the tail is not conditional.
 *
 * Source: McCanne and Jacobson, "The BSD Packet Filter", 1993, section 3.3.
 */
#include "capture/program.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ETHERNET_LEN       14u
#define ETHERTYPE_AT       12u
#define ETHERTYPE_IPV4     0x0800u
#define ETHERTYPE_IPV6     0x86ddu
#define VERSION_SHIFT      4u /* the upper half of the first octet */
#define IPV4_LEN           20u
#define IPV4_FRAGMENT_AT   (ETHERNET_LEN + 6u)
#define IPV4_FRAGMENT_MASK 0x3fffu /* more fragments, or an offset */
#define IPV4_PROTOCOL_AT   (ETHERNET_LEN + 9u)
#define IPV6_LEN           40u
#define IPV6_NEXT_AT       (ETHERNET_LEN + 6u)
#define PROTOCOL_TCP       6u
#define PROTOCOL_UDP       17u
#define TCP_LEN            20u
#define TCP_LEN_AT         12u
#define UDP_LEN            8u

/* Cells of the program's memory. */
enum cell { CELL_PROTOCOL };

/* Where a jump leads to; those that are not met yet wait for their place. */
enum label {
    LABEL_NEXT, /* the instruction behind the jump */
    LABEL_IPV4,
    LABEL_IPV6,
    LABEL_TRANSPORT,
    LABEL_TCP,
    LABEL_UDP,
    LABEL_ANSWER,
    LABEL_WHOLE,
    LABEL_COUNT,
};

struct step {
    uint16_t code;
    uint32_t k;
    enum label if_true; /* of an unconditional jump, where it leads to */
    enum label if_false;
    enum label here; /* this step's own name; LABEL_NEXT: none */
};

int program_open(struct program *program, const struct bpf_program *filter, struct err *err)
{
    static const struct bpf_insn everything = {.code = BPF_RET | BPF_K, .k = UINT32_MAX};
    uint32_t count = filter ? filter->bf_len : 1;
    const struct bpf_insn *from = filter ? filter->bf_insns : &everything;
    *program = (struct program){.filter_count = count, .count = count};
    program->instructions = calloc((size_t)count + PROGRAM_TAIL_MAX, sizeof *from);
    if (!program->instructions)
        return err_set(err, ENOMEM, "no memory for a filter program; close other programs");
    memcpy(program->instructions, from, count * sizeof *from);
    for (uint32_t at = 0; at < count; at++) {
        struct bpf_insn *one = &program->instructions[at];
        if (one->code == (BPF_RET | BPF_K) && one->k != 0)
            *one = (struct bpf_insn){.code = BPF_JMP | BPF_JA, .k = count - at - 1};
    }
    return 0;
}

void program_close(struct program *program)
{
    free(program->instructions);
    *program = (struct program){0};
}

/* Puts the steps behind the filter, with the distances of their jumps. */
static void assemble(struct program *program, const struct step *steps, uint32_t count)
{
    uint32_t places[LABEL_COUNT] = {0};
    assert(count <= PROGRAM_TAIL_MAX);
    for (uint32_t at = 0; at < count; at++)
        places[steps[at].here] = at;
    for (uint32_t at = 0; at < count; at++) {
        const struct step *step = &steps[at];
        uint32_t if_true = step->if_true == LABEL_NEXT ? 0 : places[step->if_true] - at - 1;
        uint32_t if_false = step->if_false == LABEL_NEXT ? 0 : places[step->if_false] - at - 1;
        bool is_always = step->code == (BPF_JMP | BPF_JA);
        assert(if_true < PROGRAM_TAIL_MAX && if_false < PROGRAM_TAIL_MAX);
        program->instructions[program->filter_count + at] = (struct bpf_insn){
            .code = step->code,
            .jt = is_always ? 0 : (uint8_t)if_true,
            .jf = is_always ? 0 : (uint8_t)if_false,
            .k = is_always ? if_true : step->k,
        };
    }
    program->count = program->filter_count + count;
}

#define LOAD(what)           (BPF_LD | (what))
#define JUMP(what)           (BPF_JMP | (what))
#define STEP(...)            ((struct step){__VA_ARGS__})
#define DO(op, value)        STEP(.code = (op), .k = (value))
#define AT(label, op, value) STEP(.code = (op), .k = (value), .here = LABEL_##label)
#define GO(label)            STEP(.code = JUMP(BPF_JA), .if_true = LABEL_##label)
#define IF(op, value, yes, no)                                                                     \
    STEP(.code = JUMP(op), .k = (value), .if_true = LABEL_##yes, .if_false = LABEL_##no)

void program_set(struct program *program, uint32_t snaplen, uint32_t payload_len)
{
    const struct step whole = DO(BPF_RET | BPF_K, snaplen);
    const struct step tail[] = {
        DO(LOAD(BPF_W | BPF_LEN), 0),
        IF(BPF_JGE, ETHERNET_LEN + IPV4_LEN, NEXT, WHOLE),
        DO(LOAD(BPF_H | BPF_ABS), ETHERTYPE_AT),
        IF(BPF_JEQ, ETHERTYPE_IPV4, IPV4, NEXT),
        IF(BPF_JEQ, ETHERTYPE_IPV6, IPV6, WHOLE),
        /* X becomes where the header behind IP begins. */
        AT(IPV4, LOAD(BPF_B | BPF_ABS), ETHERNET_LEN),
        DO(BPF_ALU | BPF_RSH | BPF_K, VERSION_SHIFT),
        IF(BPF_JEQ, 4, NEXT, WHOLE),
        DO(LOAD(BPF_H | BPF_ABS), IPV4_FRAGMENT_AT),
        IF(BPF_JSET, IPV4_FRAGMENT_MASK, WHOLE, NEXT),
        DO(LOAD(BPF_B | BPF_ABS), IPV4_PROTOCOL_AT),
        DO(BPF_ST, CELL_PROTOCOL),
        DO(BPF_LDX | BPF_B | BPF_MSH, ETHERNET_LEN),
        DO(BPF_MISC | BPF_TXA, 0),
        DO(BPF_ALU | BPF_ADD | BPF_K, ETHERNET_LEN),
        DO(BPF_MISC | BPF_TAX, 0),
        GO(TRANSPORT),
        AT(IPV6, LOAD(BPF_W | BPF_LEN), 0),
        IF(BPF_JGE, ETHERNET_LEN + IPV6_LEN, NEXT, WHOLE),
        DO(LOAD(BPF_B | BPF_ABS), ETHERNET_LEN),
        DO(BPF_ALU | BPF_RSH | BPF_K, VERSION_SHIFT),
        IF(BPF_JEQ, 6, NEXT, WHOLE),
        DO(LOAD(BPF_B | BPF_ABS), IPV6_NEXT_AT),
        DO(BPF_ST, CELL_PROTOCOL),
        DO(BPF_LDX | BPF_W | BPF_IMM, ETHERNET_LEN + IPV6_LEN),
        /* A becomes where the payload begins. */
        AT(TRANSPORT, LOAD(BPF_W | BPF_MEM), CELL_PROTOCOL),
        IF(BPF_JEQ, PROTOCOL_TCP, TCP, NEXT),
        IF(BPF_JEQ, PROTOCOL_UDP, UDP, WHOLE),
        AT(TCP, LOAD(BPF_W | BPF_LEN), 0),
        DO(BPF_ALU | BPF_SUB | BPF_K, TCP_LEN),
        IF(BPF_JGE | BPF_X, 0, NEXT, WHOLE),
        DO(LOAD(BPF_B | BPF_IND), TCP_LEN_AT),
        DO(BPF_ALU | BPF_AND | BPF_K, 0xf0),
        DO(BPF_ALU | BPF_RSH | BPF_K, 2),
        DO(BPF_ALU | BPF_ADD | BPF_X, 0),
        GO(ANSWER),
        AT(UDP, BPF_MISC | BPF_TXA, 0),
        DO(BPF_ALU | BPF_ADD | BPF_K, UDP_LEN),
        AT(ANSWER, BPF_ALU | BPF_ADD | BPF_K, payload_len),
        IF(BPF_JGT, snaplen, WHOLE, NEXT),
        DO(BPF_RET | BPF_A, 0),
        AT(WHOLE, BPF_RET | BPF_K, snaplen),
    };
    if (payload_len >= snaplen)
        assemble(program, &whole, 1);
    else
        assemble(program, tail, sizeof tail / sizeof tail[0]);
}
