/* A run as a test suite: what is counted, what is said of each case, and that whatever bytes come it is
 * XML 1.0. */
#include "report/run_report.h"
#include "tests/support/printed.h"

#include "base/clock.h"

#define CASE        "  <testcase classname=\"loflow\" name=\""
#define NO_CASE     CASE "diagnoses\"/>\n"
#define BAD         "\xef\xbf\xbd" /* U+FFFD */
#define VERDICT_MAX 2
#define CODE_MAX    2

#define SPLIT                                                                                      \
    "    <system-out>split-listeners: port 3000 is ?(?) for 127.0.0.1 and ?(?) for ::1\n"          \
    "  Say 127.0.0.1 or ::1 instead of localhost, or stop one of them\n"                           \
    "  loflow ports 3000\n"                                                                        \
    "</system-out>\n"

static const struct row {
    const char *name;
    const char *trouble;
    struct run_verdict verdicts[VERDICT_MAX]; /* up to the first without a text */
    uint8_t codes[CODE_MAX];                  /* 1 + enum code; 0 for none */
    unsigned tests, failures, errors;
    const char *cases;
} rows[] = {
    {"nothing expected, nothing found", .tests = 1, .cases = NO_CASE},
    {"what was expected came true",
     .verdicts = {{"no refused", true, "0 refusals"}, {"port 1 untouched", true, "0 tries"}},
     .tests = 3, .cases = CASE "no refused\"/>\n" CASE "port 1 untouched\"/>\n" NO_CASE},
    {"one of two expectations did not",
     .verdicts = {{"no refused", false, "1 refusal"}, {"no resets", true, "0 resets"}}, .tests = 3,
     .failures = 1,
     .cases = CASE "no refused\">\n"
                   "    <failure type=\"expect\" message=\"1 refusal\"/>\n"
                   "  </testcase>\n" CASE "no resets\"/>\n" NO_CASE},
    {"an expectation is escaped", .verdicts = {{"port 80 bytes<1\"'&\xff", false, "<\x1b]>"}},
     .tests = 2, .failures = 1,
     .cases = CASE "port 80 bytes&#60;1&#34;&#39;&#38;" BAD "\">\n"
                   "    <failure type=\"expect\" message=\"&#60;" BAD "]&#62;\"/>\n"
                   "  </testcase>\n" NO_CASE},
    {"what is not seen is left out",
     .verdicts = {{"a\xe2\x80\xae"
                   "b\xc2\xad",
                   true, "0"}},
     .tests = 2, .cases = CASE "a" BAD "b" BAD "\"/>\n" NO_CASE},
    {"failures that were found are one case",
     .codes = {1 + CODE_REFUSED_NO_LISTENER, 1 + CODE_EMPTY_REPLY}, .tests = 1, .failures = 1,
     .cases = CASE
     "diagnoses\">\n"
     "    <failure type=\"diagnosis\" message=\"2 found\">"
     "refused-no-listener: &#60;b&#62;&#38;&#34;&#39;" BAD
     "[31m(42) tried port 3000, but no program "
     "listens on port 3000\n"
     "  Start the server, or correct the port that the client uses\n"
     "  loflow ports   # what listens, and where\n"
     "empty-reply: the server closed connections on port 3000 without a byte of an answer\n"
     "  Look into the server&#39;s log at that time; it read the request and closed\n"
     "</failure>\n"
     "  </testcase>\n"},
    {"what could be better is no failure", .codes = {1 + CODE_SPLIT_LISTENERS}, .tests = 1,
     .cases = CASE "diagnoses\">\n" SPLIT "  </testcase>\n"},
    {"both, and an expectation that does not hold",
     .verdicts = {{"no diagnoses", false, "2 diagnoses"}},
     .codes = {1 + CODE_SPLIT_LISTENERS, 1 + CODE_EMPTY_REPLY}, .tests = 2, .failures = 2,
     .cases = CASE
     "no diagnoses\">\n"
     "    <failure type=\"expect\" message=\"2 diagnoses\"/>\n"
     "  </testcase>\n" CASE "diagnoses\">\n"
     "    <failure type=\"diagnosis\" message=\"1 found\">"
     "empty-reply: the server closed connections on port 3000 without a byte of an answer\n"
     "  Look into the server&#39;s log at that time; it read the request and closed\n"
     "</failure>\n" SPLIT "  </testcase>\n"},
    {"a command that could not be run", .trouble = "cannot run \"/no/<such>\"", .tests = 1,
     .errors = 1,
     .cases =
         CASE "command\">\n"
              "    <error type=\"start\" message=\"cannot run &#34;/no/&#60;such&#62;&#34;\"/>\n"
              "  </testcase>\n"},
};

