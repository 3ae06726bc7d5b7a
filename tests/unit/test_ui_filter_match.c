/* The filter language: which flows pass, and what F makes of a row. */
#include "tests/support/rows.h"

#include "diagnose/diagnoser.h"
#include "test_ui_world.h"
#include "ui/filter_program.h"
#include "ui/known.h"

static struct filter *filter_make(void)
{
    struct filter *filter = calloc(1, sizeof *filter);
    assert_non_null(filter);
    filter_clear(filter);
    return filter;
}

/* The flows that filters are tried on. */
enum one { WEB, DB6, REFUSED, NAME, CLOSED, SILENT, ONE_COUNT };

struct flows {
    struct world *world;
    struct known *known;
    struct filter_look looks[ONE_COUNT];
};

static struct flow_view find_flow(struct world *world, const struct connection *connection)
{
    uint32_t at = 0;
    struct flow_ref ref;
    struct flow_view view;
    while (tracker_next(world->tracker, &at, &ref, &view)) {
        if (tuple_equal(&view.hot->tuple, &connection->tuple))
            return view;
    }
    fail_msg("no such flow");
    return view;
}

/* 70 s ago a web request of 734 bytes that was answered with 65,483 after 20 ms, over 127.0.0.1; then
 * postgres over ::1, a refused port, a name server over UDP, a closed connection, and a SYN. */
static void flows_open(struct flows *flows)
{
    struct world *world = world_open_known(80, 24, true);
    flows->world = world;
    struct connection all[ONE_COUNT];
    all[WEB] = world_establish(world, "127.0.0.1:40001", "127.0.0.1:3000");
    world_send(world, &all[WEB], 0, TCP_ACK | TCP_PSH, 734);
    world_wait(world, 20 * CLOCK_NS_PER_MS);
    world_send(world, &all[WEB], 1, TCP_ACK | TCP_PSH, 65483);
    world_send(world, &all[WEB], 0, TCP_ACK, 0);
    world_wait(world, 60 * CLOCK_NS_PER_S);
    all[DB6] = world_establish(world, "[::1]:40002", "[::1]:5432");
    world_send(world, &all[DB6], 0, TCP_ACK | TCP_PSH, 100);
    world_send(world, &all[DB6], 1, TCP_ACK, 0);
    all[REFUSED] = world_connection("127.0.0.1:40003", "127.0.0.1:9000");
    world_refuse(world, "127.0.0.1:40003", "127.0.0.1:9000");
    world_wait(world, 3 * CLOCK_NS_PER_S);
    all[NAME] = world_connection("127.0.0.1:40004", "127.0.0.53:53");
    all[NAME].tuple.protocol = PROTOCOL_UDP;
    world_send(world, &all[NAME], 0, 0, 40);
    world_send(world, &all[NAME], 1, 0, 56);
    all[CLOSED] = world_establish(world, "127.0.0.1:40005", "127.0.0.1:3001");
    world_finish(world, &all[CLOSED]);
    all[SILENT] = world_connection("127.0.0.1:40006", "127.0.0.1:7000");
    world_send(world, &all[SILENT], 0, TCP_SYN, 0);
    world_wait(world, 4 * CLOCK_NS_PER_S);
    world_name(world, &all[WEB], 0, world_process("curl", 4001, "curl http://localhost:3000/"));
    world_name(world, &all[WEB], 1, world_process("node", 3001, "node /srv/Server.js"));
    world_name(world, &all[DB6], 1, world_process("a b\x1b\"\\", 77, "postgres"));
    flows->known = calloc(1, sizeof *flows->known);
    assert_non_null(flows->known);
    flows->known->names = world->names;
    flows->known->diagnoser = world->diagnoser;
    while (diagnoser_next(world->diagnoser, true))
        continue;
    known_take(flows->known);
    for (int one = 0; one < ONE_COUNT; one++)
        flows->looks[one] = (struct filter_look){find_flow(world, &all[one]), flows->known,
                                                 one == WEB ? 2000000 : 0, world->status.now_ns};
}

static void flows_close(struct flows *flows)
{
    free(flows->known);
    world_close(flows->world);
}

