#include "report/evidence.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define NAME_MAX_LEN 64

static void add_escaped(struct text *text, const char *bytes)
{
    for (; *bytes; bytes++) {
        uint8_t byte = (uint8_t)*bytes;
        if (byte < 0x20 || byte == 0x7f || byte == '%' || byte == ',')
            text_add(text, "%%%02X", byte);
        else
            text_add_bytes(text, bytes, 1);
    }
}

static void add_field(struct text *text, const char *name, const char *value)
{
    text_add(text, "%s=", name);
    add_escaped(text, value);
    text_add_string(text, "\n");
}

static void add_signed(struct text *text, const char *name, int64_t number)
{
    text_add(text, "%s=%lld\n", name, (long long)number);
}

/* The lines that every journal entry has; `message` is for people. */
static void begin(struct text *text, const char *type, int64_t time_ns, const char *message)
{
    char line[1024];
    struct text safe = text_begin(line, sizeof line);
    text_add_untrusted(&safe, message, strlen(message));
    add_signed(text, "__REALTIME_TIMESTAMP", time_ns / CLOCK_NS_PER_US);
    text_add_string(text, "SYSLOG_IDENTIFIER=loflow\nPRIORITY=6\nMESSAGE=");
    text_add_string(text, line);
    text_add_string(text, "\n");
    add_field(text, "LOFLOW_TYPE", type);
}

static void fact_name_of(char *written, enum fact_name name)
{
    struct text text = text_begin(written, NAME_MAX_LEN);
    text_add_string(&text, "LOFLOW_FACT_");
    for (const char *at = fact_word(name); *at; at++) {
        char upper = *at;
        if (upper >= 'a' && upper <= 'z')
            upper = (char)(uint8_t)(upper - 'a' + 'A');
        text_add_bytes(&text, &upper, 1);
    }
}

static void add_fact(struct text *text, const struct fact *fact)
{
    char name[NAME_MAX_LEN];
    enum fact_kind kind = fact_kind(fact->name);
    fact_name_of(name, fact->name);
    text_add(text, "%s=", name);
    if (kind == FACT_KIND_TEXT)
        add_escaped(text, fact->text);
    else if (kind == FACT_KIND_NUMBERS || kind == FACT_KIND_TEXTS)
        for (unsigned at = 0; at < fact->count; at++) {
            text_add_string(text, at ? "," : "");
            if (kind == FACT_KIND_TEXTS)
                add_escaped(text, fact->texts[at]);
            else
                text_add(text, "%d", fact->numbers[at]);
        }
    else
        text_add(text, "%lld", (long long)fact->number);
    text_add_string(text, "\n");
}

void text_add_diagnosis_note(struct text *text, const struct diagnosis *diagnosis)
{
    char line[1024];
    struct text summary = text_begin(line, sizeof line);
    text_add(&summary, "%s: ", code_word(diagnosis->code));
    text_add_summary(&summary, diagnosis);
    begin(text, "diagnosis", diagnosis->last_ns, line);
    add_field(text, "LOFLOW_CODE", code_word(diagnosis->code));
    add_field(text, "LOFLOW_CERTAINTY", certainty_word(diagnosis->certainty));
    add_signed(text, "LOFLOW_PORT", diagnosis->port);
    add_signed(text, "LOFLOW_NETNS", diagnosis->netns);
    add_signed(text, "LOFLOW_COUNT", (int64_t)diagnosis->count);
    add_signed(text, "LOFLOW_FIRST", diagnosis->first_ns);
    add_signed(text, "LOFLOW_LAST", diagnosis->last_ns);
    for (uint64_t codes = diagnosis->supersedes; codes; codes &= codes - 1)
        add_field(text, "LOFLOW_SUPERSEDES", code_word((enum code)__builtin_ctzll(codes)));
    for (unsigned at = 0; at < diagnosis->flow_count; at++)
        add_signed(text, "LOFLOW_FLOW", (int64_t)diagnosis->flows[at]);
    for (unsigned at = 0; at < diagnosis->fact_count; at++)
        add_fact(text, &diagnosis->facts[at]);
}

static void add_end(struct text *text, const struct tuple *tuple, unsigned end)
{
    static const char *const names[] = {"CLIENT", "SERVER"};
    char address[64];
    struct text written = text_begin(address, sizeof address);
    text_add_address(&written, &tuple->address[end], tuple->family);
    text_add(text, "LOFLOW_%s=%s\nLOFLOW_%s_PORT=%u\n", names[end], address, names[end],
             tuple->port[end]);
}