/* The command's words: XML 1.0 section 2.2 says which characters there are. */
static const struct word_row {
    const char *name;
    const char *command;
    const char *written;
} words[] = {
    {"empty", "", ""},
    {"plain", "npm test", "npm test"},
    {"markup", "]]><!--&#0;-->", "]]&#62;&#60;!--&#38;#0;--&#62;"},
    {"quotes", "\"'", "&#34;&#39;"},
    {"tab and newline", "a\tb\nc", "a&#9;b&#10;c"},
    {"control bytes", "\x01\x08\r\x1b[31m\x7f", BAD BAD BAD BAD "[31m" BAD},
    {"C1 controls", "\xc2\x80\xc2\x9f", BAD BAD},
    {"behind C1", "\xc2\xa0", "\xc2\xa0"},
    {"letters of others", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9a",
     "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9a"},
    {"not UTF-8", "\xff\xc3(", BAD BAD "("},
    {"broken off", "\xe2\x82", BAD BAD},
    {"overlong", "\xc0\xbc", BAD BAD},
    {"a surrogate", "\xed\xa0\x80", BAD BAD BAD},
    {"no characters", "\xef\xbf\xbe\xef\xbf\xbf\xf0\x9f\xbf\xbf", BAD BAD BAD},
    {"what stands for them", BAD, BAD},
};

static struct diagnosis found(enum code code)
{
    struct diagnosis diagnosis = {.code = (uint8_t)code, .port = 3000, .count = 1};
    diagnosis_set(&diagnosis, FACT_PORT, 3000);
    if (code == CODE_REFUSED_NO_LISTENER) {
        diagnosis_set(&diagnosis, FACT_CLIENT_PID, 42);
        diagnosis_set_text(&diagnosis, FACT_CLIENT_COMM, "<b>&\"'\x1b[31m");
    }
    return diagnosis;
}

static void check_suite(const struct run_result *result, const char *wanted)
{
    static struct out out;
    printed_open(&out);
    run_report_junit(&out, result);
    size_t len = 0;
    char *said = printed_close(&out, &len);
    bool is_same = strcmp(said, wanted) == 0;
    if (!is_same)
        print_error("%s\ninstead of\n%s\n", said, wanted);
    free(said);
    assert_true(is_same);
}

static void check_row(void **state)
{
    const struct row *row = *state;
    char wanted[2048];
    struct text text = text_begin(wanted, sizeof wanted);
    struct diagnosis diagnoses[CODE_MAX];
    const struct diagnosis *all[CODE_MAX];
    struct run_result result = {.command = "x",
                                .trouble = row->trouble,
                                .elapsed_ns = 61234 * CLOCK_NS_PER_MS + 567,
                                .diagnoses = all,
                                .verdicts = row->verdicts};
    while (result.verdict_count < VERDICT_MAX && row->verdicts[result.verdict_count].text)
        result.verdict_count++;
    while (result.diagnosis_count < CODE_MAX && row->codes[result.diagnosis_count] != 0) {
        uint32_t at = result.diagnosis_count++;
        diagnoses[at] = found(row->codes[at] - 1);
        all[at] = &diagnoses[at];
    }
    text_add(&text,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"x\" tests=\"%u\" "
             "failures=\"%u\" errors=\"%u\" skipped=\"0\" time=\"61.234\">\n%s</testsuite>\n",
             row->tests, row->failures, row->errors, row->cases);
    check_suite(&result, wanted);
}

static void check_words(void **state)
{
    const struct word_row *row = *state;
    char wanted[512];
    struct text text = text_begin(wanted, sizeof wanted);
    text_add(&text,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"%s\" tests=\"1\" "
             "failures=\"0\" errors=\"0\" skipped=\"0\" time=\"0.000\">\n" NO_CASE "</testsuite>\n",
             row->written);
    check_suite(&(struct run_result){.command = row->command}, wanted);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_row);
    ROWS_ADD(&set, words, check_words);
    return rows_run(&set, "report_junit");
}
