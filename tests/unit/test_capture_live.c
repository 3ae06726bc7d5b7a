/* Live capture on the loopback interface; skipped where that is not permitted. */
#include "tests/support/talk.h"

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define QUIET_NS      (300 * CLOCK_NS_PER_MS) /* several times SOURCE_TIMEOUT_MS */
#define DATAGRAMS_MAX 4000

static bool is_datagram_to(const struct frame *frame, uint16_t port)
{
    return frame->captured_len >= UDP_PAYLOAD_AT + 4 && frame->data[12] == 8 &&
           frame->data[23] == IPPROTO_UDP && load_be16(frame->data + 36) == port;
}

/* Captures until `count` datagrams were seen and nothing more came for a while; counts each. */
static void collect(struct talk *talk, uint8_t *times_seen, uint32_t count, size_t len)
{
    int64_t now = clock_monotonic_ns();
    int64_t deadline = now + PATIENCE_NS;
    uint32_t seen = 0;
    while ((now = clock_monotonic_ns()) < deadline) {
        struct pollfd ready = {.fd = source_fd(talk->source), .events = POLLIN};
        (void)poll(&ready, 1, 50);
        struct frame_batch batch;
        int64_t begin = clock_monotonic_ns();
        assert_int_equal(source_next(talk->source, &batch, &talk->err), SOURCE_OPEN);
        assert_true(clock_monotonic_ns() - begin < CLOCK_NS_PER_S);
        for (uint32_t i = 0; i < batch.count; i++) {
            const struct frame *frame = &batch.frames[i];
            if (!is_datagram_to(frame, ntohs(talk->address.sin_port)))
                continue;
            uint32_t number = load_le32(frame->data + UDP_PAYLOAD_AT);
            assert_true(number < count);
            assert_int_equal(frame->wire_len, UDP_PAYLOAD_AT + len);
            assert_true(llabs(clock_wall_ns() - frame->time_ns) < 60 * CLOCK_NS_PER_S);
            times_seen[number]++;
            seen++;
        }
        if (seen >= count && deadline - now > QUIET_NS)
            deadline = now + QUIET_NS;
    }
}

/* The first packets are as good as the later ones: what is sent right after opening is seen, too.
 */
struct burst_row {
    const char *name;
    const char *filter; /* followed by the port */
    uint32_t count;
    size_t len;
};

static const struct burst_row bursts[] = {
    {"each packet once", "udp dst port", 3, 4},
    {"without a filter", NULL, 3, 4},
    {"small packets, beyond the first block", "udp dst port", DATAGRAMS_MAX, 100},
    {"large packets, beyond the slab", "udp dst port", 200, 60000},
    {"a filter of alternatives", "tcp port 1 or udp dst port", 3, 4},
};

static void check_burst(void **state)
{
    const struct burst_row *row = *state;
    struct talk talk;
    talk_begin(&talk, row->filter, 0);
    for (uint32_t i = 0; i < row->count; i++)
        send_numbered(&talk, i, row->len);
    uint8_t times_seen[DATAGRAMS_MAX] = {0};
    collect(&talk, times_seen, row->count, row->len);
    struct source_stats stats;
    source_stats(talk.source, &stats);
    if (stats.dropped_by_kernel > 0)
        fail_msg("%llu dropped", (unsigned long long)stats.dropped_by_kernel);
    for (uint32_t i = 0; i < row->count; i++)
        assert_int_equal(times_seen[i], 1);
    if (row->filter)
        assert_int_equal(stats.read, row->count);
    assert_int_equal(stats.position, -1);
    talk_end(&talk);
}

/* The kernel drops the outgoing copy: its filter asks for the packet type (SKF_AD_PKTTYPE). */
static void the_kernel_filters_outgoing_copies(void **state)
{
    (void)state;
    struct instruction {
        uint16_t code;
        uint8_t if_true, if_false;
        uint32_t k;
    } program[256];
    struct talk talk;
    talk_begin(&talk, "udp dst port", 0);
    socklen_t count = sizeof program / sizeof program[0]; /* in and out: instructions, not bytes */
    assert_int_equal(getsockopt(source_fd(talk.source), SOL_SOCKET, SO_GET_FILTER, program, &count),
                     0);
    bool asks = false;
    for (socklen_t i = 0; i < count; i++)
        asks |= program[i].k == UINT32_C(0xfffff000) + 4;
    assert_true(asks);
    talk_end(&talk);
}

static void the_snap_length_cuts(void **state)
{
    (void)state;
    struct talk talk;
    talk_begin(&talk, "udp dst port", 64);
    assert_int_equal(source_info(talk.source)->snaplen, 64);
    send_numbered(&talk, 0, 1000);
    struct frame_batch batch;
    take_one(&talk, &batch);
    assert_int_equal(batch.count, 1);
    assert_int_equal(batch.frames[0].captured_len, 64);
    assert_int_equal(batch.frames[0].wire_len, 1042);
    talk_end(&talk);
}

static void the_default_is_loopback(void **state)
{
    (void)state;
    struct source *source = NULL;
    open_or_skip(&source, &(struct source_live_options){0});
    const struct source_info *info = source_info(source);
    assert_string_equal(info->name, "lo");
    assert_true(info->live);
    assert_int_equal(info->link_type, LINK_ETHERNET);
    assert_string_equal(info->link_name, "EN10MB");
    assert_int_equal(info->snaplen, SOURCE_SNAPLEN_DEFAULT);
    assert_int_equal(info->buffer_size, SOURCE_BUFFER_DEFAULT);
    assert_int_equal(info->size, -1);
    source_close(source);
}

