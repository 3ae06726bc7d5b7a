/* Notes that a capture keeps of the run that wrote it, in a hostile capture: whatever they say is bounded, told
 * clean in words, JSON and XML, and written anew it is read as the same.
 *
 * An input is one note; with a length that can be divided by 4 it is a file of notes as well, separated by empty
 * lines. */
#include "tests/fuzz/fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/kept.h"
#include "capture/blocks.h"
#include "diagnose/diagnoser.h"
#include "report/evidence.h"
#include "report/report.h"
#include "report/run_report.h"
#include "tests/support/clean.h"

#define NOTE_MAX      8192u
#define NOTES_IN_FILE 64u
#define SEPARATOR     "\n\n"

static struct out out;

static void begin_print(void)
{
    int fd = memfd_create("printed", MFD_CLOEXEC);
    MUST(fd >= 0);
    out_open(&out, fd, NULL);
}

static void end_print(const char *(*check)(const char *text, size_t len))
{
    static char bytes[1u << 20];
    MUST(out_flush(&out) == 0);
    ssize_t len = pread(out.fd, bytes, sizeof bytes, 0);
    MUST(len >= 0 && (size_t)len < sizeof bytes);
    (void)close(out.fd);
    MUST_BE_RIGHT(check(bytes, (size_t)len));
}

static void print_report(const struct diagnosis *diagnosis, enum report_format format)
{
    struct err err;
    struct report *report = NULL;
    begin_print();
    MUST(report_open(&report, &(struct report_options){.format = format}, &out, &err) == 0);
    report_diagnosis(report, diagnosis);
    report_close(report);
    end_print(format == REPORT_JSON ? clean_json_lines : clean_text);
}

static void print_junit(const struct diagnosis *diagnosis)
{
    const struct diagnosis *diagnoses[] = {diagnosis};
    begin_print();
    run_report_junit(
        &out, &(struct run_result){.command = "x", .diagnoses = diagnoses, .diagnosis_count = 1});
    end_print(clean_xml);
}

static void check_bounds(const struct diagnosis *diagnosis)
{
    MUST(diagnosis->code < CODE_COUNT && diagnosis->certainty < CERTAINTY_COUNT);
    MUST(diagnosis->fact_count <= DIAGNOSIS_FACTS && diagnosis->flow_count <= DIAGNOSIS_FLOWS);
    MUST(diagnosis->supersedes < UINT64_C(1) << CODE_COUNT);
    for (unsigned at = 0; at < diagnosis->fact_count; at++) {
        const struct fact *fact = &diagnosis->facts[at];
        MUST(fact->name < FACT_COUNT && fact->count <= FACT_LIST_MAX);
        if (fact_kind(fact->name) == FACT_KIND_TEXT)
            MUST(memchr(fact->text, '\0', sizeof fact->text));
        for (unsigned item = 0; fact_kind(fact->name) == FACT_KIND_TEXTS && item < fact->count;
             item++)
            MUST(item < FACT_TEXTS_MAX && memchr(fact->texts[item], '\0', FACT_TEXTS_SIZE));
    }
}

/* Whoever adopts it tells it as it is. */
static void check_adopted(const struct diagnosis *diagnosis)
{
    struct err err;
    struct diagnoser *diagnoser = NULL;
    MUST(diagnoser_open(&diagnoser, NULL, &err) == 0);
    diagnoser_adopt(diagnoser, diagnosis);
    diagnoser_adopt(diagnoser, diagnosis);
    const struct diagnosis *told = diagnoser_next(diagnoser, true);
    MUST(told && told->code == diagnosis->code);
    check_bounds(told);
    for (unsigned at = 0; at < told->flow_count; at++)
        (void)diagnoser_flow_codes(diagnoser, told->flows[at]);
    diagnoser_close(diagnoser);
}

static void check_diagnosis(const struct diagnosis *diagnosis)
{
    static struct evidence again;
    static char note[4 * EVIDENCE_MAX];
    check_bounds(diagnosis);
    print_report(diagnosis, REPORT_JSON);
    print_report(diagnosis, REPORT_TEXT);
    print_report(diagnosis, REPORT_LINES);
    print_junit(diagnosis);
    check_adopted(diagnosis);
    struct text text = text_begin(note, sizeof note);
    text_add_diagnosis_note(&text, diagnosis);
    MUST(!text.cut && text.len < EVIDENCE_MAX);
    evidence_read(&again, note);
    MUST(again.kind == EVIDENCE_DIAGNOSIS && again.diagnosis.code == diagnosis->code);
    MUST(again.diagnosis.count == diagnosis->count && again.diagnosis.port == diagnosis->port);
    MUST(again.diagnosis.first_ns == diagnosis->first_ns &&
         again.diagnosis.last_ns == diagnosis->last_ns);
    MUST(again.diagnosis.certainty == diagnosis->certainty &&
         again.diagnosis.supersedes == diagnosis->supersedes);
    MUST(again.diagnosis.fact_count == diagnosis->fact_count);
}

