#include "ui/term_leave.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ui/term.h"

#define LEAVE_MAX  128
#define WRITES_MAX 16 /* tries to write to a terminal that may be stuck */

/* Presses, releases, and motion while a button is down (1002), as decimal numbers (1006). */
#define MOUSE_ON  "\033[?1002h\033[?1006h"
#define MOUSE_OFF "\033[?1002l\033[?1006l"

static struct {
    volatile sig_atomic_t open;
    volatile sig_atomic_t mouse; /* is on */
    int output_fd;
    struct termios modes;
    size_t leave_len;
    char leave[LEAVE_MAX];
} emergency;

int term_leave_prepare(int fd)
{
    emergency.output_fd = fd;
    emergency.leave_len = 0;
    emergency.mouse = 0;
    return tcgetattr(fd, &emergency.modes);
}

/* Copies it without its "$<5>" delays, which only tputs understands. */
void term_leave_add(const char *capability)
{
    const char *at = capability;
    while (at && *at != '\0' && emergency.leave_len < LEAVE_MAX) {
        const char *end = strncmp(at, "$<", 2) == 0 ? strchr(at, '>') : NULL;
        if (end) {
            at = end + 1;
            continue;
        }
        emergency.leave[emergency.leave_len++] = *at++;
    }
}

void term_leave_open(bool open)
{
    emergency.open = open;
}

bool term_leave_is_open(void)
{
    return emergency.open;
}

bool term_leave_write(const char *bytes, size_t len)
{
    for (int tries = 0; len > 0 && tries < WRITES_MAX; tries++) {
        ssize_t written = write(emergency.output_fd, bytes, len);
        if (written > 0) {
            bytes += written;
            len -= (size_t)written;
            tries = 0;
        }
    }
    return len == 0;
}

static void send_mouse(bool wanted)
{
    const char *bytes = wanted ? MOUSE_ON : MOUSE_OFF;
    (void)term_leave_write(bytes, strlen(bytes));
}

void term_leave_use_mouse(bool wanted)
{
    if (wanted == (emergency.mouse != 0))
        return;
    emergency.mouse = wanted;
    send_mouse(wanted);
}

void term_leave_pause(void)
{
    if (emergency.mouse)
        send_mouse(false);
}

void term_leave_resume(void)
{
    if (emergency.mouse)
        send_mouse(true);
}

void term_emergency_restore(void)
{
    if (!emergency.open)
        return;
    emergency.open = 0;
    if (emergency.mouse)
        send_mouse(false);
    (void)term_leave_write(emergency.leave, emergency.leave_len);
    (void)tcsetattr(emergency.output_fd, TCSANOW, &emergency.modes);
}
