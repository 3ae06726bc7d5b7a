#include "app/replay_wish.h"

#include <time.h>

#define DAY_NS        (INT64_C(86400) * CLOCK_NS_PER_S)
#define SPEED_AT_ONCE 1.0 /* after it was read as fast as possible */

static const double speeds[] = {0.1, 0.25, 0.5, 1,   2,   5,    10,
                                20,  50,   100, 200, 500, 1000, PACE_SPEED_MAX};

#define SPEED_COUNT ((int)(sizeof speeds / sizeof speeds[0]))

void replay_say(struct session *session, const char *sentence)
{
    if (session->view)
        view_say(session->view, STYLE_WARNING, sentence);
}

static bool lies_behind(const struct replay *replay, const struct replay_goal *goal)
{
    if (goal->kind == GOAL_PACKETS)
        return goal->packets < replay->count;
    if (goal->kind == GOAL_PLACE)
        return replay->axis.started && goal->ns < replay->axis.place_ns;
    return goal->kind == GOAL_TIME && replay->axis.started && goal->ns < replay->axis.time_ns;
}

/* Sets out for it, from the beginning when it lies behind. */
static void go(struct session *session, struct replay_goal goal)
{
    struct replay *replay = &session->replay;
    goal.rewinds = replay->goal.rewinds || lies_behind(replay, &goal);
    if (goal.rewinds && replay->one_way) {
        replay_say(session, "what comes through a pipe cannot be read again: there is no way back");
        return;
    }
    replay->goal = goal;
    replay->playing = false;
    if (replay->speed == PACE_SPEED_MAX && (replay->course.is_whole || !goal.plays_on))
        replay->speed = SPEED_AT_ONCE;
}

/* Does it play once it is where it goes to? */
static bool plays_on(const struct replay *replay)
{
    if (replay->goal.kind != GOAL_NONE)
        return replay->goal.plays_on;
    return replay->playing && replay->speed != PACE_SPEED_MAX;
}

void replay_toggle(struct session *session)
{
    struct replay *replay = &session->replay;
    if (replay->goal.kind != GOAL_NONE && replay->goal.rewinds) {
        replay->goal.plays_on = !replay->goal.plays_on;
        return;
    }
    if (replay->goal.kind != GOAL_NONE) {
        replay->goal = (struct replay_goal){.kind = GOAL_NONE};
        return;
    }
    if (session->ended) {
        go(session, (struct replay_goal){.kind = GOAL_PACKETS, .plays_on = true});
        return;
    }
    if (replay->playing)
        replay->playing = false;
    else
        replay_play(replay);
}

void replay_set_speed(struct session *session, double speed)
{
    struct replay *replay = &session->replay;
    replay->speed = speed;
    if (replay->playing)
        replay_play(replay);
}

/* From a speed between two of them to the next one in that direction. */
void replay_change_speed(struct session *session, int steps)
{
    double speed = session->replay.speed;
    int at = 0;
    while (at + 1 < SPEED_COUNT && (speed == PACE_SPEED_MAX || speeds[at] < speed))
        at++;
    if (speeds[at] == speed || steps < 0)
        at += steps;
    if (at >= 0 && at < SPEED_COUNT)
        replay_set_speed(session, speeds[at]);
}

static uint64_t base_packets(const struct replay *replay)
{
    return replay->goal.kind == GOAL_PACKETS ? replay->goal.packets : replay->count;
}

static int64_t base_place(const struct replay *replay)
{
    return replay->goal.kind == GOAL_PLACE ? replay->goal.ns : replay->place_ns;
}

void replay_step(struct session *session, enum transport_step step)
{
    const struct replay *replay = &session->replay;
    uint64_t packets = base_packets(replay);
    if (step == TRANSPORT_STEP_BACK) {
        if (packets > 0)
            go(session, (struct replay_goal){.kind = GOAL_PACKETS, .packets = packets - 1});
        return;
    }
    if (session->ended) {
        replay_say(session, "the file ends here");
        return;
    }
    if (step == TRANSPORT_STEP_PACKET)
        go(session, (struct replay_goal){.kind = GOAL_PACKETS, .packets = packets + 1});
    else
        go(session, (struct replay_goal){.kind = GOAL_EVENT});
}

#define NO_PACKET UINT64_MAX

/* Which failures a word of them has, from a packet of it on, or up to it. */
static uint64_t failures_from(const struct replay_course *course, uint64_t packet)
{
    return course->failures[packet / 64] >> packet % 64 << packet % 64;
}

static uint64_t failures_up_to(const struct replay_course *course, uint64_t packet)
{
    unsigned shift = 63 - packet % 64;
    return course->failures[packet / 64] << shift >> shift;
}

/* The first failure from that packet on. A word at a time: there may be 500 million packets. */
static uint64_t failure_from(const struct replay_course *course, uint64_t packet)
{
    while (packet < course->packets && packet < course->room) {
        uint64_t word = failures_from(course, packet);
        if (word != 0)
            return packet / 64 * 64 + (uint64_t)__builtin_ctzll(word);
        packet = (packet / 64 + 1) * 64;
    }
    return NO_PACKET;
}

/* The last one before that packet. */
static uint64_t failure_before(const struct replay_course *course, uint64_t packet)
{
    packet = packet < course->room ? packet : course->room;
    while (packet > 0) {
        uint64_t word = failures_up_to(course, packet - 1);
        if (word != 0)
            return (packet - 1) / 64 * 64 + 63 - (uint64_t)__builtin_clzll(word);
        packet = (packet - 1) / 64 * 64;
    }
    return NO_PACKET;
}

