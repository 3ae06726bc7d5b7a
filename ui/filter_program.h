/*
 * Purpose: which rows the user wants to see, said in a small language, and the answer for a flow.
 * Owns:    a program of a fixed size and what it remembers of addresses and processes, 170 KB; a plain
 *          value.
 * Borrows: what a flow and its names are, during each call.
 * Bounds:  FILTER_TEXT_MAX bytes of text, FILTER_TESTS_MAX tests, FILTER_DEPTH_MAX parentheses inside
 *          each other; no allocation. Some 5 to 40 ns a flow; expressions over whole rows and quoted
 *          words with spaces, which need the row written, some 500 ns.
 * Fails:   filter_parse says what is wrong where. A last term that is wrong is left out, since it may be
 *          on its way; a line that is wrong before leaves the program as it was.
 * Used by: ui/flow_pane, ui/filter_line.
 *
 *     line  := term { [and] term | or term }     "and" binds closer than "or"
 *     term  := not term | ( line ) | word | "word" | /expression/[i] | field relation value {,value}
 *
 * A word is searched in "client server protocol state", then "process(pid)" of both ends and what is
 * wrong with the flow, as far as they are known; case does not matter. Relations are : (is, or has in
 * it) = != < <= > >= ~ (an expression, see ui/pattern.h). && || ! are and, or, not. Fields and flags
 * are those of ui/filter_word.def. "port 3000", "src host ::1" and "tcp.port == 3000" are read as
 * tcpdump and Wireshark read them.
 *
 * Numbers may have k, M or G, powers of 1000 as everywhere in the project, or Ki, Mi, Gi, powers of
 * 1024; times have a unit: ns, us, ms, s, m, h or d. "= 1.5M" is what is written so: up to 1.6M.
 */
#ifndef LOFLOW_UI_FILTER_PROGRAM_H
#define LOFLOW_UI_FILTER_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flows/flow.h"
#include "host/process.h"
#include "ui/known.h"
#include "ui/pattern.h"

#define FILTER_TEXT_MAX     256 /* with the NUL */
#define FILTER_TESTS_MAX    64  /* bits of a word: a memo has one a test */
#define FILTER_DEPTH_MAX    16
#define FILTER_PATTERNS_MAX 4
#define FILTER_MEMO         64
#define FILTER_TICKETS      8192
#define FILTER_SENTENCE_MAX 112
#define FILTER_NEW_NS       INT64_C(5000000000)

enum filter_field {
#define FIELD(NAME, name, others, KIND, ENDS, example, meaning) FILTER_##NAME,
#include "ui/filter_word.def"
    FILTER_FIELD_COUNT
};

enum filter_flag {
#define FLAG(NAME, word, meaning) FILTER_IS_##NAME,
#include "ui/filter_word.def"
    FILTER_FLAG_COUNT
};

enum filter_test_kind {
    FILTER_TEST_WORD,    /* anywhere in the row, no space in it */
    FILTER_TEST_PHRASE,  /* anywhere in the row */
    FILTER_TEST_PATTERN, /* an expression over the row */
    FILTER_TEST_NUMBER,  /* `field` is in `range` */
    FILTER_TEST_PORT,
    FILTER_TEST_PID,
    FILTER_TEST_HOST,
    FILTER_TEST_PART,    /* `field`, a name, command or text, has `word` in it */
    FILTER_TEST_WHOLE,   /* `field` is `word` */
    FILTER_TEST_MATCHES, /* `field` matches the expression */
    FILTER_TEST_STATE,
    FILTER_TEST_PROTOCOL,
    FILTER_TEST_CODE,
    FILTER_TEST_FLAG,
};

enum filter_ends {
    FILTER_ENDS_WHOLE,
    FILTER_ENDS_CLIENT,
    FILTER_ENDS_SERVER,
    FILTER_ENDS_EITHER, /* both bits */
};

