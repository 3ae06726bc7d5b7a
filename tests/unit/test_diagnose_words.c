/* The words of diagnoses: what the templates of code.def become. */
#include "tests/support/rows.h"

#include <stdlib.h>
#include <string.h>

#include "diagnose/diagnosis.h"

/* Facts are set in this order, "comm" to bytes that stay as they are: who shows them escapes them. */
static const struct word_row {
    const char *name;
    enum code code;
    const char *facts; /* "name=value" each */
    const char *summary;
} rows[] = {
    {"everything is known", CODE_REFUSED_NO_LISTENER,
     "port=3000 address=127.0.0.1 client_pid=7 client_comm=curl attempts=3",
     "curl(7) tried 127.0.0.1:3000, 3 times, but no program listens on port 3000"},
    {"one attempt is not worth a word", CODE_REFUSED_NO_LISTENER,
     "port=3000 address=127.0.0.1 client_pid=7 client_comm=curl attempts=1",
     "curl(7) tried 127.0.0.1:3000, but no program listens on port 3000"},
    {"a part whose fact is unknown is left out", CODE_REFUSED_NO_LISTENER,
     "port=3000 address=127.0.0.1 client_pid=7 client_comm=curl",
     "curl(7) tried 127.0.0.1:3000, but no program listens on port 3000"},
    {"nobody is known", CODE_REFUSED_NO_LISTENER, "port=3000",
     "a client tried port 3000, but no program listens on port 3000"},
    {"a process without a name", CODE_REFUSED_NO_LISTENER, "port=3000 client_pid=7",
     "process 7 tried port 3000, but no program listens on port 3000"},
    {"a name without a process", CODE_REFUSED_NO_LISTENER, "port=3000 client_comm=curl",
     "curl tried port 3000, but no program listens on port 3000"},
    {"an IPv6 target stands in brackets", CODE_REFUSED, "port=3000 address=::1 attempts=2",
     "connecting to [::1]:3000 was refused, 2 times"},
    {"localhost was tried at both of its addresses", CODE_REFUSED_NO_LISTENER,
     "port=3000 address=127.0.0.1 other_address=::1 client_pid=7 client_comm=curl attempts=2",
     "curl(7) tried 127.0.0.1:3000 and [::1]:3000, 2 times, but no program listens on port 3000"},
    {"a process in a part", CODE_REFUSED_SERVER_STOPPED,
     "port=80 address=::1 was_pid=9 was_comm=api attempts=1",
     "a client tried [::1]:80, after the server there had stopped: it was api(9)"},
    {"an unknown process makes its part vanish", CODE_REFUSED_SERVER_STOPPED, "port=80 attempts=1",
     "a client tried port 80, after the server there had stopped"},
    {"two parts, of which one is known", CODE_REFUSED_FIREWALL,
     "port=80 address=127.0.0.1 listener_pid=9 listener_comm=api",
     "a packet filter refused a client at 127.0.0.1:80, although api(9) listens there"},
    {"a part in the middle", CODE_REFUSED_SERVER_STARTING, "port=80 attempts=4",
     "a client tried port 80 4 times before the server was ready"},
    {"a fact that is needed and unknown", CODE_TIMEOUT_BACKLOG_FULL, "port=80 address=127.0.0.1",
     "127.0.0.1:80 does not answer new connections: the accept queue of a server is full, ? wait "
     "and ? may"},
    {"zero is known", CODE_CLIENT_ABORTED, "port=80 after_ms=0",
     "a client gave up after 0 ms, before it had the whole answer of the server on port 80"},
    {"braces in a name stay", CODE_SELF_CONNECT, "port=80 client_pid=7 client_comm={port}[x]",
     "{port}[x](7) is connected to itself on port 80: nobody listened there, and the port is one "
     "that clients get"},
    {"a list of two", CODE_PORTS_EXHAUSTED, "port=80 connections=20 range=41000 range=41019",
     "a client cannot connect to port 80: the local ports 41000 41019 are used up by its 20 "
     "connections there"},
    {"a holder without a name", CODE_ADDRESS_IN_USE,
     "port=80 holder_state=LISTEN holder_address=::1",
     "the server cannot have port 80: it is in use (LISTEN on ::1)"},
};

static void set_fact(struct diagnosis *diagnosis, const char *name, const char *value)
{
    for (int at = 0; at < FACT_COUNT; at++) {
        if (strcmp(fact_word(at), name) != 0)
            continue;
        if (fact_kind(at) == FACT_KIND_TEXT)
            diagnosis_set_text(diagnosis, at, value);
        else if (fact_kind(at) == FACT_KIND_NUMBERS)
            diagnosis_add_number(diagnosis, at, atoi(value));
        else
            diagnosis_set(diagnosis, at, atoll(value));
        return;
    }
    fail_msg("no fact is called %s", name);
}

