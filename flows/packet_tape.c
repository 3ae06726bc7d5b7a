#include "flows/packet_tape.h"

/* Far from both ends, so that older records find positions before it. */
#define FIRST_POSITION (UINT64_C(1) << 48)

int packet_tape_open(struct packet_tape *tape, const struct packet_log *log, struct err *err)
{
    *tape = (struct packet_tape){.log = log, .flow = {POOL_NONE, 0}, .complete = true};
    if (!log)
        return 0;
    uint32_t capacity = packet_log_capacity(log);
    int failed =
        pool_open(&tape->memory, "packets of a flow", sizeof *tape->records, capacity, err);
    if (failed)
        return failed;
    tape->memory.high = capacity;
    tape->records = (void *)tape->memory.items;
    tape->mask = capacity - 1;
    return 0;
}

void packet_tape_close(struct packet_tape *tape)
{
    pool_close(&tape->memory);
}

static void begin_anew(struct packet_tape *tape)
{
    tape->begin = tape->end = FIRST_POSITION;
    tape->oldest = tape->newest = PACKET_LOG_NONE;
    tape->complete = true;
    tape->restarts++;
    tape->epoch = tape->log ? packet_log_epoch(tape->log) : 0;
}

void packet_tape_choose(struct packet_tape *tape, struct flow_ref flow)
{
    if (tape->flow.index == flow.index && tape->flow.generation == flow.generation)
        return;
    tape->flow = flow;
    begin_anew(tape);
}

static void put(struct packet_tape *tape, uint64_t position, const struct packet_record *record)
{
    tape->records[position & tape->mask] = *record;
}

/* Walks back from the latest record to the newest that is there. Returns how many lie between, or -1
 * when those in the middle are gone already. */
static int64_t count_new(const struct packet_tape *tape, uint64_t latest)
{
    const struct packet_log *log = tape->log;
    int64_t count = 0;
    uint64_t number = latest;
    while (number != PACKET_LOG_NONE && number > tape->newest) {
        number = packet_log_before(log, number, packet_log_at(log, number));
        count++;
    }
    return number == tape->newest ? count : -1;
}

static void take_newer(struct packet_tape *tape, uint64_t latest)
{
    int64_t count = count_new(tape, latest);
    if (count < 0) {
        begin_anew(tape);
        return;
    }
    tape->end += (uint64_t)count;
    if (tape->end - tape->begin > (uint64_t)tape->mask + 1) {
        tape->begin = tape->end - tape->mask - 1;
        tape->complete = true;
    }
    uint64_t number = latest;
    for (uint64_t position = tape->end; count > 0; count--) {
        const struct packet_record *record = packet_log_at(tape->log, number);
        put(tape, --position, record);
        number = packet_log_before(tape->log, number, record);
    }
    tape->newest = latest;
}

static void take_older(struct packet_tape *tape)
{
    const struct packet_log *log = tape->log;
    for (uint32_t step = 0; step < PACKET_TAPE_STEPS; step++) {
        uint64_t before = packet_log_before(log, tape->oldest, packet_tape_at(tape, tape->begin));
        if (before == PACKET_LOG_NONE || packet_tape_count(tape) == (uint64_t)tape->mask + 1) {
            tape->complete = true;
            return;
        }
        tape->oldest = before;
        put(tape, --tape->begin, packet_log_at(log, before));
    }
}

void packet_tape_take(struct packet_tape *tape)
{
    if (!tape->log)
        return;
    if (tape->epoch != packet_log_epoch(tape->log))
        begin_anew(tape);
    uint64_t latest = packet_log_latest(tape->log, tape->flow);
    if (latest != PACKET_LOG_NONE && tape->newest != PACKET_LOG_NONE && latest != tape->newest)
        take_newer(tape, latest);
    if (latest != PACKET_LOG_NONE && tape->newest == PACKET_LOG_NONE) {
        put(tape, tape->end++, packet_log_at(tape->log, latest));
        tape->oldest = tape->newest = latest;
        tape->complete = false;
    }
    if (!tape->complete)
        take_older(tape);
}
