#include "diagnose/findings.h"

#include <string.h>

static uint64_t key_of(struct finding_key key)
{
    return UINT64_C(1) << 63 | (uint64_t)key.netns << 24 | (uint64_t)key.port << 8 | key.code;
}

static uint32_t slot_of(uint64_t key, uint32_t probe)
{
    return ((uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 40) + probe) % FINDINGS_SLOTS;
}

static void insert(struct findings *findings, uint32_t row)
{
    uint32_t probe = 0;
    while (findings->slots[slot_of(findings->keys[row], probe)] != 0)
        probe++;
    findings->slots[slot_of(findings->keys[row], probe)] = (uint16_t)(row + 1);
}

static void take_out(struct findings *findings, uint32_t row)
{
    findings->keys[row] = 0;
    memset(findings->slots, 0, sizeof findings->slots);
    for (uint32_t at = 0; at < FINDINGS_MAX; at++) {
        if (findings->keys[at] != 0)
            insert(findings, at);
    }
}

struct finding *findings_find(struct findings *findings, struct finding_key key)
{
    uint64_t wanted = key_of(key);
    for (uint32_t probe = 0;; probe++) {
        uint16_t slot = findings->slots[slot_of(wanted, probe)];
        if (slot == 0)
            return NULL;
        if (findings->keys[slot - 1] == wanted)
            return &findings->rows[slot - 1];
    }
}

/* A free row, or the one that was quiet longest. */
static uint32_t make_room(struct findings *findings)
{
    uint32_t oldest = 0;
    for (uint32_t at = 0; at < FINDINGS_MAX; at++) {
        if (findings->keys[at] == 0)
            return at;
        if (findings->rows[at].diagnosis.last_ns < findings->rows[oldest].diagnosis.last_ns)
            oldest = at;
    }
    findings->forgotten++;
    take_out(findings, oldest);
    return oldest;
}

struct finding *findings_add(struct findings *findings, struct finding_key key, int64_t time_ns)
{
    struct finding *finding = findings_find(findings, key);
    if (!finding) {
        uint32_t at = make_room(findings);
        finding = &findings->rows[at];
        memset(finding, 0, sizeof *finding);
        findings->keys[at] = key_of(key);
        insert(findings, at);
        finding->diagnosis.code = (uint8_t)key.code;
        finding->diagnosis.port = key.port;
        finding->diagnosis.netns = key.netns;
        finding->diagnosis.first_ns = time_ns;
        finding->due_ns = time_ns + FINDING_SETTLES_NS;
        finding->since_ns = time_ns;
        findings->made++;
        if (key.port != DIAGNOSIS_PORT_ANY)
            diagnosis_set(&finding->diagnosis, FACT_PORT, key.port);
    }
    finding->diagnosis.count++;
    finding_touch(finding, time_ns);
    return finding;
}

void finding_touch(struct finding *finding, int64_t time_ns)
{
    finding->changed = true;
    if (finding->diagnosis.last_ns != 0 &&
        time_ns - finding->diagnosis.last_ns >= DIAGNOSER_QUIET_NS)
        finding->since_ns = time_ns;
    if (time_ns > finding->diagnosis.last_ns)
        finding->diagnosis.last_ns = time_ns;
    if (time_ns < finding->diagnosis.first_ns)
        finding->diagnosis.first_ns = time_ns;
}

void findings_note_flow(struct findings *findings, struct finding *finding, uint64_t flow_id)
{
    uint32_t at = (uint32_t)(flow_id % FLOW_CODES_MAX);
    if (findings->flow_codes[at].flow_id != flow_id) {
        findings->flow_codes[at].flow_id = flow_id;
        findings->flow_codes[at].codes = 0;
    }
    findings->flow_codes[at].codes |= code_bit(finding->diagnosis.code);
    diagnosis_add_flow(&finding->diagnosis, flow_id);
}

void findings_withdraw(struct findings *findings, struct finding *finding, struct finding *by)
{
    const struct diagnosis *old = &finding->diagnosis;
    for (unsigned at = 0; at < old->flow_count; at++) {
        uint32_t slot = (uint32_t)(old->flows[at] % FLOW_CODES_MAX);
        if (findings->flow_codes[slot].flow_id == old->flows[at])
            findings->flow_codes[slot].codes &= ~code_bit(old->code);
    }
    if (by) {
        by->diagnosis.supersedes |= old->supersedes;
        if (finding->said)
            by->diagnosis.supersedes |= code_bit(old->code);
        by->diagnosis.supersedes &= ~code_bit(by->diagnosis.code);
        finding_touch(by, old->first_ns);
        for (unsigned at = 0; at < old->flow_count; at++)
            findings_note_flow(findings, by, old->flows[at]);
    }
    take_out(findings, (uint32_t)(finding - findings->rows));
    finding->withdrawn = true;
}

void findings_supersede(struct findings *findings, uint64_t codes, struct finding *by)
{
    for (; codes; codes &= codes - 1) {
        struct finding *old =
            findings_find(findings, (struct finding_key){.code = (enum code)__builtin_ctzll(codes),
                                                         .port = by->diagnosis.port,
                                                         .netns = by->diagnosis.netns});
        if (old && old != by)
            findings_withdraw(findings, old, by);
    }
}

/* FNV-1a. */
static uint64_t digest_of(const struct diagnosis *diagnosis)
{
    const unsigned char *bytes = (const void *)diagnosis;
    uint64_t digest = UINT64_C(0xcbf29ce484222325);
    for (size_t at = 0; at < sizeof *diagnosis; at++)
        digest = (digest ^ bytes[at]) * UINT64_C(0x100000001b3);
    return digest;
}

const struct diagnosis *findings_next(struct findings *findings, int64_t now_ns, bool final)
{
    for (uint32_t left = FINDINGS_MAX; left > 0; left--) {
        uint32_t at = findings->told++ % FINDINGS_MAX;
        struct finding *finding = &findings->rows[at];
        if (findings->keys[at] == 0 || !finding->changed)
            continue;
        bool is_due = now_ns >= finding->due_ns &&
                      (!finding->said || now_ns - finding->said_ns >= FINDING_REPEATS_NS);
        if (!final && !is_due)
            continue;
        finding->changed = false;
        /* It was looked at, and is the same. */
        uint64_t digest = digest_of(&finding->diagnosis);
        if (finding->said && digest == finding->said_digest)
            continue;
        finding->said_digest = digest;
        finding->said = true;
        finding->said_ns = now_ns;
        return &finding->diagnosis;
    }
    return NULL;
}