static void seek_next_failure(struct session *session)
{
    const struct replay *replay = &session->replay;
    const struct replay_course *course = &replay->course;
    uint64_t packet = failure_from(course, base_packets(replay));
    if (packet != NO_PACKET)
        go(session, (struct replay_goal){.kind = GOAL_PACKETS, .packets = packet + 1});
    else if (course->is_whole && course->packets <= course->room)
        replay_say(session, "no failure follows");
    else
        go(session, (struct replay_goal){.kind = GOAL_FAILURE});
}

static void seek_previous_failure(struct session *session)
{
    const struct replay *replay = &session->replay;
    uint64_t packet = base_packets(replay);
    /* The one that is being looked at is not before itself. */
    if (packet > 0 && !session->ended)
        packet--;
    packet = failure_before(&replay->course, packet);
    if (packet != NO_PACKET)
        go(session, (struct replay_goal){.kind = GOAL_PACKETS, .packets = packet + 1});
    else
        replay_say(session, "no failure before this");
}

/* How far a time is from what is known of the capture. */
static int64_t distance(const struct replay_course *course, int64_t time_ns)
{
    int64_t end_ns = course->begin_time_ns + course->end_ns;
    if (time_ns < course->begin_time_ns)
        return course->begin_time_ns - time_ns;
    return time_ns > end_ns ? time_ns - end_ns : 0;
}

/* Of the same day, the next and the one before, what is nearest to the capture. */
static int64_t time_of_day(const struct replay *replay, int64_t since_midnight_ns)
{
    const struct replay_course *course = &replay->course;
    int64_t now_ns =
        replay->axis.started ? pace_time(&replay->axis, replay->place_ns) : course->begin_time_ns;
    time_t seconds = (time_t)(now_ns / CLOCK_NS_PER_S);
    struct tm local = {0};
    (void)localtime_r(&seconds, &local);
    int64_t offset_ns = (int64_t)local.tm_gmtoff * CLOCK_NS_PER_S;
    int64_t midnight_ns = (now_ns + offset_ns) / DAY_NS * DAY_NS - offset_ns;
    int64_t time_ns = midnight_ns + since_midnight_ns;
    int64_t nearest_ns = time_ns;
    for (int days = -1; days <= 1; days += 2) {
        int64_t other_ns = time_ns + days * DAY_NS;
        if (distance(course, other_ns) < distance(course, nearest_ns))
            nearest_ns = other_ns;
    }
    return nearest_ns;
}

static void seek_part(struct session *session, const struct seek *seek)
{
    const struct replay *replay = &session->replay;
    const struct replay_course *course = &replay->course;
    double by = seek->part;
    if (!course->is_whole) {
        /* How much it is of the whole is known once the whole is. */
        if (replay->one_way)
            replay_say(session, "how long it is, is not known before its end");
        else
            go(session, (struct replay_goal){.kind = GOAL_END, .has_then = true, .then = *seek});
        return;
    }
    int64_t place_ns = (int64_t)(by * (double)course->end_ns);
    if (seek->kind == SEEK_BY_PART)
        place_ns += base_place(replay);
    struct replay_goal goal = {.kind = GOAL_PLACE, .ns = place_ns, .plays_on = plays_on(replay)};
    if (place_ns < 0)
        goal.ns = 0;
    if (place_ns >= course->end_ns && course->end_ns > 0)
        goal.kind = GOAL_END;
    go(session, goal);
}

void replay_seek(struct session *session, const struct seek *seek)
{
    const struct replay *replay = &session->replay;
    struct replay_goal goal = {.plays_on = plays_on(replay)};
    switch (seek->kind) {
    case SEEK_PART:
    case SEEK_BY_PART:
        seek_part(session, seek);
        return;
    case SEEK_NEXT_FAILURE:
        seek_next_failure(session);
        return;
    case SEEK_PREVIOUS_FAILURE:
        seek_previous_failure(session);
        return;
    case SEEK_PLACE:
    case SEEK_BY:
        goal.kind = GOAL_PLACE;
        goal.ns = seek->ns + (seek->kind == SEEK_BY ? base_place(replay) : 0);
        if (goal.ns < 0)
            goal.ns = 0;
        /* Keys may go on from there before it is reached. */
        if (goal.ns > PACE_PLACE_MAX)
            goal.ns = PACE_PLACE_MAX;
        break;
    case SEEK_CLOCK:
        goal.kind = GOAL_TIME;
        goal.ns = time_of_day(replay, seek->ns);
        break;
    case SEEK_PACKETS:
        goal.kind = GOAL_PACKETS;
        goal.packets = seek->packets;
        break;
    case SEEK_TO_END:
        goal.kind = GOAL_END;
        break;
    }
    go(session, goal);
}

void replay_seek_text(struct session *session, const char *text)
{
    struct seek seek;
    struct err err;
    if (seek_parse(&seek, text, &err) == 0)
        replay_seek(session, &seek);
    else
        replay_say(session, err.text);
}

void replay_wish(struct session *session, const struct screen_request *request)
{
    if (!session->replay.is_open) {
        replay_say(session, "only a file is played: loflow -r FILE");
        return;
    }
    switch (request->kind) {
    case SCREEN_REQUEST_PLAY:
        replay_toggle(session);
        break;
    case SCREEN_REQUEST_SPEED:
        replay_change_speed(session, (int)request->number);
        break;
    case SCREEN_REQUEST_SPEED_TO:
        replay_set_speed(session, request->number);
        break;
    case SCREEN_REQUEST_STEP:
        replay_step(session, (enum transport_step)(int)request->number);
        break;
    case SCREEN_REQUEST_SEEK:
        replay_seek_text(session, request->text);
        break;
    default:
        replay_seek(session, &(struct seek){.kind = SEEK_PART, .part = request->number});
        break;
    }
}
