#include "host/helper.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/channel.h"

struct helper {
    int end; /* -1: there is none */
    bool is_lost;
    uint32_t sequence;
    int64_t spent_ns;
    struct helper_answer answer;
};

int helper_open(struct helper **helper, struct err *err)
{
    *helper = calloc(1, sizeof **helper);
    if (!*helper)
        return err_set(err, ENOMEM, "no memory to ask a helper; close other programs");
    (*helper)->end = -1;
    return 0;
}

void helper_close(struct helper *helper)
{
    if (!helper)
        return;
    if (helper->end >= 0)
        (void)close(helper->end);
    free(helper);
}

void helper_connect(struct helper *helper, int end)
{
    helper->end = end;
}

bool helper_is_there(const struct helper *helper)
{
    return helper && (helper->end >= 0 || helper->is_lost);
}

bool helper_is_lost(const struct helper *helper)
{
    return helper && helper->is_lost;
}

size_t helper_answer_size(uint32_t count)
{
    return offsetof(struct helper_answer, rows) + count * sizeof(struct descriptor);
}

static bool is_good(const struct helper *helper, const struct helper_request *request, long size)
{
    const struct helper_answer *answer = &helper->answer;
    return size >= (long)helper_answer_size(0) && answer->count <= HELPER_ROWS &&
           (size_t)size == helper_answer_size(answer->count) && answer->kind == request->kind &&
           answer->sequence == request->sequence;
}

const struct helper_answer *helper_ask(struct helper *helper, struct helper_request *request,
                                       int *fd)
{
    request->sequence = ++helper->sequence;
    if (fd)
        *fd = -1;
    if (helper->end < 0)
        return NULL;
    long size = channel_send(helper->end, request, sizeof *request, -1);
    if (size == 0)
        size = channel_take(helper->end, &helper->answer, sizeof helper->answer, fd);
    if (is_good(helper, request, size)) {
        helper->spent_ns += helper->answer.spent_ns;
        return &helper->answer;
    }
    if (fd && *fd >= 0)
        (void)close(*fd);
    if (fd)
        *fd = -1;
    (void)close(helper->end);
    helper->end = -1;
    helper->is_lost = true;
    return NULL;
}

int64_t helper_spent_ns(const struct helper *helper)
{
    return helper ? helper->spent_ns : 0;
}