static void add_process(struct text *text, const char *whose, const struct host_process *process)
{
    if (process->pid == 0)
        return;
    text_add(text, "LOFLOW_%s_PID=%d\nLOFLOW_%s_COMM=", whose, (int)process->pid, whose);
    add_escaped(text, process->comm);
    text_add(text, "\nLOFLOW_%s_COMMAND=", whose);
    add_escaped(text, process->command);
    text_add_string(text, "\n");
}

static void name(struct text *text, const struct host_process *process)
{
    if (process->pid == 0)
        text_add_string(text, "?");
    else
        text_add(text, "%s(%d)", process->comm, (int)process->pid);
}

void text_add_flow_note(struct text *text, const struct evidence_flow *flow)
{
    char line[256];
    struct text message = text_begin(line, sizeof line);
    name(&message, &flow->process[0]);
    text_add(&message, ":%u -> ", flow->tuple.port[0]);
    name(&message, &flow->process[1]);
    text_add(&message, ":%u", flow->tuple.port[1]);
    begin(text, "flow", flow->start_ns, line);
    add_signed(text, "LOFLOW_START", flow->start_ns);
    add_signed(text, "LOFLOW_PROTOCOL", flow->tuple.protocol);
    add_end(text, &flow->tuple, 0);
    add_end(text, &flow->tuple, 1);
    add_process(text, "CLIENT", &flow->process[0]);
    add_process(text, "SERVER", &flow->process[1]);
}

void text_add_kernel_note(struct text *text, const struct trace_event *event)
{
    static const char *const words[TRACE_KIND_COUNT] = {
        [TRACE_CONNECT] = "connect", [TRACE_LISTEN] = "listen", [TRACE_UNLISTEN] = "unlisten",
        [TRACE_RESET] = "reset",     [TRACE_DROP] = "drop",     [TRACE_CALL] = "call failed",
        [TRACE_EXIT] = "exit",
    };
    static const char *const calls[] = {"bind", "listen", "connect", "accept"};
    char line[512];
    struct text message = text_begin(line, sizeof line);
    text_add(&message, "kernel: %s", words[event->kind]);
    if (event->kind == TRACE_CALL && event->detail < sizeof calls / sizeof calls[0])
        text_add(&message, ": %s: %s", calls[event->detail], strerror(event->value));
    else
        text_add(&message, " %d", event->value);
    if (event->kind != TRACE_EXIT) {
        text_add_string(&message, " ");
        text_add_endpoint(&message, &event->tuple, 0);
        text_add_string(&message, " ");
        text_add_endpoint(&message, &event->tuple, 1);
    }
    text_add(&message, " by %s(%d)", event->comm, (int)event->pid);
    begin(text, "kernel", event->time_ns, line);
}

void text_add_listener_note(struct text *text, const struct host_listener *listener, int64_t now_ns)
{
    char line[512];
    struct text message = text_begin(line, sizeof line);
    text_add_string(&message, "listener: ");
    text_add_endpoint(&message, &listener->socket.tuple, 0);
    text_add_string(&message, " ");
    name(&message, &listener->process);
    text_add(&message, " queue %u/%u", listener->socket.queue, listener->socket.queue_limit);
    begin(text, "listener", now_ns, line);
    char address[64];
    const struct host_socket *socket = &listener->socket;
    struct text written = text_begin(address, sizeof address);
    text_add_address(&written, &socket->tuple.address[0], socket->tuple.family);
    text_add(text, "LOFLOW_LISTENER=%s\nLOFLOW_LISTENER_PORT=%u\n", address, socket->tuple.port[0]);
    add_signed(text, "LOFLOW_QUEUE", socket->queue);
    add_signed(text, "LOFLOW_QUEUE_LIMIT", socket->queue_limit);
    add_process(text, "LISTENER", &listener->process);
}

/* Reading. */

static int digit(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    return letter >= 'A' && letter <= 'F' ? letter - 'A' + 10 : -1;
}

/* Writes at most size - 1 bytes and a zero. */
static void unescape(char *into, size_t size, const char *from, size_t len)
{
    size_t used = 0;
    for (size_t at = 0; at < len && used + 1 < size; at++) {
        bool is_escape =
            from[at] == '%' && at + 2 < len && digit(from[at + 1]) >= 0 && digit(from[at + 2]) >= 0;
        into[used] = from[at];
        if (is_escape)
            into[used] = (char)(uint8_t)(digit(from[at + 1]) * 16 + digit(from[at + 2]));
        used++;
        at += is_escape ? 2 : 0;
    }
    into[used] = '\0';
}

