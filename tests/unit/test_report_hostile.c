/* Names and bytes that others choose, in everything that loflow prints: no output acts on a terminal, breaks
 * its format, or has a line that a harmless name would not have. Each name goes into each output. */
#include "report/report.h"

#include "diagnose/diagnoser.h"
#include "report/evidence.h"
#include "report/follow.h"
#include "report/ports_report.h"
#include "report/run_report.h"
#include "tests/support/clean.h"
#include "tests/support/printed.h"
#include "tests/support/scene.h"
#include "ui/clipboard.h"
#include "ui/copy.h"
#include "ui/title.h"

#define PLAIN "plain"

static const struct name_row {
    const char *name;
    const char *bytes;
} names[] = {
    {"screen cleared", "a\x1b[2J\x1b[1;1Hb"},
    {"window title", "\x1b]0;owned\x07"},
    {"clipboard", "\x1b]52;c;cm0gLXJmIC8=\x07"},
    {"device control", "\x1bP+q544e\x1b\\"},
    {"answerback", "\x05\x1b[6n\x1b[c"},
    {"charset and bells", "\x0e\x0f\x07\x07"},
    {"backspaces", "root\x08\x08\x08\x08user"},
    {"line feed", "x\nloflow: audit passed"},
    {"carriage return", "x\rok  "},
    {"vertical tab and form feed", "x\x0b\x0cy\tz"},
    {"delete", "x\x7f\x7fy"},
    {"C1 as UTF-8", "\xc2\x9b"
                    "2J\xc2\x9d"
                    "0;x\xc2\x9c"},
    {"C1 as bytes", "\x9b"
                    "2J\x9d"
                    "0;x\x9c"},
    {"next line", "x\xc2\x85y"},
    {"line and paragraph separator", "x\xe2\x80\xa8y\xe2\x80\xa9z"},
    {"right-to-left override", "\xe2\x80\xaetxt.exe\xe2\x80\xac"},
    {"isolates", "\xe2\x81\xa6x\xe2\x81\xa9\xe2\x81\xa7"},
    {"zero width", "ro\xe2\x80\x8bot\xe2\x80\x8d\xef\xbb\xbf"},
    {"soft hyphen and fillers", "a\xc2\xad\xe3\x85\xa4\xe1\x85\x9f"
                                "b"},
    {"tags", "\xf3\xa0\x81\xa1\xf3\xa0\x81\xa2"},
    {"a flood of marks",
     "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88\xcc\x89\xcc\x8a"},
    {"marks on nothing", "\xcc\x81\xcc\x81"},
    {"no UTF-8", "\xff\xfe\xc3("},
    {"surrogates and overlong", "\xed\xa0\x80\xc0\xaf\xf4\x90\x80\x80"},
    {"JSON", "\"},{\"type\":\"summary\"}\\"},
    {"JSON's escapes", "\\u001b\\n\\"},
    {"XML", "]]>&<!--\"'><failure/>"},
    {"printf", "%s%n%1000d%%"},
    {"journal", "x\nLOFLOW_TYPE=diagnosis\nLOFLOW_CODE=refused"},
    {"escape's own", "%0A%1B%2C"},
    {"long",
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b\x1b"
     "\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae"},
};

static struct out out;

/* A process of that name, as long as the system lets it be. */
static struct host_process process_of(const char *name)
{
    struct host_process process = {.pid = 42, .how = HOST_BY_TRACER};
    struct text comm = text_begin(process.comm, sizeof process.comm);
    struct text command = text_begin(process.command, sizeof process.command);
    text_add_string(&comm, name);
    text_add_string(&command, name);
    return process;
}

static struct owner owner_of(const char *name)
{
    struct host_process process = process_of(name);
    struct owner owner = {.pid = process.pid, .start = 1};
    memcpy(owner.comm, process.comm, sizeof owner.comm);
    memcpy(owner.command, process.command, sizeof owner.command);
    return owner;
}

/* A diagnosis of any code with as many facts of that name as it may have, from `first` on. */
static struct diagnosis diagnosis_of(enum code code, const char *name, int first)
{
    struct diagnosis diagnosis = {.code = (uint8_t)code,
                                  .certainty = CERTAINTY_PROVED,
                                  .port = 3000,
                                  .count = 2,
                                  .first_ns = SCENE_BEGIN_NS,
                                  .last_ns = SCENE_BEGIN_NS};
    for (int fact = first; fact < FACT_COUNT && diagnosis.fact_count < DIAGNOSIS_FACTS; fact++) {
        if (fact_kind(fact) == FACT_KIND_TEXT)
            diagnosis_set_text(&diagnosis, fact, name);
        else if (fact_kind(fact) == FACT_KIND_TEXTS)
            diagnosis_add_text(&diagnosis, fact, name);
        else if (fact_kind(fact) == FACT_KIND_NUMBER)
            diagnosis_set(&diagnosis, fact, 7);
    }
    return diagnosis;
}

