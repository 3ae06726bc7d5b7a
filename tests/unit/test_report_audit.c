#include "report/audit.h"
#include "tests/support/scene.h"

/* Numbers that come out, but for one. */
static const struct row {
    const char *name;
    size_t member; /* of struct audit, one too many; 0 for none */
    const char *complaint;
} rows[] = {
    {"all is well", 0, NULL},
    {"a packet without a verdict", offsetof(struct audit, other_packets), "packets read"},
    {"bytes without a verdict", offsetof(struct audit, verdict_bytes), "bytes read"},
    {"a packet that no flow has", offsetof(struct audit, told_packets), "TCP and UDP packets"},
    {"payload that no flow has", offsetof(struct audit, told_payload_bytes), "payload bytes"},
    {"an ICMP error that nobody looked up", offsetof(struct audit, told_icmp_packets),
     "ICMP errors"},
    {"a flow that was never told", offsetof(struct audit, flows), "flows, flows told"},
    {"a flow that contradicts itself", offsetof(struct audit, bad_flows), "contradict"},
};

static void check_row(void **state)
{
    const struct row *row = *state;
    struct audit audit = {.read_packets = 10,
                          .read_bytes = 900,
                          .flow_packets = 7,
                          .icmp_packets = 2,
                          .other_packets = 1,
                          .verdict_bytes = 900,
                          .payload_bytes = 300,
                          .told_flows = 3,
                          .told_packets = 7,
                          .told_payload_bytes = 300,
                          .told_icmp_packets = 2,
                          .flows = 3};
    if (row->complaint)
        ++*(uint64_t *)(void *)((char *)&audit + row->member);
    struct err err = {0};
    int failed = audit_check(&audit, &err);
    assert_int_equal(failed != 0, row->complaint != NULL);
    if (row->complaint)
        assert_non_null(strstr(err.text, row->complaint));
}

/* What the flows of a scene add up to. */
static void test_flows_add_up(void **state)
{
    (void)state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 4});
    scene_play(scene, "> S 100; < SA 300 101; > A 101 301; > PA 101 301 +10; > PA 131 301 +5",
               FRAME_BATCH_MAX);
    struct audit audit = {0};
    audit_add_flow(&audit, scene_flow(scene));
    assert_int_equal(audit.told_flows, 1);
    assert_int_equal(audit.told_packets, 5);
    assert_int_equal(audit.told_payload_bytes, 15);
    assert_int_equal(audit.bad_flows, 0);
    struct flow_view flow = scene_flow(scene);
    struct flow broken = *flow.hot;
    broken.side[flow.hot->client].unique_bytes += 1;
    flow.hot = &broken;
    audit_add_flow(&audit, flow);
    assert_int_equal(audit.bad_flows, 1);
    scene_close(scene);
}

/* Whatever comes, no flow contradicts itself. */
static const struct sound_row {
    const char *name;
    const char *scene;
} sounds[] = {
    {"a hole is acknowledged, then the SYN comes again",
     "> S 99; < SA 299 100; > A 100 300; > FA 110 300; < A 300 111; > S 99"},
    {"a stream that falls", "> PA 500 1 +10; > PA 400 1 +10; > PA 300 1 +10; < A 1 900"},
    {"a hole is acknowledged, then filled in parts",
     "> PA 100 1 +10; > PA 150 1 +10; < A 1 160; > PA 120 1 +10; > PA 105 1 +30"},
    {"an ACK half the sequence space away",
     "> S 100; < SA 300 101; > A 101 301; < A 301 2147483749; > PA 101 301 +10; > PA 111 301 +10"},
};

static void check_sound(void **state)
{
    const struct sound_row *row = *state;
    struct scene *scene = scene_open(&(struct tracker_options){.max_flows = 4});
    scene_play(scene, row->scene, FRAME_BATCH_MAX);
    struct audit audit = {0};
    audit_add_flow(&audit, scene_flow(scene));
    assert_int_equal(audit.bad_flows, 0);
    scene_close(scene);
}

int main(void)
{
    struct row_set set = {.count = 0};
    ROWS_ADD(&set, rows, check_row);
    ROWS_ADD(&set, sounds, check_sound);
    ROWS_ADD_ONE(&set, test_flows_add_up);
    return rows_run(&set, "report_audit");
}