static void check_process(const struct host_process *process)
{
    MUST(memchr(process->comm, '\0', sizeof process->comm));
    MUST(memchr(process->command, '\0', sizeof process->command));
    MUST(process->pid >= 0);
}

static void check_flow(const struct evidence_flow *flow)
{
    static struct evidence again;
    static char note[4 * EVIDENCE_MAX];
    for (unsigned end = 0; end < 2; end++)
        check_process(&flow->process[end]);
    MUST(flow->tuple.family == 0 || flow->tuple.family == 4 || flow->tuple.family == 6);
    if (flow->tuple.family == 0)
        return;
    struct text text = text_begin(note, sizeof note);
    text_add_flow_note(&text, flow);
    MUST(!text.cut && text.len < EVIDENCE_MAX);
    evidence_read(&again, note);
    MUST(again.kind == EVIDENCE_FLOW && again.flow.start_ns == flow->start_ns);
    MUST(memcmp(again.flow.tuple.port, flow->tuple.port, sizeof flow->tuple.port) == 0);
    for (unsigned end = 0; end < 2; end++) {
        const struct host_process *was = &flow->process[end], *is = &again.flow.process[end];
        MUST(is->pid == was->pid);
        MUST(was->pid == 0 || strcmp(is->command, was->command) == 0);
    }
}

/* A capture with these notes, each in a block of its own. */
static int make_capture(const char *notes, size_t len)
{
    static uint8_t bytes[4 * NOTE_MAX];
    size_t used = blocks_header(bytes, LINK_RAW, 65535);
    for (size_t at = 0, count = 0; at < len && count < NOTES_IN_FILE; count++) {
        const char *end = memmem(notes + at, len - at, SEPARATOR, sizeof SEPARATOR - 1);
        size_t note_len = end ? (size_t)(end - notes) - at : len - at;
        blocks_note(bytes + used, notes + at, note_len);
        used += blocks_note_size(note_len);
        at += note_len + sizeof SEPARATOR - 1;
    }
    int fd = memfd_create("capture", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, bytes, used) == (ssize_t)used);
    return fd;
}

static void check_ports(const struct port_list *ports)
{
    MUST(ports->count <= PORT_LIST_MAX && ports->listening == ports->count);
    for (uint32_t at = 0; at < ports->count; at++) {
        const struct port_line *line = &ports->lines[at];
        check_process(&line->process);
        MUST(line->socket.state == SOCKET_LISTEN && line->socket.tuple.family != 0);
        MUST(at == 0 || line[-1].socket.tuple.port[0] <= line->socket.tuple.port[0]);
    }
}

/* All of them as the program reads them from a file. */
static void check_file(const char *notes, size_t len)
{
    struct err err;
    struct kept kept = {0};
    struct diagnoser *diagnoser = NULL;
    uint32_t at = 0;
    const struct diagnosis *diagnosis = NULL;
    int fd = make_capture(notes, len);
    MUST(diagnoser_open(&diagnoser, NULL, &err) == 0);
    kept_load(&kept, fd, diagnoser);
    if (kept.ports)
        check_ports(kept.ports);
    while ((diagnosis = diagnoser_walk(diagnoser, &at)))
        check_bounds(diagnosis);
    kept_close(&kept);
    diagnoser_close(diagnoser);
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct evidence evidence;
    struct bytes input = {bytes, len};
    struct bytes part = fuzz_part(&input, NOTE_MAX - 1);
    char *note = fuzz_text(part);
    evidence_read(&evidence, note);
    if (evidence.kind == EVIDENCE_DIAGNOSIS)
        check_diagnosis(&evidence.diagnosis);
    else if (evidence.kind == EVIDENCE_FLOW)
        check_flow(&evidence.flow);
    else if (evidence.kind == EVIDENCE_LISTENER)
        check_process(&evidence.listener.process);
    if (part.left % 4 == 0)
        check_file(note, part.left);
    free(note);
    return 0;
}
