/*
 * A run as a test suite, in the XML that continuous integration reads: JUnit's, as Jenkins and GitLab
 * document it. XML 1.0, section 2.2, says which characters there are: control bytes cannot even be
 * written as references. What would turn or hide the words beside it (base/harm.h) is left out as well.
 */
#include "report/run_report.h"

#include "base/clock.h"
#include "base/harm.h"

static bool is_xml(uint32_t code, unsigned *marks)
{
    return code == '\t' || code == '\n' ||
           (harm_next(marks, code) != HARM_SURE && (code & 0xfffe) != 0xfffe);
}

/* Untrusted text, inside of an element or of an attribute. */
static void xml_text(struct out *out, const char *bytes, size_t len)
{
    unsigned marks = HARM_MARKS_MAX;
    for (size_t at = 0; at < len;) {
        uint32_t code = 0;
        size_t used = utf8_decode(bytes + at, len - at, &code);
        if (used == 0 || !is_xml(code, &marks))
            out_string(out, "\xef\xbf\xbd"); /* U+FFFD */
        else if (code == '&' || code == '<' || code == '>' || code == '"' || code == '\'' ||
                 code < 0x20)
            out_format(out, "&#%u;", (unsigned)code);
        else
            out_bytes(out, bytes + at, used);
        at += used ? used : 1;
    }
}

static void xml_attribute(struct out *out, const char *name, const char *value)
{
    out_format(out, " %s=\"", name);
    xml_text(out, value, strlen(value));
    out_string(out, "\"");
}

static void xml_seconds(struct out *out, int64_t span_ns)
{
    out_format(out, " time=\"%lld.%03lld\"", (long long)(span_ns / CLOCK_NS_PER_S),
               (long long)(span_ns % CLOCK_NS_PER_S / CLOCK_NS_PER_MS));
}

static void begin_case(struct out *out, const char *name)
{
    out_string(out, "  <testcase classname=\"loflow\"");
    xml_attribute(out, "name", name);
}

static void write_verdict(struct out *out, const struct run_verdict *verdict)
{
    begin_case(out, verdict->text);
    if (verdict->holds) {
        out_string(out, "/>\n");
        return;
    }
    out_string(out, ">\n    <failure type=\"expect\"");
    xml_attribute(out, "message", verdict->what);
    out_string(out, "/>\n  </testcase>\n");
}

static void write_diagnosis(struct out *out, const struct diagnosis *diagnosis)
{
    char line[1024];
    struct text text = text_begin(line, sizeof line);
    text_add_string(&text, code_word(diagnosis->code));
    text_add_string(&text, ": ");
    text_add_summary(&text, diagnosis);
    xml_text(out, line, text.len);
    out_string(out, "\n");
    for (unsigned at = 0;; at++) {
        text = text_begin(line, sizeof line);
        if (!text_add_advice(&text, diagnosis, at))
            return;
        out_string(out, "  ");
        xml_text(out, line, text.len);
        out_string(out, "\n");
    }
}

static uint32_t count_failures(const struct run_result *result)
{
    uint32_t count = 0;
    for (uint32_t at = 0; at < result->diagnosis_count; at++)
        count += expect_is_failure(result->diagnoses[at]->code);
    return count;
}

static void write_diagnoses(struct out *out, const struct run_result *result)
{
    uint32_t failures = count_failures(result);
    begin_case(out, "diagnoses");
    if (result->diagnosis_count == 0) {
        out_string(out, "/>\n");
        return;
    }
    out_string(out, ">\n");
    if (failures > 0) {
        out_format(out, "    <failure type=\"diagnosis\" message=\"%u found\">", failures);
        for (uint32_t at = 0; at < result->diagnosis_count; at++) {
            if (expect_is_failure(result->diagnoses[at]->code))
                write_diagnosis(out, result->diagnoses[at]);
        }
        out_string(out, "</failure>\n");
    }
    /* What could be better, without having failed. */
    if (failures < result->diagnosis_count) {
        out_string(out, "    <system-out>");
        for (uint32_t at = 0; at < result->diagnosis_count; at++) {
            if (!expect_is_failure(result->diagnoses[at]->code))
                write_diagnosis(out, result->diagnoses[at]);
        }
        out_string(out, "</system-out>\n");
    }
    out_string(out, "  </testcase>\n");
}

static void write_trouble(struct out *out, const char *trouble)
{
    begin_case(out, "command");
    out_string(out, ">\n    <error type=\"start\"");
    xml_attribute(out, "message", trouble);
    out_string(out, "/>\n  </testcase>\n");
}

void run_report_junit(struct out *out, const struct run_result *result)
{
    uint32_t failed = count_failures(result) > 0;
    for (uint32_t at = 0; at < result->verdict_count; at++)
        failed += !result->verdicts[at].holds;
    out_string(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite");
    xml_attribute(out, "name", result->command);
    out_format(out, " tests=\"%u\" failures=\"%u\" errors=\"%d\" skipped=\"0\"",
               result->trouble ? 1 : result->verdict_count + 1, failed, result->trouble != NULL);
    xml_seconds(out, result->elapsed_ns);
    out_string(out, ">\n");
    for (uint32_t at = 0; at < result->verdict_count; at++)
        write_verdict(out, &result->verdicts[at]);
    if (result->trouble)
        write_trouble(out, result->trouble);
    else
        write_diagnoses(out, result);
    out_string(out, "</testsuite>\n");
    (void)out_flush(out);
}
