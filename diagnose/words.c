/*
 * The words of a diagnosis: the templates of code.def, filled with its facts.
 */
#include <string.h>

#include "base/clock.h"
#include "diagnose/diagnosis.h"

static const struct {
    const char *summary;
    const char *advice;
} templates[CODE_COUNT] = {
#define CODE(NAME, word, summary, advice) {summary, advice},
#include "diagnose/code.def"
#undef CODE
};

/* Programs: by two facts, or in words. */
static const struct program {
    const char *name;
    enum fact_name pid, comm;
    const char *otherwise;
} programs[] = {
    {"client", FACT_CLIENT_PID, FACT_CLIENT_COMM, "a client"},
    {"server", FACT_SERVER_PID, FACT_SERVER_COMM, "the server"},
    {"listener", FACT_LISTENER_PID, FACT_LISTENER_COMM, "a server"},
    {"holder", FACT_HOLDER_PID, FACT_HOLDER_COMM, "another process"},
    {"was", FACT_WAS_PID, FACT_WAS_COMM, "a process"},
    {"sender", FACT_SENDER_PID, FACT_SENDER_COMM, "the sender"},
    {"receiver", FACT_RECEIVER_PID, FACT_RECEIVER_COMM, "the receiver"},
    {"blocked_by", FACT_BLOCKED_BY_PID, FACT_BLOCKED_BY_COMM, "a client"},
};

/* Returns whether it was known. */
static bool add_program(struct text *text, const struct diagnosis *diagnosis,
                        const struct program *program)
{
    const struct fact *pid = diagnosis_fact(diagnosis, program->pid);
    const struct fact *comm = diagnosis_fact(diagnosis, program->comm);
    if (comm)
        text_add_string(text, comm->text);
    else if (!pid)
        text_add_string(text, program->otherwise);
    else
        text_add_string(text, "process ");
    if (pid)
        text_add(text, comm ? "(%lld)" : "%lld", (long long)pid->number);
    return pid || comm;
}

bool diagnosis_program(const struct diagnosis *diagnosis, unsigned *at, const char **role,
                       struct party *program)
{
    while (*at < sizeof programs / sizeof programs[0]) {
        const struct program *known = &programs[(*at)++];
        const struct fact *comm = diagnosis_fact(diagnosis, known->comm);
        *program =
            (struct party){.pid = (int32_t)diagnosis_number(diagnosis, known->pid, 0), .count = 1};
        if (program->pid == 0 && !comm)
            continue;
        struct text text = text_begin(program->comm, sizeof program->comm);
        text_add_string(&text, comm ? comm->text : "");
        *role = known->name;
        return true;
    }
    return false;
}

static void add_numbers(struct text *text, const struct fact *fact)
{
    for (unsigned at = 0; at < fact->count; at++)
        text_add(text, "%s%d", at ? " " : "", fact->numbers[at]);
}

static void add_texts(struct text *text, const struct fact *fact)
{
    for (unsigned at = 0; at < fact->count; at++) {
        text_add_string(text, at ? ", " : "");
        text_add_string(text, fact->texts[at]);
    }
}

void text_add_fact(struct text *text, const struct fact *fact)
{
    switch (fact_kind(fact->name)) {
    case FACT_KIND_NUMBER:
        text_add(text, "%lld", (long long)fact->number);
        break;
    case FACT_KIND_TEXT:
        text_add_string(text, fact->text);
        break;
    case FACT_KIND_FLAG:
        text_add_string(text, fact->number ? "yes" : "no");
        break;
    case FACT_KIND_TIME:
        text_add_time(text, fact->number);
        break;
    case FACT_KIND_NUMBERS:
        add_numbers(text, fact);
        break;
    case FACT_KIND_TEXTS:
        add_texts(text, fact);
        break;
    case FACT_KIND_NOTHING:
        text_add_string(text, "nothing");
        break;
    }
}