static void each_diagnosis(const char *name,
                           void (*take)(void *context, const struct diagnosis *one), void *context)
{
    for (int code = 0; code < CODE_COUNT; code++) {
        for (int first = 0; first < FACT_COUNT; first += DIAGNOSIS_FACTS) {
            struct diagnosis diagnosis = diagnosis_of(code, name, first);
            take(context, &diagnosis);
        }
    }
}

static void report_one(void *context, const struct diagnosis *diagnosis)
{
    report_diagnosis(context, diagnosis);
}

struct telling {
    struct report *report;
    struct names *names;
    uint32_t ticket;
};

static void tell_event(void *context, const struct tracker *tracker, const struct flow_event *event)
{
    struct telling *telling = context;
    for (unsigned end = 0; end < 2; end++)
        tracker_set_owner((struct tracker *)(uintptr_t)tracker, event->flow, end, telling->ticket);
    if (report_wants(telling->report) >> event->kind & 1)
        report_event(telling->report, tracker, event);
}

/* A run over a capture, or of an interface, of that name, with flows between processes of that name. */
static void print_run(const char *name, enum report_format format)
{
    struct err err;
    struct telling telling = {0};
    struct host_process process = process_of(name);
    assert_int_equal(names_open(&telling.names, &err), 0);
    telling.ticket = names_process(telling.names, &process);
    const struct report_options options = {.format = format, .names = telling.names};
    assert_int_equal(report_open(&telling.report, &options, &out, &err), 0);
    report_start(
        telling.report,
        &(struct report_run){
            .version = "1", .name = name, .live = true, .link_name = "EN10MB", .filter = name});
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 4});
    scene->each = tell_event;
    scene->context = &telling;
    scene_play(scene, "> S 100; < SA 300 101; > A 101 301; > PA 101 301 +10; < RA 301 111", 1);
    scene_finish(scene);
    each_diagnosis(name, report_one, telling.report);
    report_summary(telling.report,
                   &(struct report_totals){.flows = tracker_stats(scene->tracker), .live = true});
    scene_close(scene);
    report_close(telling.report);
    names_close(telling.names);
}

static void print_text(const char *name)
{
    print_run(name, REPORT_TEXT);
}

static void print_json(const char *name)
{
    print_run(name, REPORT_JSON);
}

static void print_lines(const char *name)
{
    print_run(name, REPORT_LINES);
}

static void print_why(const char *name)
{
    print_run(name, REPORT_WHY);
}

static void print_why_json(const char *name)
{
    print_run(name, REPORT_WHY_JSON);
}

/* The name as payload, its end cut off where a chunk ends. */
static void print_follow(const char *name, enum follow_form form)
{
    static struct follow follow;
    struct scene *scene = scene_open_flow("> S 100; < SA 300 101; > A 101 301", 1, 0);
    follow = (struct follow){.out = &out, .form = form};
    size_t len = strlen(name), half = len / 2;
    const struct reassembly_chunk chunks[] = {
        {.offset = 0, .bytes = (const uint8_t *)name, .len = half},
        {.offset = (int64_t)half, .bytes = (const uint8_t *)name + half, .len = len - half},
    };
    for (unsigned side = 0; side < 2; side++) {
        for (unsigned at = half > 0 ? 0 : 1; at < 2; at++)
            follow_take(&follow, scene_flow(scene), side, &chunks[at]);
    }
    follow_finish(&follow);
    scene_close(scene);
}

static void print_follow_text(const char *name)
{
    print_follow(name, FOLLOW_TEXT);
}

static void print_follow_hex(const char *name)
{
    print_follow(name, FOLLOW_HEX);
}

static void print_ports(const char *name,
                        void (*print)(struct out *into, const struct host_ports *))
{
    struct owner owner = owner_of(name);
    struct port_row row = {.owner = &owner, .owner_count = 1, .remarks = 1u << PORT_SHARED};
    row.socket = (struct host_socket){.state = SOCKET_LISTEN,
                                      .tuple = {.family = 4, .protocol = PROTOCOL_TCP}};
    row.socket.tuple.port[0] = 3000;
    print(&out, &(struct host_ports){.rows = &row, .count = 1});
}

static void print_ports_text(const char *name)
{
    print_ports(name, ports_report_text);
}

static void print_ports_json(const char *name)
{
    print_ports(name, ports_report_json);
}

