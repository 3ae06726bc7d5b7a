#include "app/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/replay_wish.h"
#include "app/rewind.h"
#include "app/session.h"

#define BITS_FIRST (UINT64_C(1) << 20)

/* The clock is looked at once in so many batches. */
#define BATCHES_PER_LOOK 16

#define WAIT_MOST_MS 3600000

void replay_begin(struct replay *replay)
{
    replay->axis = (struct pace_axis){0};
    replay->is_over = replay->had_event = replay->had_failure = false;
    replay->place_ns = 0;
    replay->count = 0;
    replay->at = 0;
    replay->made = diagnoser_made(replay->pristine);
}

int replay_open(struct session *session, struct err *err)
{
    struct replay *replay = &session->replay;
    int failed = diagnoser_open(&replay->pristine, NULL, err);
    if (failed)
        return failed;
    diagnoser_copy(replay->pristine, session->causes.diagnoser);
    const struct source_info *info = source_info(session->source);
    replay->is_open = true;
    replay->one_way = info->size < 0 || strcmp(session->options->read_path, "-") == 0;
    replay->speed = PACE_SPEED_MAX;
    replay_begin(replay);
    replay_play(replay);
    return 0;
}

void replay_close(struct replay *replay)
{
    if (!replay->is_open)
        return;
    free(replay->course.failures);
    diagnoser_close(replay->pristine);
    *replay = (struct replay){0};
}

static void note_failure(struct replay_course *course, uint64_t packet)
{
    if (packet >= REPLAY_BITS_MAX)
        return;
    if (packet >= course->room) {
        uint64_t room = course->room ? course->room * 2 : BITS_FIRST;
        while (room <= packet)
            room *= 2;
        uint64_t *grown = realloc(course->failures, room / 8);
        if (!grown)
            return; /* it is on the timeline, and is found going forward */
        memset((char *)grown + course->room / 8, 0, (room - course->room) / 8);
        course->failures = grown;
        course->room = room;
    }
    course->failures[packet / 64] |= UINT64_C(1) << packet % 64;
}

/* A packet came for the first time. */
static void note_packet(struct replay *replay)
{
    struct replay_course *course = &replay->course;
    density_add(&course->density, replay->axis.place_ns, replay->had_failure);
    if (replay->had_failure)
        note_failure(course, course->packets);
    course->packets++;
    course->end_ns = replay->axis.place_ns;
}

static void note_events(struct replay *replay, const struct event_list *events)
{
    replay->had_event = replay->had_failure = false;
    for (uint32_t at = 0; at < events->count; at++) {
        enum event_kind kind = (enum event_kind)events->events[at].kind;
        replay->had_event |= kind != EVENT_RETIRED;
        replay->had_failure |= event_is_failure(kind);
    }
}

static void tick(struct session *session, int64_t time_ns)
{
    struct replay *replay = &session->replay;
    struct diagnoser *diagnoser = session->causes.diagnoser;
    if (session->events.time_passed)
        diagnoser_tick(diagnoser, session->tracker, time_ns);
    if (diagnoser_made(diagnoser) != replay->made)
        replay->had_event = replay->had_failure = true;
    replay->made = diagnoser_made(diagnoser);
}

static void take_one(struct session *session, const struct frame_batch *frames, uint32_t at)
{
    struct replay *replay = &session->replay;
    int64_t time_ns = session->packets->packets[at].time_ns;
    tracker_feed_one(session->tracker, session->packets, at, &session->events);
    if (session->packet_log)
        packet_log_take_one(session->packet_log, frames, session->packets, at, &session->events);
    note_events(replay, &session->events);
    session_show_events(session);
    tick(session, time_ns);
    pace_pass(&replay->axis, time_ns);
    if (replay->count == replay->course.packets)
        note_packet(replay);
    replay->count++;
}

/* The next `count` frames. */
static void take(struct session *session, uint32_t count)
{
    struct replay *replay = &session->replay;
    struct frame_batch part;
    const struct frame_batch *frames = session->frames;
    if (count < session->frames->count) {
        part.count = count;
        memcpy(part.frames, session->frames->frames + replay->at, count * sizeof part.frames[0]);
        frames = &part;
    }
    session_audit_frames(session, frames);
    decode_batch(session->decoder, frames, session->packets);
    tracker_prefetch(session->tracker, session->packets, &session->events);
    if (session->packet_log)
        packet_log_prefetch(session->packet_log, session->packets, &session->events);
    for (uint32_t at = 0; at < count; at++)
        take_one(session, frames, at);
    replay->at += count;
    replay->place_ns = replay->axis.place_ns;
}