/* One line. */
struct field {
    const char *name, *value;
    size_t name_len, value_len;
};

static bool is_named(const struct field *field, const char *name)
{
    return strlen(name) == field->name_len && memcmp(field->name, name, field->name_len) == 0;
}

static int64_t number_of(const struct field *field)
{
    char text[32];
    unescape(text, sizeof text, field->value, field->value_len);
    errno = 0;
    int64_t number = strtoll(text, NULL, 10);
    return errno ? 0 : number;
}

/* 0: unknown. What is below it names groups of processes to kill(2). */
static pid_t pid_of(const struct field *field)
{
    int64_t number = number_of(field);
    return number > 0 && number <= INT32_MAX ? (pid_t)number : 0;
}

static void text_of(char *into, size_t size, const struct field *field)
{
    unescape(into, size, field->value, field->value_len);
}

static enum code code_of(const struct field *field)
{
    char word[64];
    text_of(word, sizeof word, field);
    for (int code = 0; code < CODE_COUNT; code++) {
        if (strcmp(code_word(code), word) == 0)
            return code;
    }
    return CODE_COUNT;
}

static void read_list(struct diagnosis *diagnosis, enum fact_name name, const struct field *field)
{
    const char *at = field->value, *end = field->value + field->value_len;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        size_t len = (size_t)((comma ? comma : end) - at);
        char item[FACT_TEXTS_SIZE];
        unescape(item, sizeof item, at, len);
        if (fact_kind(name) == FACT_KIND_TEXTS)
            diagnosis_add_text(diagnosis, name, item);
        else
            diagnosis_add_number(diagnosis, name, (int32_t)strtol(item, NULL, 10));
        at += len + 1;
    }
}

static void read_fact(struct diagnosis *diagnosis, const struct field *field)
{
    for (int name = 0; name < FACT_COUNT; name++) {
        char wanted[NAME_MAX_LEN], text[FACT_TEXT_SIZE];
        fact_name_of(wanted, name);
        bool is_new = diagnosis->fact_count < DIAGNOSIS_FACTS;
        if (!is_named(field, wanted) || (!is_new && !diagnosis_fact(diagnosis, name)))
            continue;
        switch (fact_kind(name)) {
        case FACT_KIND_TEXT:
            text_of(text, sizeof text, field);
            diagnosis_set_text(diagnosis, name, text);
            break;
        case FACT_KIND_NUMBERS:
        case FACT_KIND_TEXTS:
            read_list(diagnosis, name, field);
            break;
        default:
            diagnosis_set(diagnosis, name, number_of(field));
        }
        return;
    }
}

static void read_certainty(struct diagnosis *diagnosis, const struct field *field)
{
    char word[32];
    text_of(word, sizeof word, field);
    for (int certainty = 0; certainty < CERTAINTY_COUNT; certainty++) {
        if (strcmp(certainty_word(certainty), word) == 0)
            diagnosis->certainty = (uint8_t)certainty;
    }
}

static void read_diagnosis_field(struct evidence *evidence, const struct field *field)
{
    struct diagnosis *diagnosis = &evidence->diagnosis;
    if (is_named(field, "LOFLOW_CODE")) {
        enum code code = code_of(field);
        if (code == CODE_COUNT)
            evidence->kind = EVIDENCE_OTHER;
        else
            diagnosis->code = (uint8_t)code;
    } else if (is_named(field, "LOFLOW_CERTAINTY")) {
        read_certainty(diagnosis, field);
    } else if (is_named(field, "LOFLOW_PORT")) {
        diagnosis->port = (uint16_t)number_of(field);
    } else if (is_named(field, "LOFLOW_NETNS")) {
        diagnosis->netns = (uint32_t)number_of(field);
    } else if (is_named(field, "LOFLOW_COUNT")) {
        diagnosis->count = (uint64_t)number_of(field);
    } else if (is_named(field, "LOFLOW_FIRST")) {
        diagnosis->first_ns = number_of(field);
    } else if (is_named(field, "LOFLOW_LAST")) {
        diagnosis->last_ns = number_of(field);
    } else if (is_named(field, "LOFLOW_FLOW")) {
        diagnosis_add_flow(diagnosis, (uint64_t)number_of(field));
    } else if (is_named(field, "LOFLOW_SUPERSEDES")) {
        enum code code = code_of(field);
        diagnosis->supersedes |= code < CODE_COUNT ? UINT64_C(1) << code : 0;
    } else {
        read_fact(diagnosis, field);
    }
}