/* Letters of the flows that pass, in the order of enum one: w 6 r n c s */
static const struct match_row {
    const char *text;
    const char *pass;
} match_rows[] = {
    {"", "w6rncs"},
    {"tcp", "w6rcs"},
    {"TCP Estab", "w6"},
    {"!udp", "w6rcs"},
    {"not tcp", "n"},
    {"! ! tcp", "w6rcs"},
    {":3000", "w"},
    {":300", "wc"},
    {":3", "wc"},
    {":03", ""},
    {":0", ""},
    {":00", ""},
    {":30000", ""},
    {":70000", ""},
    {":99999", ""},
    {":4000", "w6rncs"},
    {"0.1:", "wrncs"},
    {"3000", "w"},
    {"40001", "w"},
    {"0001", "w"},
    {"27.0.0.1:4000", "wrncs"},
    {"127.0.0.1:40001tcp", ""},
    {"3000:", ""},
    {"1:3000", "w"},
    {"1]:5432", "6"},
    {"[::1]:54", "6"},
    {"::1", "6"},
    {"localhost:3000", "w"},
    {"localhost:5432", "6"},
    {"node", "w"},
    {"node(30", "w"},
    {"NODE", "w"},
    {"refused", "r"},
    {"\"tcp established\"", "w6"},
    {"\"established curl(4001)\"", "w"},
    {"'tcp  established'", ""},
    {"port:3000", "w"},
    {"port:3000,5432", "w6"},
    {"port:3000-3001", "wc"},
    {"port=40001", "w"},
    {"port!=3000", "6rncs"},
    {"port>40001", "6rncs"},
    {"sport:3000", ""},
    {"sport:40001", "w"},
    {"dport:3000", "w"},
    {"client.port:40000-40002", "w6"},
    {"server.port<100", "n"},
    {"port 3000", "w"},
    {"port 3000,53", "wn"},
    {"tcp port 53", ""},
    {"udp port 53", "n"},
    {"src port 40001", "w"},
    {"dst port 40001", ""},
    {"tcp.port == 3000", "w"},
    {"tcp.port == 53", ""},
    {"udp.port == 53", "n"},
    {"tcp.port eq 3000 or udp.dstport eq 53", "wn"},
    {"host:127.0.0.1", "wrncs"},
    {"host ::1", "6"},
    {"host:::1", "6"},
    {"host:127.0.0.0/8", "wrncs"},
    {"host:127.0.0.32/27", "n"},
    {"host:::/0", "6"},
    {"host:0.0.0.0/0", "wrncs"},
    {"host:localhost", "w6rncs"},
    {"host!=127.0.0.53", "w6rcs"},
    {"dst:127.0.0.53", "n"},
    {"src:127.0.0.53", ""},
    {"src host ::1", "6"},
    {"ip.addr == 127.0.0.53", "n"},
    {"proc:node", "w"},
    {"proc:Curl", "w"},
    {"proc:nod", "w"},
    {"proc=nod", ""},
    {"proc=node,postgres", "w"},
    {"proc!=node", "6rncs"},
    {"proc~/^no/", "w"},
    {"proc~^NO", ""},
    {"proc~/^NO/i", "w"},
    {"proc!~.", "rncs"},
    {"proc:\"a b\"", "6"},
    {"proc:'a b\\\\x1b\"'", "6"},
    {"client:curl", "w"},
    {"client:node", ""},
    {"server:node", "w"},
    {"server:3000", "w"},
    {"server::3000", "w"},
    {"server:127.0.0.1:3000", "w"},
    {"server:[::1]:5432", "6"},
    {"server:::1", "6"},
    {"server:127.0.0.53,[::1]:5432", "6n"},
    {"server!=127.0.0.1:3000", "6rncs"},
    {"pid:4001", "w"},
    {"pid>3000", "w"},
    {"client.pid:3001", ""},
    {"cmd:server.js", "w"},
    {"cmd:'curl http'", "w"},
    {"proto:udp", "n"},
    {"proto!=udp", "w6rcs"},
    {"state:est", "w6"},
    {"state:established,closed", "w6c"},
    {"state!=established", "rncs"},
    {"state:syn-sent", "s"},
    {"state:closed", "c"},
    {"code:refused", "r"},
    {"code=refused", "r"},
    {"code:unanswered", "s"},
    {"code:timeout", "s"},
    {"why:unanswered", "s"},
    {"unanswered", "s"},
    {"is:open", "w6ns"},
    {"is:closed", "rc"},
    {"is:failed", "rs"},
    {"is:new", "ncs"},
    {"is:stuck", "6s"},
    {"is:refused,reset", "r"},
    {"is:loopback", "w6rncs"},
    {"is:udp", "n"},
    {"is:ipv6", "6"},
    {"is:named", "w"},
    {"is:diagnosed", "rs"},
    {"is:silent", "rcs"},
    {"!is:silent", "w6n"},
    {"bytes>60k", "w"},
    {"bytes>66217", ""},
    {"bytes>=66217", "w"},
    {"bytes=66k", "w"},
    {"bytes:66.2k", "w"},
    {"bytes:66.3k", ""},
    {"bytes.sent<100", "rncs"},
    {"sent<=100", "6rncs"},
    {"back>63Ki", "w"},
    {"bytes:90-100", "6n"},
    {"packets>=3", "w6c"},
    {"packets:2", "rn"},
    {"syns>0", "w6rcs"},
    {"rate>1M", "w"},
    {"rtt>5ms", "w"},
    {"rtt<1ms", "6c"},
    {"handshake<1ms", "w6c"},
    {"response>19ms", "w"},
    {"response.mean>19ms", "w"},
    {"response>1s", ""},
    {"turns:1", "w"},
    {"age>1m", "w"},
    {"age>1m0s1ms", "w"},
    {"age>1h1m", ""},
    {"age<5s", "ncs"},
    {"idle>1m", "w"},
    {"life>10ms", "w"},
    {"life:20ms", "w"},
    {"retrans>0", ""},
    {"conn:S1", "w6"},
    {"conn:REJ", "r"},
    {"history~^ShA", "w6c"},
    {"history:sh", ""},
    {"/node|postgres/", "w"},
    {"/:3000 tcp/", "w"},
    {"/^127.*:53 udp/", "n"},
    {"/ESTAB/", ""},
    {"/ESTAB/i", "w6"},
    {"/refused$/", "r"},
    {"tcp port:3000 or port:53", "wn"},
    {"tcp and (port:3000 or port:53)", "w"},
    {"not (port:3000 or port:53) and not is:closed", "6s"},
    {"udp or tcp and port:3000", "wn"},
    {"!(tcp !port:3000)", "wn"},
    {"tcp || udp && port:53", "w6rncs"},
    {"port:3000 or", "w"},
    {"port:3000 or state:", "w"},
    {"(port:3000 or (port:53", "wn"},
    {"port:3000 !", "w"},
    {"port:3000 rtt>5", "w"},
};

