/* The filter language: what parses and what not, and what is said about that. */
#include "tests/support/rows.h"

#include "test_ui_world.h"
#include "ui/filter_program.h"

static struct filter *filter_make(void)
{
    struct filter *filter = calloc(1, sizeof *filter);
    assert_non_null(filter);
    filter_clear(filter);
    return filter;
}

/* `at` begins what the note is about, `part` is that, "" at a place where something is missing. */
static const struct parse_row {
    const char *text;
    enum filter_verdict verdict;
    int at;
    const char *part;
    const char *sentence; /* a part of it */
} parse_rows[] = {
    {"", FILTER_GOOD, 0, "", ""},
    {"   ", FILTER_GOOD, 0, "", ""},
    {"node", FILTER_GOOD, 0, "", ""},
    {"port:3000", FILTER_GOOD, 0, "", ""},
    {"port:3000,5432", FILTER_GOOD, 0, "", ""},
    {"port:3000, 5432", FILTER_GOOD, 0, "", ""},
    {"port:3000-3010", FILTER_GOOD, 0, "", ""},
    {"port", FILTER_GOOD, 0, "", ""},
    {"port:", FILTER_UNFINISHED, 0, "port:", "port: what? for example port:3000,5432"},
    {"tcp port:", FILTER_UNFINISHED, 4, "port:", "what?"},
    {"port: and tcp", FILTER_WRONG, 6, "and", "0 to 65535"},
    {"port:x", FILTER_WRONG, 5, "x", "0 to 65535"},
    {"port:70000", FILTER_WRONG, 5, "70000", "0 to 65535"},
    {"port:3000-", FILTER_UNFINISHED, 5, "3000-", "0 to 65535"},
    {"port:3010-3000 x", FILTER_WRONG, 5, "3010-3000", "larger end"},
    {"port:3000,", FILTER_UNFINISHED, 0, "port:3000,", "what?"},
    {"port:99999999999", FILTER_WRONG, 5, "99999999999", "too large"},
    {"port>1,2", FILTER_WRONG, 6, ",", "only one value"},
    {"port~3000", FILTER_WRONG, 5, "3000", "port takes"},
    {"state>refused", FILTER_WRONG, 6, "refused", "state takes"},
    {"rt>5ms", FILTER_WRONG, 0, "rt", "did you mean rtt?"},
    {"tcp retrnas>0", FILTER_WRONG, 4, "retrnas", "did you mean retrans?"},
    {"foo > 3", FILTER_WRONG, 0, "foo", "unknown field foo"},
    {"quux:3", FILTER_WRONG, 0, "quux", "quote it"},
    {"> 3", FILTER_WRONG, 0, ">", "a field must stand before this"},
    {"rtt>5", FILTER_UNFINISHED, 4, "5", "a time has a unit"},
    {"rtt>5 tcp", FILTER_WRONG, 4, "5", "a time has a unit"},
    {"rtt>0", FILTER_GOOD, 0, "", ""},
    {"rtt>5ms", FILTER_GOOD, 0, "", ""},
    {"rtt > 1.5ms", FILTER_GOOD, 0, "", ""},
    {"rtt>5µs", FILTER_GOOD, 0, "", ""},
    {"age>1m30s", FILTER_GOOD, 0, "", ""},
    {"age:1m-1m30s", FILTER_GOOD, 0, "", ""},
    {"age>1m30", FILTER_UNFINISHED, 4, "1m30", "a time has a unit"},
    {"age>30s1m tcp", FILTER_WRONG, 4, "30s1m", "a time has a unit"},
    {"rtt>5parsec and", FILTER_WRONG, 4, "5parsec", "a time has a unit"},
    {"bytes>1M", FILTER_GOOD, 0, "", ""},
    {"bytes>1.M", FILTER_UNFINISHED, 6, "1.M", "say bytes"},
    {"bytes>1x tcp", FILTER_WRONG, 6, "1x", "say bytes"},
    {"packets>=3", FILTER_GOOD, 0, "", ""},
    {"packets>=three", FILTER_WRONG, 9, "three", "say a number"},
    {"host:127.0.0.1", FILTER_GOOD, 0, "", ""},
    {"host:::1", FILTER_GOOD, 0, "", ""},
    {"host:[::1]", FILTER_GOOD, 0, "", ""},
    {"host:127.0.0.0/8", FILTER_GOOD, 0, "", ""},
    {"host:fe80::/10", FILTER_GOOD, 0, "", ""},
    {"host:localhost", FILTER_GOOD, 0, "", ""},
    {"host:127.0", FILTER_UNFINISHED, 5, "127.0", "say an address"},
    {"host:127.0 tcp", FILTER_WRONG, 5, "127.0", "say an address"},
    {"host:127.0.0.0/ tcp", FILTER_WRONG, 5, "127.0.0.0/", "say an address"},
    {"host:127.0.0.0/33 tcp", FILTER_WRONG, 5, "127.0.0.0/33", "say an address"},
    {"host:::1/129 tcp", FILTER_WRONG, 5, "::1/129", "say an address"},
    {"client:curl", FILTER_GOOD, 0, "", ""},
    {"server:[::1]:3000", FILTER_GOOD, 0, "", ""},
    {"state:refused", FILTER_GOOD, 0, "", ""},
    {"state:syn", FILTER_GOOD, 0, "", ""},
    {"state:rfused tcp", FILTER_WRONG, 6, "rfused", "did you mean refused?"},
    {"state:xyzzy", FILTER_WRONG, 6, "xyzzy", "Tab shows"},
    {"state=syn", FILTER_UNFINISHED, 6, "syn", "syn_sent?"},
    {"is:ope", FILTER_UNFINISHED, 3, "ope", "open?"},
    {"is:ope tcp", FILTER_WRONG, 3, "ope", "did you mean open?"},
    {"is:open", FILTER_GOOD, 0, "", ""},
    {"code:no-listener", FILTER_GOOD, 0, "", ""},
    {"code:refused_no_listener", FILTER_GOOD, 0, "", ""},
    {"code:gremlins", FILTER_WRONG, 5, "gremlins", "no such code"},
    {"and", FILTER_WRONG, 0, "and", "something must stand before"},
    {"or tcp", FILTER_WRONG, 0, "or", "something must stand before"},
    {"tcp and", FILTER_UNFINISHED, 7, "", "something must follow"},
    {"tcp or", FILTER_UNFINISHED, 6, "", "something must follow"},
    {"tcp or or udp", FILTER_WRONG, 7, "or", "something must stand before"},
    {"not", FILTER_UNFINISHED, 3, "", "something must follow"},
    {"!", FILTER_UNFINISHED, 1, "", "something must follow"},
    {"(tcp", FILTER_UNFINISHED, 0, "(tcp", "not closed yet"},
    {"(", FILTER_UNFINISHED, 1, "", "something must follow"},
    {"()", FILTER_WRONG, 1, ")", "something must stand before"},
    {"tcp)", FILTER_WRONG, 3, ")", "no ( is open"},
    {")", FILTER_WRONG, 0, ")", "no ( is open"},
    {"((((((((((((((((tcp))))))))))))))))", FILTER_GOOD, 0, "", ""},
    {"(((((((((((((((((tcp", FILTER_WRONG, 16, "(", "too many ("},
    {"&& tcp", FILTER_WRONG, 0, "&&", "something must stand before"},
    {"tcp && !(port:3000 || port:80)", FILTER_GOOD, 0, "", ""},
    {"\"and\"", FILTER_GOOD, 0, "", ""},
    {"\"unclosed", FILTER_GOOD, 0, "", ""},
    {"\"\" tcp", FILTER_WRONG, 0, "\"\"", "nothing to look for"},
    {"/", FILTER_UNFINISHED, 0, "/", "what should the row"},
    {"/node/", FILTER_GOOD, 0, "", ""},
    {"/no", FILTER_GOOD, 0, "", ""},
    {"/(no", FILTER_UNFINISHED, 1, "(no", "not closed"},
    {"/(no/", FILTER_WRONG, 1, "(", "not closed"},
    {"/a\\/[z-a]/i tcp", FILTER_WRONG, 5, "z", "ends before it begins"},
    {"proc~/^n)/", FILTER_WRONG, 8, ")", "no ( is open"},
    {"proc~^node", FILTER_GOOD, 0, "", ""},
    {"/日(/ x", FILTER_WRONG, 4, "(", "not closed"},
    {"tcp.port == 3000", FILTER_GOOD, 0, "", ""},
    {"ip.addr eq 127.0.0.1", FILTER_GOOD, 0, "", ""},
    {"port 3000", FILTER_GOOD, 0, "", ""},
    {"src port 3000 and dst host ::1", FILTER_GOOD, 0, "", ""},
    {"127.0.0.1:40001", FILTER_GOOD, 0, "", ""},
    {"fe80::1", FILTER_GOOD, 0, "", ""},
    {"[::1]:3000", FILTER_GOOD, 0, "", ""},
    {"localhost:3000", FILTER_GOOD, 0, "", ""},
    {"node(42)", FILTER_GOOD, 0, "", ""},
    {"(node(42) or curl)", FILTER_GOOD, 0, "", ""},
};

