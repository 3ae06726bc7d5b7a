#include "report/run_report.h"

#include "base/clock.h"
#include "report/format.h"
#include "report/json_write.h"

/* Where the columns of an endpoint end, or begin for words, in bytes. */
#define HEADING                                                                                    \
    "  server                    connections   refused    resets  unanswered      sent  received " \
    " "                                                                                            \
    "slowest answer\n"
#define COLUMN_SERVER 2

#define COMMAND_SHOWN 100u /* bytes of the command in the first line */

static void add_right(struct text *text, size_t end, const char *word)
{
    size_t len = strlen(word);
    text_pad_to(text, end > len ? end - len : 0);
    if (text->len > 0 && text->at[text->len - 1] != ' ')
        text_add_string(text, " ");
    text_add_string(text, word);
}

static void add_count(struct text *text, size_t end, uint64_t count)
{
    char written[32];
    struct text number = text_begin(written, sizeof written);
    text_add_grouped(&number, count);
    add_right(text, end, written);
}

static void add_size(struct text *text, size_t end, uint64_t bytes)
{
    char written[32];
    struct text size = text_begin(written, sizeof written);
    text_add_size(&size, bytes);
    add_right(text, end, written);
}

static void print_endpoint(struct out *out, const struct run_endpoint *endpoint)
{
    char line[512], written[32];
    struct text text = text_begin(line, sizeof line);
    struct text span = text_begin(written, sizeof written);
    const struct expect_traffic *traffic = &endpoint->traffic;
    text_pad_to(&text, COLUMN_SERVER);
    text_add_endpoint(&text, &endpoint->tuple, 1);
    if (endpoint->tuple.protocol == PROTOCOL_UDP)
        text_add_string(&text, "/udp");
    add_count(&text, 39, traffic->connections);
    add_count(&text, 49, traffic->refused);
    add_count(&text, 59, traffic->resets);
    add_count(&text, 71, traffic->timeouts);
    add_size(&text, 81, endpoint->sent);
    add_size(&text, 91, endpoint->received);
    if (traffic->responses > 0)
        text_add_span(&span, traffic->response_most_ns);
    else
        text_add_string(&span, "-");
    add_right(&text, 107, written);
    if (endpoint->pid != 0) {
        text_add_string(&text, "  ");
        text_add_untrusted(&text, endpoint->comm, strlen(endpoint->comm));
        text_add(&text, "(%d)%s", (int)endpoint->pid, endpoint->is_ours ? ", of the command" : "");
    }
    text_add_string(&text, "\n");
    out_bytes(out, line, text.len);
}

static void print_head(struct out *out, const struct run_result *result)
{
    char line[1024];
    struct text text = text_begin(line, sizeof line);
    text_add_string(&text, "loflow: ");
    size_t len = strlen(result->command);
    bool is_long = len > COMMAND_SHOWN;
    /* Not in the middle of a character. */
    for (len = is_long ? COMMAND_SHOWN : len; is_long && len > 0; len--) {
        if (((unsigned char)result->command[len] & 0xc0) != 0x80)
            break;
    }
    text_add_untrusted(&text, result->command, len);
    text_add_string(&text, is_long ? " ..." : "");
    out_bytes(out, line, text.len);
    text = text_begin(line, sizeof line);
    text_add_span(&text, result->elapsed_ns);
    if (result->killed_by)
        out_format(out, ": killed by signal %d after %s\n", result->killed_by, line);
    else
        out_format(out, ": exit status %d after %s\n", result->status, line);
}

static void print_traffic(struct out *out, const struct run_result *result)
{
    if (result->endpoint_count == 0 && result->unknown > 0)
        out_string(out, "  no connection on loopback that is known to be the command's\n");
    else if (result->endpoint_count == 0)
        out_string(out, "  no connection on loopback\n");
    else
        out_string(out, HEADING);
    for (uint32_t at = 0; at < result->endpoint_count; at++)
        print_endpoint(out, &result->endpoints[at]);
    if (result->unlisted > 0)
        out_format(out, "  flows of more servers than are listed: %llu\n",
                   (unsigned long long)result->unlisted);
}

/* What makes the numbers less sure. */
static void print_doubts(struct out *out, const struct run_result *result)
{
    if (result->unknown > 0)
        out_format(out, "  flows not counted, as nobody knows whose they are: %llu\n",
                   (unsigned long long)result->unknown);
    if (result->dropped > 0)
        out_format(out, "  packets that the capture lost: %llu; all numbers are lower bounds\n",
                   (unsigned long long)result->dropped);
    if (!result->is_complete)
        out_string(out,
                   "  processes of the command that lived for a moment may be missing: the kernel "
                   "did not tell all of them\n");
    for (uint32_t at = 0; at < result->missing_count; at++)
        out_format(out, "  %s\n", result->missing[at].sentence);
}

static void print_verdicts(struct out *out, const struct run_result *result)
{
    uint32_t failed = 0;
    for (uint32_t at = 0; at < result->verdict_count; at++) {
        const struct run_verdict *verdict = &result->verdicts[at];
        char line[1200];
        struct text text = text_begin(line, sizeof line);
        if (verdict->holds)
            continue;
        text_add_untrusted(&text, verdict->text, strlen(verdict->text));
        out_format(out, "%s  %s\n", failed++ == 0 ? "\nExpected, and not so:\n" : "", line);
        out_format(out, "    %s\n", verdict->what);
    }
    if (result->verdict_count > 0 && failed == 0)
        out_format(out, "\nWhat was expected came true%s.\n",
                   result->unknown > 0 ? ", as far as it is known whose the flows were" : "");
}

void run_report_text(struct report *report, const struct run_result *result)
{
    struct out *out = report->out;
    print_head(out, result);
    print_traffic(out, result);
    print_doubts(out, result);
    if (result->diagnosis_count > 0)
        out_string(out, "\nWhy:\n");
    for (uint32_t at = 0; at < result->diagnosis_count; at++)
        format_diagnosis(report, result->diagnoses[at]);
    print_verdicts(out, result);
    (void)out_flush(out);
}

void run_report_json(struct out *out, const struct run_result *result)
{
    for (uint32_t at = 0; at < result->verdict_count; at++) {
        const struct run_verdict *verdict = &result->verdicts[at];
        out_string(out, "{\"type\":\"expect\"");
        json_untrusted(out, "expect", verdict->text);
        json_flag(out, "holds", verdict->holds);
        json_untrusted(out, "what", verdict->what);
        out_string(out, "}\n");
    }
    out_string(out, "{\"type\":\"command\"");
    json_untrusted(out, "command", result->command);
    json_number(out, "pid", (uint64_t)result->pid);
    json_number(out, "status", (uint64_t)result->status);
    if (result->killed_by)
        json_number(out, "signal", (uint64_t)result->killed_by);
    json_time(out, "elapsed", result->elapsed_ns);
    json_number(out, "unknown_flows", result->unknown);
    json_flag(out, "complete", result->is_complete);
    out_string(out, "}\n");
}