struct refusal_row {
    const char *name;
    struct source_live_options options;
    int result;
    const char *words;
    bool needs_privilege;
};

static const struct refusal_row refusals[] = {
    {"no such interface", {.interface = "nosuch0"}, -ENODEV, "choose one of: ", true},
    {"no such number", {.interface = "9999"}, -ENODEV, "choose one of: ", false},
    {"a bad filter", {.filter = "udp and"}, -EINVAL, "syntax error", true},
    {"a filter that only fits in brackets",
     {.filter = "udp) or (tcp"},
     -EINVAL,
     "\"udp) or (tcp\"",
     true},
    {"snap length", {.snaplen = 262145}, -EINVAL, "at most 262144", false},
    {"buffer", {.buffer_size = 0x80000000}, -EINVAL, "at most 2 GiB", false},
};

static void check_refusal(void **state)
{
    const struct refusal_row *row = *state;
    struct source *source = NULL;
    struct err err = {0};
    int result = source_open_live(&source, &row->options, &err);
    if (result == -EPERM && row->needs_privilege) {
        print_message("%s\n", err.text);
        skip();
    }
    assert_int_equal(result, row->result);
    if (!strstr(err.text, row->words))
        fail_msg("\"%s\" lacks \"%s\"", err.text, row->words);
}

/* Without privilege the sentence holds the line that gives it, for this very program. */
static void missing_privilege_is_explained(void **state)
{
    (void)state;
    struct source *source = NULL;
    struct err err = {0};
    int result = source_open_live(&source, &(struct source_live_options){.interface = "lo"}, &err);
    if (result == 0) {
        source_close(source);
        print_message("this user may capture\n");
        skip();
    }
    assert_int_equal(result, -EPERM);
    char path[512] = "";
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    assert_non_null(strstr(err.text, "sudo setcap cap_net_raw"));
    assert_non_null(strstr(err.text, path));
}

static void set_loopback_up(bool up)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = up ? IFF_UP : 0};
    int failed = ioctl(fd, SIOCSIFFLAGS, &request) ? errno : 0;
    (void)close(fd);
    if (failed == EPERM) {
        print_message("this user may not set interfaces up\n");
        skip();
    }
    assert_int_equal(failed, 0);
}

/* Moves the program into a network namespace of its own. */
static void enter_namespace(void)
{
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        print_message("no network namespace for this user\n");
        skip();
    }
}

/* Returns what it says last, which is SOURCE_OPEN until something else than that is said. */
static int watch_until(struct source *source, bool is_down, struct err *err)
{
    int64_t deadline = clock_monotonic_ns() + PATIENCE_NS;
    struct source_stats stats = {.is_down = !is_down};
    int result = SOURCE_OPEN;
    while (result == SOURCE_OPEN && stats.is_down != is_down && clock_monotonic_ns() < deadline) {
        struct frame_batch batch;
        struct pollfd ready = {.fd = source_fd(source), .events = POLLIN};
        (void)poll(&ready, 1, 50);
        result = source_next(source, &batch, err);
        source_stats(source, &stats);
    }
    if (result == SOURCE_OPEN)
        assert_int_equal(stats.is_down, is_down);
    return result;
}

/* The last tests, as they move the program. */
static void an_interface_taken_down_is_told(void **state)
{
    (void)state;
    struct source *source = NULL;
    struct err err = {0};
    enter_namespace();
    assert_int_equal(source_open_live(&source, &(struct source_live_options){0}, &err), -ENETDOWN);
    assert_non_null(strstr(err.text, "sudo ip link set lo up"));
    set_loopback_up(true);
    open_or_skip(&source, &(struct source_live_options){0});
    struct frame_batch batch;
    assert_int_equal(source_next(source, &batch, &err), SOURCE_OPEN);
    set_loopback_up(false);
    assert_int_equal(watch_until(source, true, &err), -ENETDOWN);
    assert_non_null(strstr(err.text, "lo was taken down"));
    source_close(source);
}

static void an_interface_taken_down_is_waited_for(void **state)
{
    (void)state;
    struct talk talk = {0};
    struct frame_batch batch = {.count = 0};
    struct sockaddr_in sender;
    enter_namespace();
    set_loopback_up(true);
    open_or_skip(&talk.source, &(struct source_live_options){.filter = "udp", .waits = true});
    for (unsigned round = 0; round < 3; round++) {
        set_loopback_up(false);
        assert_int_equal(watch_until(talk.source, true, &talk.err), SOURCE_OPEN);
        set_loopback_up(true);
        assert_int_equal(watch_until(talk.source, false, &talk.err), SOURCE_OPEN);
        talk.to = udp_socket(&talk.address);
        talk.from = udp_socket(&sender);
        source_keep_payload(talk.source, round % 2 ? 0 : SOURCE_PAYLOAD_ALL);
        send_numbered(&talk, round, 1000);
        take_one(&talk, &batch);
        assert_int_equal(batch.count, 1);
        assert_int_equal(batch.frames[0].captured_len, round % 2 ? 42 : 1042);
        (void)close(talk.from);
        (void)close(talk.to);
    }
    source_close(talk.source);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, bursts, check_burst);
    ROWS_ADD_ONE(&set, the_kernel_filters_outgoing_copies);
    ROWS_ADD_ONE(&set, the_snap_length_cuts);
    ROWS_ADD_ONE(&set, the_default_is_loopback);
    ROWS_ADD(&set, refusals, check_refusal);
    ROWS_ADD_ONE(&set, missing_privilege_is_explained);
    ROWS_ADD_ONE(&set, an_interface_taken_down_is_told);
    ROWS_ADD_ONE(&set, an_interface_taken_down_is_waited_for);
    return rows_run(&set, "capture_live");
}