static void test_match(void **state)
{
    const struct match_row *row = *state;
    static const char letters[] = "w6rncs";
    struct flows flows;
    flows_open(&flows);
    struct filter *filter = filter_make();
    struct filter_note note;
    if (filter_parse(filter, row->text, &note) == FILTER_WRONG)
        fail_msg("%s", note.sentence);
    for (int again = 0; again < 2; again++) { /* what is remembered changes nothing */
        char pass[ONE_COUNT + 1] = "";
        size_t count = 0;
        for (int one = 0; one < ONE_COUNT; one++) {
            if (filter_matches(filter, &flows.looks[one]))
                pass[count++] = letters[one];
        }
        assert_string_equal(pass, row->pass);
    }
    free(filter);
    flows_close(&flows);
}

/* What F makes of a row passes that row, and with all four numbers no other one. */
static void test_filter_of(void **state)
{
    (void)state;
    static const char *const lines[ONE_COUNT][2] = {
        [WEB] = {"client:curl server.port:3000",
                 "client:127.0.0.1 client.port:40001 server:127.0.0.1:3000"},
        [DB6] = {"client:::1 server.port:5432", "client:::1 client.port:40002 server:[::1]:5432"},
        [REFUSED] = {"client:127.0.0.1 server.port:9000",
                     "client:127.0.0.1 client.port:40003 server:127.0.0.1:9000"},
        [NAME] = {"client:127.0.0.1 server.port:53 proto:udp",
                  "client:127.0.0.1 client.port:40004 server:127.0.0.53:53 proto:udp"},
        [CLOSED] = {"client:127.0.0.1 server.port:3001",
                    "client:127.0.0.1 client.port:40005 server:127.0.0.1:3001"},
        [SILENT] = {"client:127.0.0.1 server.port:7000",
                    "client:127.0.0.1 client.port:40006 server:127.0.0.1:7000"},
    };
    struct flows flows;
    flows_open(&flows);
    struct filter *filter = filter_make();
    for (int one = 0; one < ONE_COUNT; one++) {
        for (int exact = 0; exact < 2; exact++) {
            char line[FILTER_TEXT_MAX];
            struct filter_note note;
            struct text text = text_begin(line, sizeof line);
            text_add_filter_of(&text, flows.looks[one].view, flows.known, exact);
            assert_string_equal(line, lines[one][exact]);
            assert_int_equal(filter_parse(filter, line, &note), FILTER_GOOD);
            for (int other = 0; other < ONE_COUNT; other++)
                assert_int_equal(filter_matches(filter, &flows.looks[other]), other == one);
        }
    }
    free(filter);
    flows_close(&flows);
}

