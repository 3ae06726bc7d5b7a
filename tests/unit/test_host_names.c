#include "host/names.h"
#include "tests/support/loopback.h"

/* A connection of this process with itself, over a listener of it. */
struct connection {
    int listener, client, server;
    struct tuple tuple; /* end 0 is the client */
};

/* Who listens on which family, for all addresses or the loopback one; and who calls. */
static const struct row {
    const char *name;
    const char *listens, *calls; /* addresses */
} rows[] = {
    {"IPv4", "127.0.0.1", "127.0.0.1"},
    {"IPv4, listening on all addresses", "0.0.0.0", "127.0.0.1"},
    {"IPv6", "::1", "::1"},
    {"IPv4 to a socket of both families", "::", "127.0.0.1"},
};

static void open_connection(struct connection *connection, const struct row *row)
{
    static const uint8_t v4[4] = {127, 0, 0, 1};
    static const uint8_t v6[16] = {[15] = 1};
    bool is_ipv4 = loopback_family(row->calls) == AF_INET;
    connection->listener = loopback_listen(row->listens, 3);
    uint16_t port = loopback_port(connection->listener);
    connection->client = loopback_connect(SOCK_STREAM, row->calls, port);
    connection->server = accept(connection->listener, NULL, NULL);
    struct address end = is_ipv4 ? address_from_ipv4(v4) : address_from_ipv6(v6);
    connection->tuple = (struct tuple){.address = {end, end},
                                       .port = {loopback_port(connection->client), port},
                                       .protocol = PROTOCOL_TCP,
                                       .family = is_ipv4 ? 4 : 6};
}

static void close_connection(const struct connection *connection)
{
    (void)close(connection->client);
    (void)close(connection->server);
    (void)close(connection->listener);
}

static struct names *open_names(void)
{
    struct err err;
    struct names *names = NULL;
    assert_int_equal(names_open(&names, &err), 0);
    return names;
}

static void check_row(void **state)
{
    struct connection connection;
    open_connection(&connection, *state);
    struct names *names = open_names();
    uint32_t client = names_client(names, &connection.tuple, 0);
    uint32_t server = names_server(names, &connection.tuple, 1);
    assert_int_not_equal(client, 0);
    assert_int_not_equal(server, 0);
    assert_int_not_equal(client, server);
    assert_null(names_owner(names, client));
    names_resolve(names, clock_monotonic_ns());
    assert_int_equal(names_owner(names, client)->pid, getpid());
    assert_int_equal(names_owner(names, server)->pid, getpid());
    /* The same again is no new question. */
    assert_int_equal(names_client(names, &connection.tuple, 0), client);
    assert_int_equal(names_server(names, &connection.tuple, 1), server);
    names_close(names);
    close_connection(&connection);
}

static void test_who_is_gone_is_unknown(void **state)
{
    (void)state;
    struct connection connection;
    open_connection(&connection, &rows[0]);
    struct names *names = open_names();
    close_connection(&connection);
    assert_int_equal(names_client(names, &connection.tuple, 0), 0);
    assert_int_equal(names_server(names, &connection.tuple, 1), 0);
    assert_null(names_owner(names, 0));
    assert_null(names_owner(names, 7));
    names_close(names);
}

static const struct elsewhere_row {
    const char *name;
    uint8_t octets[4];
} elsewhere[] = {
    {"another machine, RFC 5737", {192, 0, 2, 1}},
    {"one below the loopback addresses", {126, 255, 255, 255}},
    {"one above the loopback addresses", {128, 0, 0, 0}},
};

/* A connection to another machine's port, on which a server of this one listens too. */
static void check_elsewhere(void **state)
{
    const struct elsewhere_row *row = *state;
    struct connection connection;
    open_connection(&connection, &rows[1]);
    struct names *names = open_names();
    assert_int_not_equal(names_server(names, &connection.tuple, 1), 0);
    connection.tuple.address[1] = address_from_ipv4(row->octets);
    assert_int_equal(names_server(names, &connection.tuple, 1), 0);
    names_close(names);
    close_connection(&connection);
}

/* A listener is not taken for the end of a connection that is not there. */
static void test_a_listener_is_no_client(void **state)
{
    (void)state;
    struct connection connection;
    open_connection(&connection, &rows[0]);
    struct names *names = open_names();
    struct tuple tuple = connection.tuple;
    tuple.port[0] = (uint16_t)(tuple.port[0] ^ 1);
    assert_int_equal(names_client(names, &tuple, 1), 0);
    names_close(names);
    close_connection(&connection);
}

static void test_questions_are_bounded(void **state)
{
    (void)state;
    struct connection connection;
    open_connection(&connection, &rows[0]);
    struct names *names = open_names();
    for (int at = 0; at < NAMES_ASK; at++)
        assert_int_not_equal(names_client(names, &connection.tuple, 0), 0);
    assert_int_equal(names_client(names, &connection.tuple, 0), 0);
    names_resolve(names, clock_monotonic_ns());
    assert_int_not_equal(names_client(names, &connection.tuple, 0), 0);
    names_close(names);
    close_connection(&connection);
}