static void test_parse(void **state)
{
    const struct parse_row *row = *state;
    struct filter *filter = filter_make();
    struct filter_note note;
    enum filter_verdict verdict = filter_parse(filter, row->text, &note);
    if (verdict != row->verdict)
        fail_msg("verdict %d: %s", (int)verdict, note.sentence);
    assert_int_equal(note.verdict, verdict);
    assert_true(note.begin <= note.end && note.end <= strlen(row->text));
    if (verdict != FILTER_GOOD) {
        char part[FILTER_TEXT_MAX];
        (void)snprintf(part, sizeof part, "%.*s", (int)(note.end - note.begin),
                       row->text + note.begin);
        assert_string_equal(part, row->part);
        assert_int_equal(note.begin, row->at);
        assert_int_equal(note.columns, grid_columns(part));
        if (!strstr(note.sentence, row->sentence))
            fail_msg("%s", note.sentence);
    }
    free(filter);
}

/* Columns are those of the screen, and a line that is too long is refused at its end. */
static void test_note_places(void **state)
{
    (void)state;
    struct filter *filter = filter_make();
    struct filter_note note;
    assert_int_equal(filter_parse(filter, "日本 (x or 語 rt>1)", &note), FILTER_WRONG);
    assert_int_equal(note.begin, 17);
    assert_int_equal(note.column, 14);
    assert_int_equal(note.columns, 2);
    char line[FILTER_TEXT_MAX + 10];
    memset(line, 'x', sizeof line);
    line[FILTER_TEXT_MAX - 1] = '\0';
    assert_int_equal(filter_parse(filter, line, &note), FILTER_GOOD);
    line[FILTER_TEXT_MAX - 1] = 'x';
    line[FILTER_TEXT_MAX] = '\0';
    assert_int_equal(filter_parse(filter, line, &note), FILTER_WRONG);
    assert_int_equal(note.begin, FILTER_TEXT_MAX - 1);
    free(filter);
}