/* A word, and what of the flow has it in it without looking at its texts. */
struct filter_word {
    uint64_t codes;
    uint32_t states;   /* 1 << enum flow_state */
    uint16_t text;     /* in `strings` */
    uint16_t tail;     /* behind its last colon; 0: no port can follow that colon */
    uint16_t port;     /* the number there */
    bool is_padded;    /* it begins with a 0: no port does */
    uint8_t len;       /* of the whole */
    uint8_t protocols; /* bit 0: tcp, bit 1: udp */
    bool is_number;    /* digits only: it may be inside of a port */
};

/* Whether the test holds decides which one is next. No way leads back to a test, so that the walk ends. */
#define FILTER_ACCEPT FILTER_TESTS_MAX
#define FILTER_REJECT (FILTER_TESTS_MAX + 1)

struct filter_test {
    uint8_t kind;    /* enum filter_test_kind */
    uint8_t field;   /* enum filter_field */
    uint8_t ends;    /* enum filter_ends */
    uint8_t pattern; /* in `patterns` */
    uint8_t next[2]; /* by whether it holds: a test, FILTER_ACCEPT or FILTER_REJECT */
    union {
        struct filter_word word;
        struct {
            uint64_t low, high;
        } range; /* both included */
        struct {
            uint64_t words[2], mask[2];
            uint8_t family;
        } host;
        uint64_t set; /* of states, codes, flags; protocols as in struct filter_word */
    };
};

struct filter_program {
    uint8_t test_count;
    uint8_t first; /* where to begin: 0, or FILTER_ACCEPT without tests */
    uint8_t pattern_count;
    bool wants_commands;
    uint16_t strings_len;
    struct filter_test tests[FILTER_TESTS_MAX];
    char strings[2 * FILTER_TEXT_MAX]; /* words, each ended by a NUL */
    struct pattern patterns[FILTER_PATTERNS_MAX];
};

/* What tests say of an address: a table of loopback flows has few, and writing them is what costs. */
struct filter_address_memo {
    struct address address;
    uint8_t family; /* 0: empty */
    uint64_t has;   /* tests whose word is in it */
    uint64_t ends;  /* tests whose word, up to its last colon, it ends with */
};

/* What tests say of a process. */
struct filter_owner_memo {
    bool filled;
    pid_t pid;
    char comm[OWNER_COMM + 1];
    char command[OWNER_COMMAND + 1];
    uint64_t has; /* tests of words, names and commands that hold */
};

/* The same by the ticket of an end, see host/names.h: found without a look at the process. */
struct filter_ticket_memo {
    uint32_t ticket; /* 0: empty */
    uint64_t has;
};

struct filter {
    struct filter_program program;
    const struct names *names; /* that the tickets are of */
    struct filter_address_memo addresses[FILTER_MEMO];
    struct filter_owner_memo owners[FILTER_MEMO];
    struct filter_ticket_memo tickets[FILTER_TICKETS];
};

enum filter_verdict {
    FILTER_GOOD,
    FILTER_UNFINISHED, /* the line may go on so: the program is that of what is complete */
    FILTER_WRONG,      /* it cannot go on so */
};

/* What is the matter with a line. */
struct filter_note {
    enum filter_verdict verdict;
    size_t begin, end;   /* bytes of the line; both at its end for what is missing there */
    int column, columns; /* the same on the screen */
    char sentence[FILTER_SENTENCE_MAX]; /* may hold what was typed */
};

/* A flow as it is looked at. */
struct filter_look {
    struct flow_view view;
    const struct known *known;
    uint64_t rate; /* bytes a second */
    int64_t now_ns;
};

/* The filter that all flows pass. */
void filter_clear(struct filter *filter);

enum filter_verdict filter_parse(struct filter *filter, const char *text, struct filter_note *note);

/* Looks at what it remembers, and remembers more. */
bool filter_matches(struct filter *filter, const struct filter_look *look);

/* Does every flow pass? */
static inline bool filter_is_empty(const struct filter *filter)
{
    return filter->program.test_count == 0;
}

/* A name of a process as a line has it, in quotes where it could be read as something else. */
void text_add_filter_name(struct text *text, const char *comm);

/* A line that this flow passes: all between that client and that server port, or with `exact` only those
 * on the same four numbers. */
void text_add_filter_of(struct text *text, struct flow_view flow, const struct known *known,
                        bool exact);

#endif