/* How a walk goes on must make no difference. */
static const struct slice_row {
    const char *name;
    bool recent;   /* this process was named before */
    bool resolves; /* all at once, with a walk in the middle */
} slice_rows[] = {
    {"in tiny slices", false, false},
    {"in tiny slices, named before", true, false},
    {"begun in slices, ended at once", false, true},
};

static void check_slices(void **state)
{
    const struct slice_row *row = *state;
    struct connection connection, other;
    open_connection(&connection, &rows[0]);
    open_connection(&other, &rows[0]);
    struct names *names = open_names();
    int64_t now_ns = clock_monotonic_ns();
    if (row->recent) {
        uint32_t before = names_client(names, &other.tuple, 0);
        names_resolve(names, now_ns);
        assert_int_equal(names_owner(names, before)->pid, getpid());
        now_ns += 3600 * CLOCK_NS_PER_S; /* rested */
    }
    uint32_t client = names_client(names, &connection.tuple, 0);
    names_step(names, now_ns, 0);
    assert_null(names_owner(names, client));
    uint32_t server = names_server(names, &other.tuple, 1); /* of the next question */
    assert_int_not_equal(server, 0);
    if (row->resolves)
        names_resolve(names, now_ns);
    for (size_t step = 0; !names_owner(names, client); step++) {
        assert_true(step < 1000000);
        names_step(names, now_ns, 0);
    }
    assert_int_equal(names_owner(names, client)->pid, getpid());
    if (row->resolves)
        assert_non_null(names_owner(names, server));
    else
        assert_null(names_owner(names, server));
    /* However long that took here, and so is rested for. */
    now_ns += CLOCK_NS_PER_S * 3600 * 20000;
    names_resolve(names, now_ns);
    assert_int_equal(names_owner(names, server)->pid, getpid());
    names_close(names);
    close_connection(&other);
    close_connection(&connection);
}

/* Who called listen is told when nobody holds the socket, and only then. */
static const struct spare_row {
    const char *name;
    bool closed; /* the listener, before anybody looks */
    bool late;   /* told after the look */
    bool spare_is_told;
} spare_rows[] = {
    {"it is held", false, false, false},
    {"it is held, told late", false, true, false},
    {"it is gone", true, false, true},
    {"it is gone, told late", true, true, true},
};

static void check_spare(void **state)
{
    const struct spare_row *row = *state;
    const struct host_process opener = {.pid = 12345, .comm = "opener", .command = "opener -x"};
    struct connection connection;
    open_connection(&connection, &rows[0]);
    struct names *names = open_names();
    uint32_t server = names_server(names, &connection.tuple, 1);
    if (row->closed)
        close_connection(&connection);
    if (!row->late)
        names_spare(names, server, &opener);
    assert_null(names_owner(names, server));
    names_resolve(names, clock_monotonic_ns());
    if (row->late)
        names_spare(names, server, &opener);
    const struct owner *owner = names_owner(names, server);
    assert_int_equal(owner->pid, row->spare_is_told ? opener.pid : getpid());
    if (row->spare_is_told)
        assert_string_equal(owner->command, opener.command);
    /* Who was told stays. */
    names_spare(names, server, &(struct host_process){.pid = 54321});
    names_resolve(names, clock_monotonic_ns());
    assert_int_not_equal(names_owner(names, server)->pid, 54321);
    names_spare(names, 0, &opener);
    names_spare(names, server + 1, &opener);
    assert_null(names_owner(names, server + 1));
    names_close(names);
    if (!row->closed)
        close_connection(&connection);
}

/* Who comes right after a walk is named as well, as long as walks have not taken more than what is rested for later. */
static void test_walks_rest_in_the_end(void **state)
{
    (void)state;
    struct names *names = open_names();
    struct connection first;
    size_t named = 0;
    bool is_named = true;
    /* This process is where it is looked first from now on, which takes no time to speak of. */
    open_connection(&first, &rows[0]);
    assert_int_not_equal(names_client(names, &first.tuple, 0), 0);
    names_resolve(names, clock_monotonic_ns() + 3600 * CLOCK_NS_PER_S);
    close_connection(&first);
    for (; is_named; named += is_named) {
        struct connection connection;
        open_connection(&connection, &rows[0]);
        uint32_t server = names_server(names, &connection.tuple, 1);
        uint32_t client = names_client(names, &connection.tuple, 0);
        /* As if each walk had begun long ago. */
        names_step(names, clock_monotonic_ns() - NAMES_BURST_NS / 8, INT64_MAX);
        is_named = names_owner(names, client) != NULL;
        assert_true(server == 0 || (names_owner(names, server) != NULL) == is_named);
        close_connection(&connection);
        assert_true(named < 10);
    }
    assert_in_range(named, 2, 8);
    names_close(names);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, spare_rows, check_spare);
    ROWS_ADD(&set, rows, check_row);
    ROWS_ADD(&set, elsewhere, check_elsewhere);
    ROWS_ADD_ONE(&set, test_who_is_gone_is_unknown);
    ROWS_ADD_ONE(&set, test_a_listener_is_no_client);
    ROWS_ADD_ONE(&set, test_questions_are_bounded);
    ROWS_ADD(&set, slice_rows, check_slices);
    ROWS_ADD_ONE(&set, test_walks_rest_in_the_end);
    return rows_run(&set, "host_names");
}
