/*
 * Port scans: one program that is refused at many ports is one finding, not one for each port.
 */
#include "diagnose/rules.h"

#define SCAN_PORTS    15u /* so many ports are no typing error */
#define SCAN_PAUSE_NS (2 * CLOCK_NS_PER_S)

static bool is_of(const struct scanner *scanner, const struct story *story,
                  const struct party *client)
{
    if (client->pid != 0 || scanner->pid != 0)
        return scanner->pid == client->pid;
    return memcmp(&scanner->address, &story->tuple->address[story->client],
                  sizeof scanner->address) == 0;
}

/* The scanner's record, made anew over the one that was quiet longest. */
static struct scanner *scanner_of(const struct story *story, const struct party *client)
{
    struct diagnoser *diagnoser = story->diagnoser;
    struct scanner *oldest = &diagnoser->scanners[0];
    int64_t now_ns = story->event->time_ns;
    for (unsigned at = 0; at < SCANNERS_MAX; at++) {
        struct scanner *scanner = &diagnoser->scanners[at];
        bool is_recent = scanner->refused > 0 && now_ns - scanner->last_ns <= SCAN_PAUSE_NS;
        if (is_recent && is_of(scanner, story, client))
            return scanner;
        if (scanner->last_ns < oldest->last_ns)
            oldest = scanner;
    }
    memset(oldest, 0, sizeof *oldest);
    diagnoser->scanners_used |= UINT64_C(1) << (oldest - diagnoser->scanners);
    oldest->pid = client->pid;
    oldest->address = story->tuple->address[story->client];
    oldest->first_ns = now_ns;
    oldest->first_port = story->port;
    return oldest;
}

/* What was said of the single ports so far is the scan's. */
static void absorb(const struct story *story, const struct scanner *scanner,
                   struct finding *finding)
{
    struct findings *findings = &story->diagnoser->findings;
    for (uint32_t at = 0; at < REFUSALS_MAX; at++) {
        struct refusal *refusal = &story->diagnoser->refusals[at];
        bool is_its = refusal->pid == scanner->pid && refusal->time_ns >= scanner->first_ns;
        if (!is_its || refusal->code == CODE_COUNT)
            continue;
        struct finding *old =
            findings_find(findings, (struct finding_key){.code = (enum code)refusal->code,
                                                         .port = refusal->port});
        refusal->code = CODE_COUNT;
        if (old)
            findings_withdraw(findings, old, finding);
    }
}

/* A port that is open: whoever scans has found it. */
void scan_found(const struct story *story)
{
    struct diagnoser *diagnoser = story->diagnoser;
    int64_t now_ns = story->event->time_ns;
    if (diagnoser->refusal_last_ns == 0 || now_ns - diagnoser->refusal_last_ns > SCAN_PAUSE_NS)
        return;
    bool is_asked = false;
    struct party client = {0};
    for (uint64_t left = diagnoser->scanners_used; left; left &= left - 1) {
        struct scanner *scanner = &diagnoser->scanners[__builtin_ctzll(left)];
        if (now_ns - scanner->last_ns > SCAN_PAUSE_NS)
            continue;
        if (!is_asked)
            client = story_client(story);
        is_asked = true;
        scanner->open += is_of(scanner, story, &client);
    }
}

bool scan_note(const struct story *story, const struct party *client)
{
    struct scanner *scanner = scanner_of(story, client);
    story->diagnoser->refusal_last_ns = story->event->time_ns;
    uint64_t bit = UINT64_C(1) << (story->port % 64);
    scanner->last_ns = story->event->time_ns;
    if (!(scanner->ports[story->port / 64] & bit)) {
        scanner->ports[story->port / 64] |= bit;
        scanner->refused++;
        if (story->port < scanner->first_port)
            scanner->first_port = story->port;
        if (story->port > scanner->last_port)
            scanner->last_port = story->port;
    }
    if (scanner->refused < SCAN_PORTS)
        return false;
    struct findings *findings = &story->diagnoser->findings;
    struct finding *finding = findings_add(
        findings, (struct finding_key){.code = CODE_PORT_SCAN, .netns = (uint32_t)scanner->pid},
        story->event->time_ns);
    struct diagnosis *diagnosis = &finding->diagnosis;
    if (!scanner->is_scan)
        absorb(story, scanner, finding);
    scanner->is_scan = true;
    finding_touch(finding, scanner->first_ns);
    findings_note_flow(findings, finding, story->flow.cold->id);
    diagnosis->certainty = scanner->pid ? CERTAINTY_PROVED : CERTAINTY_SEEN;
    finding_name(finding, FACT_CLIENT_PID, FACT_CLIENT_COMM, client);
    diagnosis_set(diagnosis, FACT_REFUSED_PORTS, scanner->refused);
    diagnosis_set(diagnosis, FACT_OPEN_PORTS, scanner->open);
    diagnosis_set(diagnosis, FACT_FIRST_PORT, scanner->first_port);
    diagnosis_set(diagnosis, FACT_LAST_PORT, scanner->last_port);
    return true;
}
