/* What a filter that is being typed may become. */
#include "tests/support/rows.h"

#include <stdlib.h>
#include <string.h>

#include "ui/filter_complete.h"

static const struct complete_row {
    const char *text; /* '|' is the cursor */
    size_t begin;
    const char *words;  /* the first of them */
    int count;          /* -1: whatever */
    const char *common; /* "" for nothing */
} complete_rows[] = {
    {"|", 0, "port: client.port: server.port: host:", -1, ""},
    {"po|", 0, "port:", 1, "port:"},
    {"rt|", 0, "rtt>", 1, "rtt>"},
    {"RT|", 0, "rtt>", 1, "rtt>"},
    {"tcp rt|", 4, "rtt>", 1, "rtt>"},
    {"(tcp or !rt|", 9, "rtt>", 1, "rtt>"},
    {"rt| tcp", 0, "rtt>", 1, "rtt>"},
    {"tcp.|", 0, "tcp.port: tcp.srcport: tcp.dstport: tcp.analysis.ack_rtt>", -1, "tcp."},
    {"tcp o|", 4, "out_of_order> or", 2, "o"},
    {"o|", 0, "out_of_order>", 1, "out_of_order>"},
    {"n|", 0, "net: node not", 3, "n"},
    {"oo|", 0, "ooo>", 1, "ooo>"},
    {"state:|", 6, "syn_sent syn_received established closing closed reset refused", -1, ""},
    {"state:re|", 6, "reset refused", 2, "re"},
    {"state!=re|", 7, "reset refused", 2, "re"},
    {"state:reset,re|", 12, "reset refused", 2, "re"},
    {"state == est|", 9, "established", 1, "established"},
    {"state:est|,closed", 6, "established", 1, "established"},
    {"is:re|", 3, "refused reset", 2, "re"},
    {"proto:|", 6, "tcp udp", 2, ""},
    {"code:back|", 5, "timeout-backlog-full", 1, ""},
    {"code:refused-no|", 5, "refused-no-listener", 1, "refused-no-listener"},
    {"port:|", 5, "3000 5432 80", 3, ""},
    {"port:3000,5|", 10, "5432", 1, "5432"},
    {"proc:|", 5, "node \"two words\" \"\\\\x1bx\"", 3, ""},
    {"proc:t|", 5, "\"two words\"", 1, ""},
    {"proc:\"tw|", 5, "\"two words\"", 1, "\"two words\""},
    {"server:|", 7, "node \"two words\" \"\\\\x1bx\" 3000 5432 80", 6, ""},
    {"host:l|", 5, "localhost", 1, "localhost"},
    {"rtt>|", 4, "", 0, ""},
    {"proc~/no|", 5, "", 0, ""},
    {"/no|", 0, "", 0, ""},
    {"\"no|", 0, "", 0, ""},
    {"xyzzy|", 0, "", 0, ""},
    {"foo:x|", 0, "", 0, ""},
};

static void test_complete(void **state)
{
    const struct complete_row *row = *state;
    char line[FILTER_TEXT_MAX];
    size_t cursor = strcspn(row->text, "|");
    struct text text = text_begin(line, sizeof line);
    text_add_bytes(&text, row->text, cursor);
    text_add_string(&text, row->text + cursor + 1);
    struct filter_seen seen = {0};
    filter_see_name(&seen, "node");
    filter_see_name(&seen, "two words");
    filter_see_name(&seen, "node");
    filter_see_name(&seen, "\x1bx");
    filter_see_port(&seen, 3000, "node");
    filter_see_port(&seen, 5432, "");
    filter_see_port(&seen, 80, "");
    struct filter_completion *completion = malloc(sizeof *completion);
    assert_non_null(completion);
    filter_complete(completion, line, cursor, &seen);
    char words[4096] = "";
    text = text_begin(words, sizeof words);
    for (unsigned at = 0; at < completion->count; at++) {
        text_add_string(&text, at > 0 ? " " : "");
        text_add_string(&text, completion->candidates[at].text);
    }
    if (strncmp(words, row->words, strlen(row->words)) != 0)
        fail_msg("%s", words);
    if (row->count >= 0)
        assert_int_equal(completion->count, row->count);
    assert_int_equal(completion->begin, row->begin);
    assert_int_equal(completion->end, cursor);
    size_t common = filter_common(completion, line);
    assert_int_equal(common, strlen(row->common));
    if (common > 0)
        assert_memory_equal(completion->candidates[0].text, row->common, common);
    free(completion);
}

/* What was seen first is offered, and no more than there is room for. */
static void test_seen(void **state)
{
    (void)state;
    struct filter_seen seen = {0};
    for (unsigned at = 0; at < 3 * FILTER_SEEN_MAX; at++) {
        char name[16];
        struct text text = text_begin(name, sizeof name);
        text_add(&text, "name%u", at);
        filter_see_name(&seen, name);
        filter_see_port(&seen, (uint16_t)at, name);
        filter_see_port(&seen, (uint16_t)at, "another");
    }
    assert_int_equal(seen.name_count, FILTER_SEEN_MAX);
    assert_int_equal(seen.port_count, FILTER_SEEN_MAX);
    assert_string_equal(seen.names[1], "name1");
    assert_string_equal(seen.ports[1].name, "another");
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, complete_rows, test_complete);
    ROWS_ADD_ONE(&set, test_seen);
    return rows_run(&set, "ui_filter_complete");
}
