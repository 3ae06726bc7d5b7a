/* What a run keeps as notes is read again as it was; what others write as notes does no harm. */
#include "report/evidence.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/clock.h"
#include "tests/support/rows.h"

static const uint8_t loopback[4] = {127, 0, 0, 1};

/* A diagnosis with every kind of fact, and names that want escaping. */
static struct diagnosis sample(enum code code)
{
    struct diagnosis diagnosis = {
        .code = (uint8_t)code,
        .certainty = CERTAINTY_PROVED,
        .port = 3000,
        .netns = 17,
        .supersedes = UINT64_C(1) << CODE_REFUSED | UINT64_C(1) << CODE_NO_RESPONSE,
        .count = 1000,
        .first_ns = INT64_C(1700000000123456789),
        .last_ns = INT64_C(1700000001123456789),
    };
    const struct address address = address_from_ipv4(loopback);
    diagnosis_set(&diagnosis, FACT_PORT, 3000);
    diagnosis_set_address(&diagnosis, FACT_ADDRESS, &address, 4);
    diagnosis_set(&diagnosis, FACT_CLIENT_PID, 4242);
    diagnosis_set_text(&diagnosis, FACT_CLIENT_COMM, "a,b=c%\n\x1b[31m");
    diagnosis_set(&diagnosis, FACT_LISTENER, 0);
    diagnosis_set(&diagnosis, FACT_T, INT64_C(1700000000999999999));
    diagnosis_set(&diagnosis, FACT_REQUEST_READ, 1);
    diagnosis_add_number(&diagnosis, FACT_CLIENT_PIDS, 1);
    diagnosis_add_number(&diagnosis, FACT_CLIENT_PIDS, -2);
    diagnosis_add_text(&diagnosis, FACT_LISTENER_COMMS, "app,v1");
    diagnosis_add_text(&diagnosis, FACT_LISTENER_COMMS, "app-v2");
    diagnosis_add_flow(&diagnosis, 7);
    diagnosis_add_flow(&diagnosis, UINT32_MAX + UINT64_C(1));
    return diagnosis;
}

static void diagnoses_come_back(void **state)
{
    (void)state;
    for (int code = 0; code < CODE_COUNT; code++) {
        struct diagnosis written = sample(code);
        struct evidence evidence;
        char note[EVIDENCE_MAX];
        struct text text = text_begin(note, sizeof note);
        text_add_diagnosis_note(&text, &written);
        assert_false(text.cut);
        evidence_read(&evidence, note);
        assert_int_equal(evidence.kind, EVIDENCE_DIAGNOSIS);
        assert_memory_equal(&evidence.diagnosis, &written, sizeof written);
    }
}

static void flows_come_back(void **state)
{
    (void)state;
    struct evidence_flow written = {.tuple = {.protocol = PROTOCOL_TCP, .family = 4},
                                    .start_ns = INT64_C(1700000000123456789)};
    written.tuple.address[0] = written.tuple.address[1] = address_from_ipv4(loopback);
    written.tuple.port[0] = 41234;
    written.tuple.port[1] = 5432;
    for (unsigned end = 0; end < 2; end++) {
        written.process[end].pid = 100 + (pid_t)end;
        written.process[end].how = HOST_BY_CAPTURE;
        strcpy(written.process[end].comm, end ? "postgres" : "no\nde");
        strcpy(written.process[end].command, end ? "" : "node a=b.js");
    }
    struct evidence evidence;
    char note[EVIDENCE_MAX];
    struct text text = text_begin(note, sizeof note);
    text_add_flow_note(&text, &written);
    evidence_read(&evidence, note);
    assert_int_equal(evidence.kind, EVIDENCE_FLOW);
    assert_memory_equal(&evidence.flow, &written, sizeof written);
}

static void listeners_come_back(void **state)
{
    (void)state;
    struct host_listener written = {
        .socket = {.tuple = {.family = 6}, .queue = 3, .queue_limit = 128}};
    struct evidence evidence;
    char note[EVIDENCE_MAX];
    struct text text = text_begin(note, sizeof note);
    written.socket.tuple.address[0].octets[15] = 1;
    written.socket.tuple.port[0] = 5432;
    written.process = (struct host_process){.pid = 77, .how = HOST_BY_CAPTURE};
    strcpy(written.process.comm, "post\ngres");
    strcpy(written.process.command, "postgres -D /a=b");
    text_add_listener_note(&text, &written, INT64_C(1700000000123456789));
    evidence_read(&evidence, note);
    assert_int_equal(evidence.kind, EVIDENCE_LISTENER);
    assert_memory_equal(&evidence.listener, &written, sizeof written);
}