/* What a line that is wrong leaves in force: all but a last term, else what there was. */
static const struct wrong_row {
    const char *text;
    const char *program; /* of that line */
} wrong_rows[] = {
    {"port:3000 rt>5ms", "port:3000"},
    {"rt>5ms", ""},
    {"port:3000 and rt>5ms", "port:3000"},
    {"port:3000 or rt>5ms", "port:3000"},
    {"(port:3000 or not rt>5ms", "port:3000"},
    {"port:3000 state:xyzzy", "port:3000"},
    {"port:3000 state:xyzzy ", "port:3000"},
    {"port:3000 rt>5ms tcp", "udp"},
    {"port:3000) tcp", "udp"},
};

static void test_wrong(void **state)
{
    const struct wrong_row *row = *state;
    struct filter *filter = filter_make(), *other = filter_make();
    struct filter_note note;
    assert_int_equal(filter_parse(filter, "udp", &note), FILTER_GOOD);
    assert_int_equal(filter_parse(filter, row->text, &note), FILTER_WRONG);
    assert_int_equal(filter_parse(other, row->program, &note), FILTER_GOOD);
    assert_memory_equal(&filter->program, &other->program, sizeof filter->program);
    free(filter);
    free(other);
}

/* More tests than there is room for are refused, as many as there is room for are not. */
static void test_many_tests(void **state)
{
    (void)state;
    struct filter *filter = filter_make();
    struct filter_note note;
    char line[FILTER_TEXT_MAX] = "";
    struct text text = text_begin(line, sizeof line);
    for (int at = 0; at < FILTER_TESTS_MAX; at++)
        text_add_string(&text, "a ");
    assert_int_equal(filter_parse(filter, line, &note), FILTER_GOOD);
    assert_int_equal(filter->program.test_count, FILTER_TESTS_MAX);
    text_add_string(&text, "a");
    assert_int_equal(filter_parse(filter, line, &note), FILTER_WRONG);
    assert_int_equal(filter->program.test_count, FILTER_TESTS_MAX);
    free(filter);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, parse_rows, test_parse);
    ROWS_ADD(&set, wrong_rows, test_wrong);
    ROWS_ADD_ONE(&set, test_note_places);
    ROWS_ADD_ONE(&set, test_many_tests);
    return rows_run(&set, "ui_filter");
}
