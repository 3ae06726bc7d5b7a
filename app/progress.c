#include "app/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"

#define BAR_WIDTH  30
#define LINE_WIDTH 60
#define ERASE_LINE "\x1b[K" /* to its end, ECMA-48 EL */

void progress_open(struct progress *progress, int64_t size)
{
    bool wanted = size >= PROGRESS_FILE_MIN && isatty(STDERR_FILENO);
    *progress = (struct progress){.size = wanted ? size : 0};
}

static int columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                           : LINE_WIDTH;
}

void progress_show(struct progress *progress, int64_t position, uint64_t packets)
{
    if (progress->size == 0 || position < 0)
        return;
    double part = (double)position / (double)progress->size;
    int percent = part >= 1 ? 100 : (int)(part * 100);
    int filled = percent * BAR_WIDTH / 100;
    char count[16];
    struct text text = text_begin(count, sizeof count);
    text_add_count(&text, packets);
    /* A line that wraps could not be written over. */
    if (columns() < LINE_WIDTH)
        (void)fprintf(stderr, "\r%3d%%" ERASE_LINE, percent);
    else
        (void)fprintf(stderr, "\r[%.*s%*s] %3d%%  %s packets" ERASE_LINE, filled,
                      "##############################", BAR_WIDTH - filled, "", percent, count);
    (void)fflush(stderr);
    progress->shown = true;
}

void progress_clear(struct progress *progress)
{
    if (progress->shown)
        (void)fputs("\r" ERASE_LINE, stderr);
    progress->shown = false;
}