/* Whatever a process calls itself. */
static const struct name_row {
    const char *comm;
} name_rows[] = {
    {"node"},
    {"two words"},
    {"quote\"d"},
    {"back\\slash"},
    {"\x1b[31mred"},
    {"日本語"},
    {"\xe2\x80\xaertl"},
    {"\xff\xfe"},
    {"3000"},
    {"127.0.0.1"},
    {"localhost"},
    {"and"},
    {"a,b"},
    {"(x)"},
    {"/regex/"},
    {"kworker/0:1"},
    {"::1"},
    {":3000"},
    {"'"},
    {" "},
    {"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\"\""},
    {"\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\"},
};

static void test_filter_of_name(void **state)
{
    const struct name_row *row = *state;
    struct world *world = world_open_known(80, 24, true);
    struct connection made = world_establish(world, "127.0.0.1:40001", "127.0.0.1:3000");
    struct connection other = world_establish(world, "127.0.0.1:40002", "127.0.0.1:3000");
    world_name(world, &made, 0, world_process(row->comm, 7, ""));
    world_name(world, &other, 0, world_process("another", 8, ""));
    struct known *known = calloc(1, sizeof *known);
    struct filter *filter = filter_make();
    struct filter_note note;
    assert_non_null(known);
    known->names = world->names;
    struct filter_look look = {.view = find_flow(world, &made), .known = known};
    struct filter_look other_look = {.view = find_flow(world, &other), .known = known};
    char line[FILTER_TEXT_MAX];
    struct text text = text_begin(line, sizeof line);
    text_add_filter_of(&text, look.view, known, false);
    if (filter_parse(filter, line, &note) != FILTER_GOOD)
        fail_msg("%s: %s", line, note.sentence);
    assert_true(filter_matches(filter, &look));
    assert_false(filter_matches(filter, &other_look));
    free(filter);
    free(known);
    world_close(world);
}

/* Two flows whose processes take turns in one place of the memory, and a process that is renamed. */
static void test_memory_is_checked(void **state)
{
    (void)state;
    struct world *world = world_open_known(80, 24, true);
    struct connection one = world_establish(world, "127.0.0.1:40001", "127.0.0.1:3000");
    struct connection two = world_establish(world, "127.0.1.0:40002", "127.0.1.0:3000");
    world_name(world, &one, 0, world_process("one", 10, "x"));
    world_name(world, &two, 0, world_process("two", 10 + FILTER_MEMO, "x"));
    struct known *known = calloc(1, sizeof *known);
    struct filter *filter = filter_make();
    struct filter_note note;
    assert_non_null(known);
    known->names = world->names;
    struct filter_look looks[2] = {{.view = find_flow(world, &one), .known = known},
                                   {.view = find_flow(world, &two), .known = known}};
    assert_int_equal(filter_parse(filter, "proc:one or 127.0.1.0", &note), FILTER_GOOD);
    for (int at = 0; at < 4; at++)
        assert_true(filter_matches(filter, &looks[at % 2]));
    assert_int_equal(filter_parse(filter, "proc:one !127.0.1.0", &note), FILTER_GOOD);
    for (int at = 0; at < 4; at++)
        assert_int_equal(filter_matches(filter, &looks[at % 2]), at % 2 == 0);
    world_name(world, &one, 0, world_process("exec", 10, "x"));
    looks[0].view = find_flow(world, &one);
    assert_false(filter_matches(filter, &looks[0]));
    assert_int_equal(filter_parse(filter, "cmd:renamed", &note), FILTER_GOOD);
    assert_false(filter_matches(filter, &looks[0]));
    world_name(world, &one, 0, world_process("again", 10, "renamed"));
    looks[0].view = find_flow(world, &one);
    assert_true(filter_matches(filter, &looks[0]));
    free(filter);
    free(known);
    world_close(world);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, match_rows, test_match);
    ROWS_ADD(&set, name_rows, test_filter_of_name);
    ROWS_ADD_ONE(&set, test_filter_of);
    ROWS_ADD_ONE(&set, test_memory_is_checked);
    return rows_run(&set, "ui_filter_match");
}
