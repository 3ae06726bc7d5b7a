#include "capture/rotate.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Zero-padded, so that the files of a ring sort by name. */
static int digits_of(uint32_t largest)
{
    int digits = 0;
    for (; largest > 0; largest /= 10)
        digits++;
    return digits;
}

void rotation_begin(struct rotation *rotation, time_t now)
{
    bool is_ring = rotation->size_limit > 0 && rotation->file_count > 0;
    rotation->digits = is_ring ? digits_of(rotation->file_count - 1) : 0;
    rotation->period_begin = now;
    rotation->periods = 0;
    rotation->number = 0;
}

enum rotation_step rotation_check_time(struct rotation *rotation, time_t now)
{
    if (rotation->period_s == 0 || now - rotation->period_begin < (time_t)rotation->period_s)
        return ROTATION_KEEP;
    rotation->period_begin = now;
    rotation->periods++;
    rotation->number = 0;
    bool is_last = rotation->size_limit == 0 && rotation->file_count > 0 &&
                   rotation->periods >= rotation->file_count;
    return is_last ? ROTATION_OVER : ROTATION_NEXT;
}

enum rotation_step rotation_check_size(struct rotation *rotation, uint64_t file_size)
{
    if (rotation->size_limit == 0 || file_size <= rotation->size_limit)
        return ROTATION_KEEP;
    rotation->number++;
    if (rotation->file_count > 0 && rotation->number >= rotation->file_count)
        rotation->number = 0;
    return ROTATION_NEXT;
}

/* The pattern is the user's own: that is what -G is for. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static size_t expand(const struct rotation *rotation, char *name, size_t size)
{
    struct tm local = {0};
    (void)localtime_r(&rotation->period_begin, &local);
    return strftime(name, size, rotation->pattern, &local);
}
#pragma GCC diagnostic pop

int rotation_name(const struct rotation *rotation, char *name, size_t size, struct err *err)
{
    size_t len = strlen(rotation->pattern);
    if (rotation->period_s > 0)
        len = expand(rotation, name, size);
    else if (len < size)
        memcpy(name, rotation->pattern, len + 1);
    if (len == 0)
        return err_set(err, EINVAL, "-w \"%.300s\" makes no file name; see strftime(3)",
                       rotation->pattern);
    if (rotation->number > 0 || rotation->digits > 0) {
        size_t room = len < size ? size - len : 0;
        int wanted = snprintf(room > 0 ? name + len : NULL, room, "%0*u", rotation->digits,
                              rotation->number);
        len += (size_t)wanted;
    }
    if (len >= size)
        return err_set(err, ENAMETOOLONG, "the file name %.300s... is too long; shorten it",
                       rotation->pattern);
    return 0;
}
