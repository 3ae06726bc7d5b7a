#include "report/ports_report.h"

#include "base/text.h"
#include "host/process.h"
#include "host/settings.h"
#include "report/json_write.h"

/* Where the columns begin, in bytes. */
enum column {
    COLUMN_ADDRESS = 7,
    COLUMN_PROCESS = 40,
    COLUMN_QUEUE = 64,
    COLUMN_OPEN = 76,
    COLUMN_WAIT = 84,
    COLUMN_AGE = 94,
    COLUMN_COMMAND = 102,
};

static void add_process(struct text *text, const struct port_row *row)
{
    if (!row->owner) {
        text_add_string(text, "?");
        return;
    }
    text_add_untrusted(text, row->owner->comm, strlen(row->owner->comm));
    text_add(text, "(%d)", (int)row->owner->pid);
    if (row->owner_count > 1)
        text_add(text, " +%zu", row->owner_count - 1);
}

/* The two greatest units are enough: 2d3h, 5m12s. */
static void add_age(struct text *text, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        char letter;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t unit = 0;
    while (unit < 3 && seconds < units[unit].seconds)
        unit++;
    text_add(text, "%lld%c", (long long)(seconds / units[unit].seconds), units[unit].letter);
    if (unit < 3)
        text_add(text, "%lld%c",
                 (long long)(seconds % units[unit].seconds / units[unit + 1].seconds),
                 units[unit + 1].letter);
}

static void print_heading(struct out *out)
{
    static const struct {
        enum column column;
        const char *words;
    } headings[] = {{COLUMN_ADDRESS, "address"}, {COLUMN_PROCESS, "process"},
                    {COLUMN_QUEUE, "queue"},     {COLUMN_OPEN, "open"},
                    {COLUMN_WAIT, "time-wait"},  {COLUMN_AGE, "age"},
                    {COLUMN_COMMAND, "command"}};
    char line[256];
    struct text text = text_begin(line, sizeof line);
    text_add_string(&text, "proto");
    for (size_t at = 0; at < sizeof headings / sizeof headings[0]; at++) {
        text_pad_to(&text, headings[at].column);
        text_add_string(&text, headings[at].words);
    }
    out_format(out, "%s\n", line);
}

static void add_queue(struct text *text, const struct port_row *row)
{
    text_pad_to(text, COLUMN_QUEUE);
    if (row->socket.state == SOCKET_LISTEN)
        text_add(text, "%u/%u", row->socket.queue, row->socket.queue_limit);
    text_add_string(text, " ");
    text_pad_to(text, COLUMN_OPEN);
    if (row->socket.state == SOCKET_LISTEN)
        text_add_number(text, row->connections);
    text_add_string(text, " ");
    text_pad_to(text, COLUMN_WAIT);
    if (row->socket.state == SOCKET_LISTEN)
        text_add_number(text, row->time_wait);
    text_add_string(text, " ");
}

/* What the port is called, where there is room for it. */
static void add_service(struct text *text, const struct tuple *tuple)
{
    char name[SETTINGS_SERVICE + 1];
    settings_service(tuple->port[0], tuple->protocol, name);
    if (name[0] == '\0' || text->len + strlen(name) + 3 > COLUMN_PROCESS)
        return;
    text_add_string(text, "(");
    text_add_untrusted(text, name, strlen(name));
    text_add_string(text, ") ");
}

static void print_row(struct out *out, const struct port_row *row)
{
    char line[1024];
    struct text text = text_begin(line, sizeof line);
    text_add_string(&text, row->socket.tuple.protocol == PROTOCOL_TCP ? "tcp" : "udp");
    text_pad_to(&text, COLUMN_ADDRESS);
    text_add_endpoint(&text, &row->socket.tuple, 0);
    text_add_string(&text, " ");
    add_service(&text, &row->socket.tuple);
    text_pad_to(&text, COLUMN_PROCESS);
    add_process(&text, row);
    text_add_string(&text, " ");
    add_queue(&text, row);
    text_pad_to(&text, COLUMN_AGE);
    if (row->owner && row->owner->start > 0)
        add_age(&text, process_age_s(row->owner->start));
    text_add_string(&text, " ");
    text_pad_to(&text, COLUMN_COMMAND);
    char container[PROCESS_CONTAINER + 1];
    if (row->owner && process_read_container(row->owner->pid, container))
        text_add(&text, "[container %s] ", container);
    if (row->owner)
        text_add_untrusted(&text, row->owner->command, strlen(row->owner->command));
    while (text.len > 0 && line[text.len - 1] == ' ')
        line[--text.len] = '\0';
    out_format(out, "%s\n", line);
    for (unsigned remark = 0; remark < PORT_REMARK_COUNT; remark++) {
        if (row->remarks >> remark & 1)
            out_format(out, "       ^ %s\n", port_remark_words(remark));
    }
}