static void add_endpoint(struct text *text, const struct fact *address, long long port)
{
    text_add(text, strchr(address->text, ':') ? "[%s]:%lld" : "%s:%lld", address->text, port);
}

/* "[::1]:3000", "[::1]:3000 and 127.0.0.1:3000", or "port 3000". */
static void add_target(struct text *text, const struct diagnosis *diagnosis)
{
    const struct fact *address = diagnosis_fact(diagnosis, FACT_ADDRESS);
    const struct fact *other = diagnosis_fact(diagnosis, FACT_OTHER_ADDRESS);
    long long port = diagnosis_number(diagnosis, FACT_PORT, diagnosis->port);
    if (!address) {
        text_add(text, "port %lld", port);
        return;
    }
    add_endpoint(text, address, port);
    if (other) {
        text_add_string(text, " and ");
        add_endpoint(text, other, port);
    }
}

static bool is_name(const char *name, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(name, word, len) == 0;
}

enum filled { FILLED_NO_NAME, FILLED_UNKNOWN, FILLED_KNOWN };

/* `name` may end in ">1": then a count of one is not worth a word. */
static enum filled fill(struct text *text, const struct diagnosis *diagnosis, const char *name,
                        size_t len)
{
    const size_t many_len = strlen(">1");
    bool only_many = len > many_len && memcmp(name + len - many_len, ">1", many_len) == 0;
    len -= only_many ? many_len : 0;
    if (is_name(name, len, "target")) {
        add_target(text, diagnosis);
        return FILLED_KNOWN;
    }
    for (size_t at = 0; at < sizeof programs / sizeof programs[0]; at++) {
        if (is_name(name, len, programs[at].name))
            return add_program(text, diagnosis, &programs[at]) ? FILLED_KNOWN : FILLED_UNKNOWN;
    }
    for (int at = 0; at < FACT_COUNT; at++) {
        if (!is_name(name, len, fact_word(at)))
            continue;
        const struct fact *fact = diagnosis_fact(diagnosis, at);
        if (fact)
            text_add_fact(text, fact);
        else
            text_add_string(text, "?");
        return fact && !(only_many && fact->number == 1) ? FILLED_KNOWN : FILLED_UNKNOWN;
    }
    return FILLED_NO_NAME;
}

/* Fills `len` bytes of a template; [parts] whose facts are unknown leave no trace. */
static void fill_template(struct text *text, const struct diagnosis *diagnosis, const char *from,
                          size_t len)
{
    size_t part_len = SIZE_MAX; /* where text stood when the optional part began */
    bool is_known = true;
    for (size_t at = 0; at < len; at++) {
        if (from[at] == '[') {
            part_len = text->len;
            is_known = true;
            continue;
        }
        if (from[at] == ']' && part_len != SIZE_MAX) {
            if (!is_known)
                text->len = part_len;
            part_len = SIZE_MAX;
            continue;
        }
        const char *end = from[at] == '{' ? memchr(from + at, '}', len - at) : NULL;
        enum filled filled = FILLED_NO_NAME;
        if (end)
            filled = fill(text, diagnosis, from + at + 1, (size_t)(end - from) - at - 1);
        if (filled == FILLED_NO_NAME) {
            text_add_bytes(text, from + at, 1);
            continue;
        }
        is_known = is_known && filled == FILLED_KNOWN;
        at = (size_t)(end - from);
    }
    text_add_string(text, "");
}

void text_add_summary(struct text *text, const struct diagnosis *diagnosis)
{
    const char *summary = templates[diagnosis->code].summary;
    fill_template(text, diagnosis, summary, strlen(summary));
}

bool text_add_advice(struct text *text, const struct diagnosis *diagnosis, unsigned at)
{
    const size_t begin = text->len;
    const char *line = templates[diagnosis->code].advice;
    for (; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        fill_template(text, diagnosis, line, strcspn(line, "\n"));
        if (text->len == begin)
            continue;
        if (at-- == 0)
            return true;
        text->len = begin;
    }
    text_add_string(text, "");
    return false;
}