static void read_address(struct tuple *tuple, unsigned end, const struct field *field)
{
    char text[64];
    uint8_t octets[16];
    text_of(text, sizeof text, field);
    if (inet_pton(AF_INET, text, octets) == 1) {
        tuple->family = 4;
        tuple->address[end] = address_from_ipv4(octets);
    } else if (inet_pton(AF_INET6, text, octets) == 1) {
        tuple->family = 6;
        tuple->address[end] = address_from_ipv6(octets);
    }
}

static void read_process_field(struct host_process *process, const struct field *field,
                               const char *whose)
{
    char pid[32], comm[32], command[32];
    struct text text = text_begin(pid, sizeof pid);
    text_add(&text, "LOFLOW_%s_PID", whose);
    text = text_begin(comm, sizeof comm);
    text_add(&text, "LOFLOW_%s_COMM", whose);
    text = text_begin(command, sizeof command);
    text_add(&text, "LOFLOW_%s_COMMAND", whose);
    process->how = HOST_BY_CAPTURE;
    if (is_named(field, pid))
        process->pid = pid_of(field);
    else if (is_named(field, comm))
        text_of(process->comm, sizeof process->comm, field);
    else if (is_named(field, command))
        text_of(process->command, sizeof process->command, field);
}

static void read_flow_field(struct evidence_flow *flow, const struct field *field)
{
    if (is_named(field, "LOFLOW_START"))
        flow->start_ns = number_of(field);
    else if (is_named(field, "LOFLOW_PROTOCOL"))
        flow->tuple.protocol = (uint8_t)number_of(field);
    else if (is_named(field, "LOFLOW_CLIENT"))
        read_address(&flow->tuple, 0, field);
    else if (is_named(field, "LOFLOW_SERVER"))
        read_address(&flow->tuple, 1, field);
    else if (is_named(field, "LOFLOW_CLIENT_PORT"))
        flow->tuple.port[0] = (uint16_t)number_of(field);
    else if (is_named(field, "LOFLOW_SERVER_PORT"))
        flow->tuple.port[1] = (uint16_t)number_of(field);
    read_process_field(&flow->process[0], field, "CLIENT");
    read_process_field(&flow->process[1], field, "SERVER");
}

static void read_listener_field(struct host_listener *listener, const struct field *field)
{
    struct host_socket *socket = &listener->socket;
    if (is_named(field, "LOFLOW_LISTENER"))
        read_address(&socket->tuple, 0, field);
    else if (is_named(field, "LOFLOW_LISTENER_PORT"))
        socket->tuple.port[0] = (uint16_t)number_of(field);
    else if (is_named(field, "LOFLOW_QUEUE"))
        socket->queue = (uint32_t)number_of(field);
    else if (is_named(field, "LOFLOW_QUEUE_LIMIT"))
        socket->queue_limit = (uint32_t)number_of(field);
    read_process_field(&listener->process, field, "LISTENER");
}

static void read_type(struct evidence *evidence, const struct field *field)
{
    char type[32];
    text_of(type, sizeof type, field);
    if (strcmp(type, "diagnosis") == 0)
        evidence->kind = EVIDENCE_DIAGNOSIS;
    else if (strcmp(type, "flow") == 0)
        evidence->kind = EVIDENCE_FLOW;
    else if (strcmp(type, "listener") == 0)
        evidence->kind = EVIDENCE_LISTENER;
}

void evidence_read(struct evidence *evidence, const char *note)
{
    memset(evidence, 0, sizeof *evidence);
    while (*note) {
        size_t len = strcspn(note, "\n");
        const char *equals = memchr(note, '=', len);
        if (equals) {
            const struct field field = {note, equals + 1, (size_t)(equals - note),
                                        len - (size_t)(equals - note) - 1};
            if (is_named(&field, "LOFLOW_TYPE"))
                read_type(evidence, &field);
            else if (evidence->kind == EVIDENCE_DIAGNOSIS)
                read_diagnosis_field(evidence, &field);
            else if (evidence->kind == EVIDENCE_FLOW)
                read_flow_field(&evidence->flow, &field);
            else if (evidence->kind == EVIDENCE_LISTENER)
                read_listener_field(&evidence->listener, &field);
        }
        note += len + (note[len] == '\n');
    }
}