/* May a packet go that `ahead` others go before? */
static bool is_due(const struct replay *replay, int64_t time_ns, int64_t place_ns, uint32_t ahead,
                   int64_t reached_ns)
{
    const struct replay_goal *goal = &replay->goal;
    switch (goal->kind) {
    case GOAL_NONE:
        return replay->playing && place_ns <= reached_ns;
    case GOAL_PACKETS:
        return replay->count + ahead < goal->packets;
    case GOAL_PLACE:
        return place_ns <= goal->ns;
    case GOAL_TIME:
        return time_ns <= goal->ns;
    case GOAL_EVENT:
    case GOAL_FAILURE:
        return ahead == 0;
    case GOAL_END:
        return true;
    }
    return false;
}

static uint32_t count_due(const struct session *session, int64_t reached_ns)
{
    const struct replay *replay = &session->replay;
    struct pace_axis axis = replay->axis;
    uint32_t count = 0;
    for (uint32_t at = replay->at; at < session->frames->count; at++) {
        int64_t time_ns = session->frames->frames[at].time_ns;
        if (!is_due(replay, time_ns, pace_place(&axis, time_ns), count, reached_ns))
            break;
        pace_pass(&axis, time_ns);
        count++;
    }
    return count;
}

static bool has_frames(const struct session *session)
{
    return session->replay.at < session->frames->count;
}

static int64_t next_place(const struct session *session)
{
    const struct replay *replay = &session->replay;
    return pace_place(&replay->axis, session->frames->frames[replay->at].time_ns);
}

/* How far it may be without the packet that comes next. */
static int64_t limit_place(const struct session *session, int64_t place_ns)
{
    const struct replay *replay = &session->replay;
    int64_t most_ns = has_frames(session) ? next_place(session) : replay->axis.place_ns;
    if (place_ns > most_ns)
        place_ns = most_ns;
    return place_ns > replay->axis.place_ns ? place_ns : replay->axis.place_ns;
}

void replay_play(struct replay *replay)
{
    replay->playing = true;
    replay->pace = (struct pace){replay->speed, replay->place_ns, clock_monotonic_ns()};
}

/* Is the goal reached, after so many packets? */
static bool is_there(const struct replay *replay, uint32_t taken)
{
    switch (replay->goal.kind) {
    case GOAL_PACKETS:
        return replay->count >= replay->goal.packets;
    case GOAL_EVENT:
        return taken > 0 && replay->had_event;
    case GOAL_FAILURE:
        return taken > 0 && replay->had_failure;
    case GOAL_PLACE:
    case GOAL_TIME:
        return taken == 0;
    default:
        return false;
    }
}

static void arrive(struct session *session)
{
    struct replay *replay = &session->replay;
    const struct replay_goal goal = replay->goal;
    replay->goal = (struct replay_goal){.kind = GOAL_NONE};
    if (goal.kind == GOAL_PLACE)
        replay->place_ns = limit_place(session, goal.ns);
    else if (goal.kind == GOAL_TIME)
        replay->place_ns =
            limit_place(session, replay->axis.place_ns + (goal.ns - replay->axis.time_ns));
    replay->playing = false;
    if (goal.plays_on && !session->ended)
        replay_play(replay);
}

/* Nothing follows. */
static void come_to_end(struct session *session)
{
    struct replay *replay = &session->replay;
    const struct replay_goal goal = replay->goal;
    replay->goal = (struct replay_goal){.kind = GOAL_NONE};
    replay->playing = false;
    replay->place_ns = replay->axis.place_ns;
    replay->course.is_whole = replay->count == replay->course.packets;
    session->ended = true;
    session_judge(session);
    if (goal.has_then)
        replay_seek(session, &goal.then);
    else if (goal.kind == GOAL_EVENT || goal.kind == GOAL_FAILURE)
        replay_say(session, "the file ends here");
}

/* False: there is nothing, just now or ever. */
static bool get_frames(struct session *session)
{
    struct replay *replay = &session->replay;
    if (has_frames(session))
        return true;
    if (replay->is_over || !session_read(session)) {
        replay->is_over |= session->ended;
        return false;
    }
    if (replay->count == 0)
        replay->course.begin_time_ns = session->frames->frames[0].time_ns;
    replay->at = 0;
    replay->is_over = session->ended;
    session->ended = false;
    return true;
}

