#include "app/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

#define BAR_WIDTH 30

void progress_open(struct progress *progress, int64_t size)
{
    bool wanted = size >= PROGRESS_FILE_MIN && isatty(STDERR_FILENO);
    *progress = (struct progress){.size = wanted ? size : 0};
}

void progress_show(struct progress *progress, int64_t position, uint64_t packets)
{
    if (progress->size == 0 || position < 0)
        return;
    double part = (double)position / (double)progress->size;
    int filled = part >= 1 ? BAR_WIDTH : (int)(part * BAR_WIDTH);
    char count[16];
    struct text text = text_begin(count, sizeof count);
    text_add_count(&text, packets);
    (void)fprintf(stderr, "\r[%.*s%*s] %3d%%  %s packets  ", filled,
                  "##############################", BAR_WIDTH - filled, "",
                  part >= 1 ? 100 : (int)(part * 100), count);
    (void)fflush(stderr);
    progress->shown = true;
}

void progress_clear(struct progress *progress)
{
    if (progress->shown)
        (void)fprintf(stderr, "\r%*s\r", BAR_WIDTH + 40, "");
    progress->shown = false;
}