static struct diagnosis make(enum code code, const char *facts)
{
    char copy[256];
    struct diagnosis diagnosis = {.code = (uint8_t)code};
    assert_true(strlen(facts) < sizeof copy);
    memcpy(copy, facts, strlen(facts) + 1);
    char *rest = NULL;
    for (char *fact = strtok_r(copy, " ", &rest); fact; fact = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(fact, '=');
        assert_non_null(value);
        *value = '\0';
        set_fact(&diagnosis, fact, value + 1);
    }
    return diagnosis;
}

static void check_summary(void **state)
{
    const struct word_row *row = *state;
    char written[512];
    struct diagnosis diagnosis = make(row->code, row->facts);
    struct text text = text_begin(written, sizeof written);
    text_add_summary(&text, &diagnosis);
    assert_string_equal(written, row->summary);
}

static void advice_is_lines(void **state)
{
    (void)state;
    char written[512];
    struct diagnosis diagnosis = make(CODE_REFUSED_WRONG_PORT, "port=81 listener_port=80");
    struct text text = text_begin(written, sizeof written);
    assert_true(text_add_advice(&text, &diagnosis, 0));
    assert_string_equal(written, "Use port 80, if a server is the server that is meant");
    text = text_begin(written, sizeof written);
    assert_true(text_add_advice(&text, &diagnosis, 1));
    assert_string_equal(written, "loflow ports   # what listens, and where");
    assert_false(text_add_advice(&text, &diagnosis, 2));
}

/* A line that has nothing to say without a fact is none. */
static void advice_without_facts(void **state)
{
    (void)state;
    char written[512];
    struct diagnosis diagnosis = make(CODE_ADDRESS_IN_USE, "port=80");
    struct text text = text_begin(written, sizeof written);
    assert_true(text_add_advice(&text, &diagnosis, 0));
    assert_string_equal(written, "Give one of them another port");
    text = text_begin(written, sizeof written);
    assert_false(text_add_advice(&text, &diagnosis, 1));
    diagnosis = make(CODE_ADDRESS_IN_USE, "port=80 holder_pid=7");
    text = text_begin(written, sizeof written);
    assert_true(text_add_advice(&text, &diagnosis, 0));
    assert_string_equal(written, "kill 7   # if that is an old instance");
}

/* "{name}" that is no fact stays as it is, which is right in a command of awk and wrong elsewhere. */
static bool has_slip(const char *written)
{
    const char *brace = strchr(written, '{');
    return strchr(written, '[') || (brace && strncmp(brace, "{print", 6) != 0);
}

/* Every code has a summary and advice, and no template is misspelt. */
static void all_have_words(void **state)
{
    (void)state;
    for (int code = 0; code < CODE_COUNT; code++) {
        char written[1024];
        struct diagnosis diagnosis = make(code, "port=80");
        struct text text = text_begin(written, sizeof written);
        text_add_summary(&text, &diagnosis);
        if (text.len == 0 || has_slip(written))
            fail_msg("%s: %s", code_word(code), written);
        unsigned lines = 0;
        for (text = text_begin(written, sizeof written); text_add_advice(&text, &diagnosis, lines);
             text = text_begin(written, sizeof written), lines++) {
            if (text.len == 0 || has_slip(written))
                fail_msg("%s: %s", code_word(code), written);
        }
        assert_true(lines > 0);
    }
}

/* The sentence is cut where it has no more room, and ends all the same. */
static void little_room(void **state)
{
    (void)state;
    struct diagnosis diagnosis = make(CODE_REFUSED_NO_LISTENER, "port=80 attempts=1");
    for (size_t room = 1; room < 80; room++) {
        char written[80];
        memset(written, 'x', sizeof written);
        struct text text = text_begin(written, room);
        text_add_summary(&text, &diagnosis);
        assert_true(memchr(written, '\0', room) != NULL);
    }
}

/* Who met it most often is named, the first of equals; nobody is not. */
static void most_often(void **state)
{
    (void)state;
    struct diagnosis diagnosis = make(CODE_REFUSED, "port=80");
    const struct party parties[] = {{.pid = 0, .count = 9, .comm = ""},
                                    {.pid = 7, .count = 1, .comm = "curl"},
                                    {.pid = 8, .count = 1, .comm = "node"},
                                    {.pid = 8, .count = 1, .comm = "node"}};
    const int64_t named[] = {0, 7, 7, 8};
    for (size_t at = 0; at < sizeof parties / sizeof parties[0]; at++) {
        diagnosis_tally(&diagnosis, FACT_CLIENT_PID, FACT_CLIENT_COMM, &parties[at]);
        assert_int_equal(diagnosis_number(&diagnosis, FACT_CLIENT_PID, 0), named[at]);
    }
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_summary);
    ROWS_ADD_ONE(&set, advice_is_lines);
    ROWS_ADD_ONE(&set, advice_without_facts);
    ROWS_ADD_ONE(&set, all_have_words);
    ROWS_ADD_ONE(&set, little_room);
    ROWS_ADD_ONE(&set, most_often);
    return rows_run(&set, "diagnose_words");
}