void ports_report_text(struct out *out, const struct host_ports *ports)
{
    size_t unknown = 0;
    if (ports->count > 0)
        print_heading(out);
    else
        out_format(out, "nobody listens here\n");
    for (size_t at = 0; at < ports->count; at++) {
        print_row(out, &ports->rows[at]);
        unknown += !ports->rows[at].owner;
    }
    if (ports->left_out > 0)
        out_format(out, "%llu more are left out\n", (unsigned long long)ports->left_out);
    if (unknown > 0 && ports->owners.hidden > 0)
        out_format(out, "? is a process of another user: sudo loflow ports shows it\n");
}

static void print_object(struct out *out, const struct port_row *row)
{
    const struct host_socket *socket = &row->socket;
    char address[64], service[SETTINGS_SERVICE + 1];
    struct text text = text_begin(address, sizeof address);
    text_add_address(&text, &socket->tuple.address[0], socket->tuple.family);
    out_format(out, "{\"type\":\"listener\",\"proto\":\"%s\",\"address\":\"%s\",\"port\":%u",
               socket->tuple.protocol == PROTOCOL_TCP ? "tcp" : "udp", address,
               socket->tuple.port[0]);
    settings_service(socket->tuple.port[0], socket->tuple.protocol, service);
    if (service[0] != '\0')
        json_untrusted(out, "service", service);
    out_format(out, ",\"user\":%u,\"v6only\":%s", socket->user, socket->v6only ? "true" : "false");
    if (row->owner) {
        char container[PROCESS_CONTAINER + 1];
        out_format(out, ",\"pid\":%d,\"processes\":%zu", (int)row->owner->pid, row->owner_count);
        if (process_read_container(row->owner->pid, container))
            out_format(out, ",\"container\":\"%s\"", container);
        if (row->owner->start > 0)
            out_format(out, ",\"age_s\":%lld", (long long)process_age_s(row->owner->start));
        json_untrusted(out, "comm", row->owner->comm);
        json_untrusted(out, "command", row->owner->command);
    }
    if (socket->state == SOCKET_LISTEN)
        out_format(out, ",\"queue\":%u,\"queue_limit\":%u,\"connections\":%u,\"time_wait\":%u",
                   socket->queue, socket->queue_limit, row->connections, row->time_wait);
    const char *before = ",\"remarks\":[";
    for (unsigned remark = 0; remark < PORT_REMARK_COUNT; remark++) {
        if (!(row->remarks >> remark & 1))
            continue;
        out_format(out, "%s\"%s\"", before, port_remark_word(remark));
        before = ",";
    }
    out_string(out, row->remarks ? "]}\n" : ",\"remarks\":[]}\n");
}

void ports_report_json_rows(struct out *out, const struct host_ports *ports)
{
    for (size_t at = 0; at < ports->count; at++)
        print_object(out, &ports->rows[at]);
}

void ports_report_json(struct out *out, const struct host_ports *ports)
{
    ports_report_json_rows(out, ports);
    out_format(out,
               "{\"type\":\"summary\",\"listeners\":%zu,\"left_out\":%llu,\"hidden_processes\":%u,"
               "\"ephemeral_low\":%u,\"ephemeral_high\":%u}\n",
               ports->count, (unsigned long long)ports->left_out, ports->owners.hidden,
               ports->ephemeral_low, ports->ephemeral_high);
}

/* Owners are sorted by inode: a process with two sockets comes twice. */
static bool is_first_of_pid(const struct owners *owners, size_t at)
{
    for (size_t before = 0; before < at; before++) {
        if (owners->found[before].pid == owners->found[at].pid)
            return false;
    }
    return true;
}

void ports_report_pids(struct out *out, const struct host_ports *ports)
{
    for (size_t at = 0; at < ports->owners.count; at++) {
        if (is_first_of_pid(&ports->owners, at))
            out_format(out, "%d\n", (int)ports->owners.found[at].pid);
    }
}