static bool rewind_now(struct session *session)
{
    struct replay *replay = &session->replay;
    struct err err;
    if (rewind_session(session, &err) == 0) {
        replay->goal.rewinds = false;
        return true;
    }
    replay->goal = (struct replay_goal){.kind = GOAL_NONE};
    replay->playing = false;
    replay_say(session, err.text);
    return false;
}

/* What is due now. */
static int64_t reached_now(const struct replay *replay)
{
    return replay->goal.kind == GOAL_NONE ? pace_reached(&replay->pace, clock_monotonic_ns())
                                          : INT64_MAX;
}

/* Whether it goes on. */
static bool advance(struct session *session)
{
    struct replay *replay = &session->replay;
    if (!get_frames(session)) {
        if (replay->is_over)
            come_to_end(session);
        return false;
    }
    int64_t reached_ns = reached_now(replay);
    uint32_t due = count_due(session, reached_ns);
    if (due > 0)
        take(session, due);
    else if (replay->goal.kind == GOAL_NONE)
        replay->place_ns = limit_place(session, reached_ns);
    if (is_there(replay, due))
        arrive(session);
    else
        return due > 0;
    return false;
}

bool replay_run(struct session *session)
{
    struct replay *replay = &session->replay;
    int64_t deadline_ns = clock_monotonic_ns() + REPLAY_BUDGET_NS;
    bool had_goal = replay->goal.kind != GOAL_NONE;
    if (!had_goal && !replay->playing)
        return false;
    if (replay->goal.rewinds && !rewind_now(session))
        return true;
    for (unsigned batches = 1; !session->stop && advance(session); batches++) {
        if (batches % BATCHES_PER_LOOK != 0 || clock_monotonic_ns() < deadline_ns)
            continue;
        /* What could not be kept up with is not made up for later. */
        if (replay->playing && replay->speed != PACE_SPEED_MAX)
            replay_play(replay);
        break;
    }
    return had_goal && replay->goal.kind == GOAL_NONE;
}

int replay_wait_ms(const struct session *session, int *fd)
{
    const struct replay *replay = &session->replay;
    *fd = -1;
    if (replay->goal.kind == GOAL_NONE && !replay->playing)
        return -1;
    if (!replay->goal.rewinds && !has_frames(session) && !replay->is_over)
        *fd = source_fd(session->source);
    if (*fd >= 0)
        return -1;
    if (replay->goal.kind != GOAL_NONE || !has_frames(session))
        return 0;
    int64_t wait_ns = pace_wait_ns(&replay->pace, next_place(session), clock_monotonic_ns());
    int64_t wait_ms = (wait_ns + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS;
    return wait_ms < WAIT_MOST_MS ? (int)wait_ms : WAIT_MOST_MS;
}

static double way_done(const struct replay *replay)
{
    const struct replay_goal *goal = &replay->goal;
    double done = 0;
    if (goal->rewinds)
        return 0;
    if (goal->kind == GOAL_PACKETS && goal->packets > 0)
        done = (double)replay->count / (double)goal->packets;
    else if (goal->kind == GOAL_PLACE && goal->ns > 0)
        done = (double)replay->place_ns / (double)goal->ns;
    else if (replay->course.packets > 0)
        done = (double)replay->count / (double)replay->course.packets;
    return done < 1 ? done : 1;
}

static int read_percent(const struct session *session)
{
    struct source_stats stats;
    session_source_stats(session, &stats);
    int64_t size = source_info(session->source)->size;
    if (size <= 0 || stats.position < 0)
        return -1;
    return stats.position < size ? (int)((double)stats.position * 100 / (double)size) : 100;
}

void replay_state(const struct session *session, struct transport_state *state)
{
    const struct replay *replay = &session->replay;
    *state = (struct transport_state){
        .mode = replay->goal.kind != GOAL_NONE ? TRANSPORT_SEEKING
                : session->ended               ? TRANSPORT_ENDED
                : replay->playing              ? TRANSPORT_PLAYING
                                               : TRANSPORT_PAUSED,
        .speed = replay->speed,
        .place_ns = replay->place_ns,
        .time_ns = replay->axis.started ? pace_time(&replay->axis, replay->place_ns)
                                        : replay->course.begin_time_ns,
        .end_ns = replay->course.end_ns,
        .packets = replay->count,
        .known = replay->course.packets,
        .is_known_whole = replay->course.is_whole,
        .read_percent = read_percent(session),
        .goal = way_done(replay),
        .one_way = replay->one_way,
        .density = &replay->course.density,
    };
    if (state->mode == TRANSPORT_PLAYING && has_frames(session))
        state->wait_ns = pace_wait_ns(&replay->pace, next_place(session), clock_monotonic_ns());
}