struct found {
    struct diagnosis all[CODE_COUNT * (FACT_COUNT / DIAGNOSIS_FACTS + 1)];
    const struct diagnosis *at[CODE_COUNT * (FACT_COUNT / DIAGNOSIS_FACTS + 1)];
    uint32_t count;
};

static void find_one(void *context, const struct diagnosis *diagnosis)
{
    struct found *found = context;
    found->all[found->count] = *diagnosis;
    found->at[found->count] = &found->all[found->count];
    found->count++;
}

static void print_command(const char *name, const char *trouble,
                          void (*print)(const struct run_result *result))
{
    static struct found found;
    struct run_endpoint endpoint = {.pid = 42, .tuple = {.family = 4, .protocol = PROTOCOL_TCP}};
    struct text comm = text_begin(endpoint.comm, sizeof endpoint.comm);
    text_add_string(&comm, name);
    const struct run_verdict verdicts[] = {{name, false, "3 of them"}, {name, true, "none"}};
    found.count = 0;
    each_diagnosis(name, find_one, &found);
    print(&(struct run_result){.command = name,
                               .trouble = trouble,
                               .endpoints = &endpoint,
                               .endpoint_count = 1,
                               .diagnoses = found.at,
                               .diagnosis_count = found.count,
                               .verdicts = verdicts,
                               .verdict_count = 2});
}

static void tell_command(const struct run_result *result)
{
    struct err err;
    struct report *report = NULL;
    const struct report_options options = {.format = REPORT_LINES};
    assert_int_equal(report_open(&report, &options, &out, &err), 0);
    run_report_text(report, result);
    report_close(report);
}

static void tell_command_json(const struct run_result *result)
{
    run_report_json(&out, result);
}

static void tell_command_junit(const struct run_result *result)
{
    run_report_junit(&out, result);
}

static void print_run_text(const char *name)
{
    print_command(name, NULL, tell_command);
}

static void print_run_json(const char *name)
{
    print_command(name, NULL, tell_command_json);
}

static void print_junit(const char *name)
{
    print_command(name, NULL, tell_command_junit);
}

static void print_junit_trouble(const char *name)
{
    print_command(name, name, tell_command_junit);
}

static void print_note(void *context, const struct diagnosis *diagnosis)
{
    char note[EVIDENCE_MAX];
    struct text text = text_begin(note, sizeof note);
    (void)context;
    text_add_diagnosis_note(&text, diagnosis);
    out_bytes(&out, note, text.len);
}

/* What is kept in a capture: lines of NAME=value. */
static void print_notes(const char *name)
{
    char note[EVIDENCE_MAX];
    struct host_process process = process_of(name);
    struct trace_event event = {.kind = TRACE_CALL, .value = 98, .pid = 1, .tuple = {.family = 4}};
    struct host_listener listener = {.process = process, .socket = {.tuple = {.family = 4}}};
    struct evidence_flow flow = {.tuple = {.family = 4}, .process = {process, process}};
    memcpy(event.comm, process.comm, sizeof event.comm);
    struct text text = text_begin(note, sizeof note);
    text_add_kernel_note(&text, &event);
    text_add_listener_note(&text, &listener, 1);
    text_add_flow_note(&text, &flow);
    out_bytes(&out, note, text.len);
    each_diagnosis(name, print_note, NULL);
}

static void copy_one(void *context, const struct diagnosis *diagnosis)
{
    char copied[COPY_DIAGNOSIS_MAX];
    (void)context;
    for (int kind = 0; kind < COPY_KIND_COUNT; kind++) {
        struct text text = text_begin(copied, sizeof copied);
        if (copy_write_diagnosis(kind, diagnosis, &text))
            out_bytes(&out, copied, text.len);
        out_string(&out, "\n");
    }
}

/* What goes to the clipboard, and from there into a shell. */
static void print_copied(const char *name)
{
    struct owner owner = owner_of(name);
    const struct tuple tuple = {.family = 4, .protocol = PROTOCOL_TCP};
    const struct copy_flow flow = {&tuple, 0, {&owner, &owner}};
    for (int kind = 0; kind < COPY_KIND_COUNT; kind++) {
        char copied[COPY_TEXT_MAX];
        struct text text = text_begin(copied, sizeof copied);
        if (copy_write(kind, &flow, &text))
            out_bytes(&out, copied, text.len);
        out_string(&out, "\n");
    }
    each_diagnosis(name, copy_one, NULL);
}

/* The sequence that copies: nothing but letters between its ends. */
static void print_clipboard(const char *name)
{
    static char sequence[CLIPBOARD_OUT_MAX];
    size_t len = clipboard_write(name, strlen(name), false, sequence);
    assert_true(len > 8 && memcmp(sequence, "\033]52;c;", 7) == 0 && sequence[len - 1] == '\007');
    out_bytes(&out, sequence + 7, len - 8);
    out_string(&out, "\n");
}

