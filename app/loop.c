#include "app/loop.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "app/signals.h"
#include "app/wish.h"
#include "base/clock.h"

enum waiting { WAIT_SIGNAL, WAIT_CLOCK, WAIT_KEYS, WAIT_SOURCE, WAIT_COUNT };

/* The clock is looked at once in so many batches. */
#define BATCHES_PER_LOOK 16

/* Waiting that fails is tried again, for a second. */
#define WAIT_PAUSE_NS    (10 * CLOCK_NS_PER_MS)
#define FAILED_WAITS_MAX 100

#define DRAIN_NS ((SOURCE_TIMEOUT_MS + 10) * CLOCK_NS_PER_MS)

static int open_clock(struct err *err)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    const struct timespec tick = {.tv_nsec = LOOP_TICK_NS};
    if (fd >= 0 && timerfd_settime(fd, 0, &(struct itimerspec){tick, tick}, NULL) == 0)
        return fd;
    int failed = err_set(err, errno, "cannot set a timer: %s", strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return failed;
}

static void take_signals(struct session *session)
{
    signals_clear();
    if (session->run)
        run_signals(session->run);
    if (*signals_stop())
        session->stop = true;
    if (session->view && signals_take_suspend())
        view_suspend(session->view);
    bool resumed = signals_take_resume();
    bool resized = signals_take_resize();
    if (session->view && resumed)
        view_resume(session->view);
    if (session->view && resized)
        view_resize(session->view);
}

static void draw(struct session *session)
{
    struct source_stats stats;
    int64_t begin_ns = clock_monotonic_ns();
    if (!session->view)
        return;
    session_source_stats(session, &stats);
    const struct decode_stats *decoded = decoder_stats(session->decoder);
    struct transport_state transport = {0};
    bool is_played = session->replay.is_open;
    if (is_played)
        replay_state(session, &transport);
    view_draw(session->view, session->tracker,
              &(struct view_numbers){
                  .packets = decoded->frames,
                  .undecoded = decode_undecoded_count(decoded),
                  .dropped_by_kernel = stats.dropped_by_kernel,
                  .dropped_by_interface = stats.dropped_by_interface,
                  .position = stats.position,
                  .ended = session->ended,
                  .trouble = session->failed && (session->ended || !is_played)
                                 ? session->trouble.text
                                 : NULL,
                  .is_down = stats.is_down,
                  .health = health_take(&session->health, session),
                  .transport = is_played ? &transport : NULL,
              });
    meter_note(&session->meter, HANDLER_DRAW, begin_ns);
}

static void take_tick(struct session *session, int fd)
{
    uint64_t ticks = 0;
    int64_t limit_ns = session->options->duration_ns;
    if (read(fd, &ticks, sizeof ticks) > 0)
        session_tick(session);
    if (limit_ns > 0 && clock_monotonic_ns() - session->begin_ns >= limit_ns)
        session->stop = true;
}

static void take_keys(struct session *session)
{
    enum view_answer answer = VIEW_STAY;
    while (answer == VIEW_STAY) {
        answer = view_key(session->view);
        wish_grant(session);
    }
    session_follow_view(session);
    if (answer == VIEW_QUIT)
        session->stop = true;
}

static void take_packets(struct session *session)
{
    int64_t deadline_ns = clock_monotonic_ns() + LOOP_BUDGET_NS;
    unsigned batches = 0;
    session->is_behind = false;
    while (!session->ended && !session->stop && session_pump(session)) {
        session->is_behind =
            ++batches % BATCHES_PER_LOOK == 0 && clock_monotonic_ns() >= deadline_ns;
        if (session->is_behind)
            break;
    }
    if (source_info(session->source)->live && out_flush(&session->out) &&
        !session_has_readers(session))
        session->stop = true;
}

/* A terminal that hung up will never answer again. */
static void check_terminal(struct session *session, const struct pollfd *keys)
{
    if (keys->revents & (POLLHUP | POLLERR | POLLNVAL))
        session->stop = true;
}

/* Returns when what follows begins. */
static int64_t note(struct session *session, enum handler handler, int64_t begin_ns)
{
    meter_note(&session->meter, handler, begin_ns);
    return clock_monotonic_ns();
}

static void handle(struct session *session, const struct pollfd *waits, bool always_ready)
{
    int64_t at_ns = clock_monotonic_ns();
    if (waits[WAIT_SIGNAL].revents) {
        take_signals(session);
        at_ns = note(session, HANDLER_SIGNALS, at_ns);
    }
    if (waits[WAIT_KEYS].revents) {
        take_keys(session);
        meter_note(&session->meter, HANDLER_KEYS, at_ns);
        draw(session);
        check_terminal(session, &waits[WAIT_KEYS]);
        at_ns = clock_monotonic_ns();
    }
    /* Packets first: after a pause of ours the clock would find connections silent whose packets are
     * only not read yet. And with the clock in any case: an interface that goes down wakes nobody for long. */
    bool is_due = waits[WAIT_CLOCK].revents && waits[WAIT_SOURCE].fd >= 0;
    if (always_ready || waits[WAIT_SOURCE].revents || is_due) {
        take_packets(session);
        at_ns = note(session, HANDLER_PACKETS, at_ns);
    }
    if (waits[WAIT_CLOCK].revents) {
        take_tick(session, waits[WAIT_CLOCK].fd);
        meter_note(&session->meter, HANDLER_TICK, at_ns);
        draw(session);
    }
}

