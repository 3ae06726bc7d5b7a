#include "capture/pace.h"

static int64_t add_to_place(int64_t place_ns, int64_t gap_ns)
{
    return gap_ns < PACE_PLACE_MAX - place_ns ? place_ns + gap_ns : PACE_PLACE_MAX;
}

int64_t pace_place(const struct pace_axis *axis, int64_t time_ns)
{
    /* A packet without a time, or the first. */
    if (time_ns == 0 || !axis->started)
        return axis->place_ns;
    int64_t gap_ns = time_ns - axis->time_ns;
    if (gap_ns <= 0)
        return axis->place_ns;
    return add_to_place(axis->place_ns, gap_ns > PACE_LEAP_NS ? CLOCK_NS_PER_S : gap_ns);
}

void pace_pass(struct pace_axis *axis, int64_t time_ns)
{
    if (time_ns == 0)
        return;
    axis->place_ns = pace_place(axis, time_ns);
    if (!axis->started || time_ns > axis->time_ns || axis->time_ns - time_ns > PACE_BACK_NS)
        axis->time_ns = time_ns;
    axis->started = true;
}

int64_t pace_time(const struct pace_axis *axis, int64_t place_ns)
{
    return axis->time_ns + (place_ns - axis->place_ns);
}

int64_t pace_reached(const struct pace *pace, int64_t now_ns)
{
    if (pace->speed == PACE_SPEED_MAX)
        return INT64_MAX;
    double gone_ns = (double)(now_ns - pace->now_ns) * pace->speed;
    if (gone_ns >= (double)(PACE_PLACE_MAX - pace->place_ns))
        return PACE_PLACE_MAX;
    return pace->place_ns + (int64_t)gone_ns;
}

int64_t pace_wait_ns(const struct pace *pace, int64_t place_ns, int64_t now_ns)
{
    int64_t reached_ns = pace_reached(pace, now_ns);
    if (place_ns <= reached_ns)
        return 0;
    double wait_ns = (double)(place_ns - reached_ns) / pace->speed;
    return wait_ns < (double)PACE_PLACE_MAX ? (int64_t)wait_ns + 1 : PACE_PLACE_MAX;
}