/* The cells of the screen's first lines. */
static void print_cells(const char *name)
{
    struct err err;
    struct grid grid = {0};
    const struct tracker_stats flows = {0};
    const struct screen_status status = {
        .name = name, .filter = name, .live = true, .trouble = name, .percent = -1};
    assert_int_equal(grid_resize(&grid, 200, 10, &err), 0);
    (void)title_draw(&grid, &status, &flows, false);
    for (int row = 0; row < grid.height; row++) {
        for (int column = 0; column < grid.width; column++) {
            const struct cell *cell = grid_cell(&grid, row, column);
            char bytes[4];
            if (cell->code != 0)
                out_bytes(&out, bytes, utf8_encode(cell->code, bytes));
            for (int mark = 0; mark < CELL_MARKS_MAX && cell->marks[mark] != 0; mark++)
                out_bytes(&out, bytes, utf8_encode(cell->marks[mark], bytes));
        }
        out_string(&out, "\n");
    }
    grid_free(&grid);
}

/* Every line is a name of capitals, =, and a value without controls. */
static const char *check_journal(const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        size_t name = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
        if (name == 0 || text[name] != '=')
            return "a line without a name";
        for (; *text != '\n'; text++) {
            if ((unsigned char)*text < 0x20 || *text == 0x7f)
                return "a control";
        }
        text++;
    }
    return NULL;
}

static const struct output {
    const char *name;
    void (*print)(const char *name);
    const char *(*check)(const char *text, size_t len);
    bool keeps_lines; /* line feeds of the bytes are lines, and told as such */
} outputs[] = {
    {"text report", print_text, clean_text, false},
    {"--json", print_json, clean_json_lines, false},
    {"lines", print_lines, clean_text, false},
    {"why", print_why, clean_text, false},
    {"why --json", print_why_json, clean_json_lines, false},
    {"--follow", print_follow_text, clean_text, true},
    {"--follow --hex", print_follow_hex, clean_text, true},
    {"ports", print_ports_text, clean_text, false},
    {"ports --json", print_ports_json, clean_json_lines, false},
    {"run", print_run_text, clean_text, false},
    {"run --json", print_run_json, clean_json_lines, false},
    {"JUnit", print_junit, clean_xml, false},
    {"JUnit, a command that cannot run", print_junit_trouble, clean_xml, false},
    {"notes", print_notes, check_journal, false},
    {"copied", print_copied, clean_text, false},
    {"clipboard", print_clipboard, clean_text, false},
    {"cells", print_cells, clean_text, false},
};

#define NAMES   (sizeof names / sizeof names[0])
#define OUTPUTS (sizeof outputs / sizeof outputs[0])

struct pair {
    const char *name; /* of the test */
    const struct output *output;
    const char *bytes;
    char title[128];
};

static char *print_with(const struct output *output, const char *bytes, size_t *len)
{
    printed_open(&out);
    output->print(bytes);
    return printed_close(&out, len);
}

static size_t count_lines(const char *text, size_t len)
{
    size_t lines = 0;
    for (size_t at = 0; at < len; at++)
        lines += text[at] == '\n';
    return lines;
}

static void check_pair(void **state)
{
    const struct pair *pair = *state;
    size_t len = 0, plain_len = 0;
    char *printed = print_with(pair->output, pair->bytes, &len);
    char *plain = print_with(pair->output, PLAIN, &plain_len);
    const char *wrong = pair->output->check(printed, len);
    if (wrong)
        fail_msg("%s", wrong);
    assert_true(len > 0);
    if (!pair->output->keeps_lines)
        assert_int_equal(count_lines(printed, len), count_lines(plain, plain_len));
    free(printed);
    free(plain);
}

int main(void)
{
    static struct pair pairs[NAMES * OUTPUTS];
    static struct row_set set;
    for (size_t at = 0; at < NAMES * OUTPUTS; at++) {
        const struct name_row *name = &names[at % NAMES];
        pairs[at] = (struct pair){pairs[at].title, &outputs[at / NAMES], name->bytes, ""};
        (void)snprintf(pairs[at].title, sizeof pairs[at].title, "%s: %s", pairs[at].output->name,
                       name->name);
    }
    static_assert(NAMES * OUTPUTS <= ROWS_MAX, "a row for each pair");
    rows_add(&set, pairs, sizeof pairs[0], NAMES * OUTPUTS, check_pair);
    return rows_run(&set, "report_hostile");
}