/* Whether there is something to see. */
static bool go_on_saving(struct session *session, int64_t begin_ns)
{
    bool is_over = wish_go_on(session);
    if (session->saving.save || is_over)
        meter_note(&session->meter, HANDLER_SAVE, begin_ns);
    return is_over;
}

/* poll, which may be interrupted, or lack memory for a moment; false: nothing came. When it has failed for a
 * second the session is over, but for a command, which is waited for. */
static bool wait_for_any(struct session *session, struct pollfd *waits, int wait_ms)
{
    const struct timespec pause = {.tv_nsec = WAIT_PAUSE_NS};
    if (poll(waits, WAIT_COUNT, wait_ms) >= 0) {
        session->failed_waits = 0;
        return true;
    }
    if (errno == EINTR)
        return false;
    int code = errno;
    struct err err;
    (void)nanosleep(&pause, NULL);
    take_signals(session);
    if (++session->failed_waits >= FAILED_WAITS_MAX) {
        session_note_trouble(session,
                             err_set(&err, code,
                                     "cannot wait for packets any more: %s; close other programs",
                                     strerror(code)),
                             &err);
        session->stop = true;
    }
    return false;
}

/* A file that is played: what is due, and how long nothing will be. */
static void play_once(struct session *session, struct pollfd *waits)
{
    int wait_ms = replay_wait_ms(session, &waits[WAIT_SOURCE].fd);
    if (!wait_for_any(session, waits, session->saving.save ? 0 : wait_ms))
        return;
    int64_t begin_ns = clock_monotonic_ns(), at_ns = begin_ns;
    bool has_keys = waits[WAIT_KEYS].revents;
    if (has_keys) {
        take_keys(session);
        check_terminal(session, &waits[WAIT_KEYS]);
        at_ns = note(session, HANDLER_KEYS, at_ns);
    }
    /* Most places are reached at once, and only then there is something to see. */
    bool is_there = replay_run(session);
    at_ns = note(session, HANDLER_PACKETS, at_ns);
    is_there |= go_on_saving(session, at_ns);
    waits[WAIT_SOURCE].revents = waits[WAIT_KEYS].revents = 0;
    handle(session, waits, false);
    if (is_there || has_keys)
        draw(session);
    meter_note(&session->meter, HANDLER_LOOP, begin_ns);
}

static void wait_once(struct session *session, struct pollfd *waits)
{
    bool always_ready = !session->ended && waits[WAIT_SOURCE].fd < 0;
    if (session->ended)
        waits[WAIT_SOURCE].fd = -1;
    if (!wait_for_any(session, waits, always_ready || session->saving.save ? 0 : -1))
        return;
    int64_t begin_ns = clock_monotonic_ns();
    handle(session, waits, always_ready);
    if (go_on_saving(session, clock_monotonic_ns()))
        draw(session);
    meter_note(&session->meter, HANDLER_LOOP, begin_ns);
}

/* The kernel hands a ring block over when it is full or SOURCE_TIMEOUT_MS old: what came right before
 * the end of a live run is still there. */
static void drain(struct session *session)
{
    if (!source_info(session->source)->live || session->out.error)
        return;
    struct pollfd wait = {.fd = source_fd(session->source), .events = POLLIN};
    int64_t end_ns = clock_monotonic_ns() + DRAIN_NS;
    int64_t left_ns = DRAIN_NS;
    while (!session->ended && left_ns > 0) {
        (void)poll(&wait, 1, (int)(left_ns / CLOCK_NS_PER_MS) + 1);
        (void)session_pump(session);
        left_ns = end_ns - clock_monotonic_ns();
    }
}

/* A command is waited for, whatever becomes of the capture. */
static bool is_over(const struct session *session)
{
    if (session->run)
        return run_is_over(session->run, session->is_behind);
    return session->stop || (session->ended && !session->view);
}

int loop_run(struct session *session, struct err *err)
{
    int clock_fd = open_clock(err);
    if (clock_fd < 0)
        return clock_fd;
    struct pollfd waits[WAIT_COUNT] = {
        [WAIT_SIGNAL] = {.fd = signals_fd(), .events = POLLIN},
        [WAIT_CLOCK] = {.fd = clock_fd, .events = POLLIN},
        [WAIT_KEYS] = {.fd = session->view ? view_fd(session->view) : -1, .events = POLLIN},
        [WAIT_SOURCE] = {.fd = source_fd(session->source), .events = POLLIN},
    };
    draw(session);
    session_read_ahead(session);
    while (!is_over(session)) {
        if (session->replay.is_open)
            play_once(session, waits);
        else
            wait_once(session, waits);
    }
    drain(session);
    wish_finish(session);
    (void)close(clock_fd);
    return 0;
}