/* Notes of others, and hostile ones. */
static const struct other_row {
    const char *name;
    const char *note;
    enum evidence_kind kind;
} others[] = {
    {"nothing", "", EVIDENCE_OTHER},
    {"no lines", "====\n\n\n=\n", EVIDENCE_OTHER},
    {"of a real journal", "MESSAGE=hello\nPRIORITY=6\n_PID=1\n", EVIDENCE_OTHER},
    {"a kind of later", "LOFLOW_TYPE=tomorrow\nLOFLOW_CODE=refused\n", EVIDENCE_OTHER},
    {"a code of later", "LOFLOW_TYPE=diagnosis\nLOFLOW_CODE=of-tomorrow\n", EVIDENCE_OTHER},
    {"numbers out of range",
     "LOFLOW_TYPE=diagnosis\nLOFLOW_CODE=refused\nLOFLOW_PORT=99999999999999999999\n"
     "LOFLOW_COUNT=-5\nLOFLOW_FACT_PORT=1e9\n",
     EVIDENCE_DIAGNOSIS},
    {"a line without an end", "LOFLOW_TYPE=diagnosis\nLOFLOW_CODE=refused", EVIDENCE_DIAGNOSIS},
    {"half an escape", "LOFLOW_TYPE=diagnosis\nLOFLOW_FACT_CLIENT_COMM=%\n", EVIDENCE_DIAGNOSIS},
    {"a listener of before", "LOFLOW_TYPE=listener\nMESSAGE=listener: ::1:80\n", EVIDENCE_LISTENER},
    {"an address that is none", "LOFLOW_TYPE=flow\nLOFLOW_CLIENT=999.1.1.1\n", EVIDENCE_FLOW},
};

static void check_other(void **state)
{
    const struct other_row *row = *state;
    struct evidence evidence;
    evidence_read(&evidence, row->note);
    assert_int_equal(evidence.kind, row->kind);
}

/* Every fact there is, over and over, and texts that are too long: what has no room is left out. */
static void more_than_there_is_room_for(void **state)
{
    (void)state;
    static const char *const letters = "0123456789,%%xy";
    size_t size = 1u << 20;
    char *note = malloc(size);
    assert_non_null(note);
    struct text text = text_begin(note, size);
    text_add_string(&text, "LOFLOW_TYPE=diagnosis\nLOFLOW_CODE=refused\n");
    for (int fact = 0; fact < FACT_COUNT; fact++) {
        text_add_string(&text, "LOFLOW_FACT_");
        for (const char *at = fact_word(fact); *at; at++) {
            char upper = (char)toupper((unsigned char)*at);
            text_add_bytes(&text, &upper, 1);
        }
        text_add_string(&text, "=");
        for (int again = 0; again < 40; again++)
            text_add_string(&text, letters);
        text_add_string(&text, "\n");
    }
    for (int flow = 0; flow < 100; flow++)
        text_add(&text, "LOFLOW_FLOW=%d\n", flow);
    struct evidence evidence;
    evidence_read(&evidence, note);
    assert_int_equal(evidence.diagnosis.fact_count, DIAGNOSIS_FACTS);
    assert_int_equal(evidence.diagnosis.flow_count, DIAGNOSIS_FLOWS);
    free(note);
}

/* What is noted for people cannot forge a line. */
static void no_line_is_forged(void **state)
{
    (void)state;
    struct trace_event event = {.kind = TRACE_CALL,
                                .detail = TRACE_CALL_BIND,
                                .value = 98,
                                .tuple = {.protocol = PROTOCOL_TCP, .family = 4},
                                .pid = 1};
    strcpy(event.comm, "x\nLOFLOW_TYPE=");
    char note[EVIDENCE_MAX];
    struct text text = text_begin(note, sizeof note);
    text_add_kernel_note(&text, &event);
    assert_null(strstr(note, "\nLOFLOW_TYPE=("));
    assert_non_null(strstr(note, "\nLOFLOW_TYPE=kernel\n"));
}

/* A pid that is none is unknown, rather than another one. */
static const struct pid_row {
    const char *name;
    const char *pid;
    pid_t read;
} pids[] = {
    {"pid: a process", "4242", 4242},
    {"pid: the greatest", "2147483647", INT32_MAX},
    {"pid: a group of processes", "-9", 0},
    {"pid: all processes", "-1", 0},
    {"pid: one beyond", "2147483648", 0},
    {"pid: another one beyond 32 bits", "4294967297", 0},
    {"pid: no number", "x", 0},
};

static void check_pid(void **state)
{
    const struct pid_row *row = *state;
    char note[128];
    struct evidence evidence;
    struct text text = text_begin(note, sizeof note);
    text_add(&text, "LOFLOW_TYPE=listener\nLOFLOW_LISTENER_PID=%s\n", row->pid);
    evidence_read(&evidence, note);
    assert_int_equal(evidence.listener.process.pid, row->read);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, others, check_other);
    ROWS_ADD(&set, pids, check_pid);
    ROWS_ADD_ONE(&set, diagnoses_come_back);
    ROWS_ADD_ONE(&set, flows_come_back);
    ROWS_ADD_ONE(&set, listeners_come_back);
    ROWS_ADD_ONE(&set, more_than_there_is_room_for);
    ROWS_ADD_ONE(&set, no_line_is_forged);
    return rows_run(&set, "report_evidence");
}
