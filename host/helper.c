#include "host/helper.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/channel.h"

#define ERRORS_MAX    4096 /* as the kernel has it, linux/err.h */
#define SPENT_MOST_NS INT64_C(1000000000000)

struct helper {
    int end; /* -1: there is none */
    bool is_lost;
    bool is_silent; /* the latest question is not answered yet */
    uint32_t asked; /* its kind */
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
    if (helper->end >= 0)
        (void)close(helper->end);
    helper->end = end;
    helper->is_lost = helper->is_silent = false;
}

bool helper_is_there(const struct helper *helper)
{
    return helper && (helper->end >= 0 || helper->is_lost);
}

bool helper_is_lost(const struct helper *helper)
{
    return helper && (helper->is_lost || helper->is_silent);
}

const char *helper_trouble(const struct helper *helper)
{
    if (!helper_is_lost(helper))
        return NULL;
    return helper->is_lost ? "the helper process is gone; start loflow again"
                           : "the helper process does not answer; start loflow again if that lasts";
}

int helper_error(const struct helper *helper)
{
    if (!helper_is_lost(helper))
        return 0;
    return helper->is_lost ? -EOWNERDEAD : -ETIME;
}

size_t helper_answer_size(uint32_t count)
{
    return offsetof(struct helper_answer, rows) + count * sizeof(struct descriptor);
}

static bool is_bool(const bool *value)
{
    uint8_t byte = 0;
    memcpy(&byte, value, 1);
    return byte <= 1;
}

/* What it must be to be looked at: whoever answers is not believed to the byte. */
static bool is_good(const struct helper *helper, uint32_t kind, long size)
{
    const struct helper_answer *answer = &helper->answer;
    return size >= (long)helper_answer_size(0) && answer->count <= HELPER_ROWS &&
           (size_t)size == helper_answer_size(answer->count) && answer->kind == kind &&
           answer->sequence == helper->sequence && answer->result <= 1 &&
           answer->result > -ERRORS_MAX && answer->spent_ns >= 0 &&
           answer->spent_ns < SPENT_MOST_NS && is_bool(&answer->net.lo_up) &&
           is_bool(&answer->net.ipv6_on_lo);
}

static void drop(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void lose(struct helper *helper)
{
    drop(&helper->end);
    helper->is_lost = true;
    helper->is_silent = false;
}

/* The answer to the latest question, if it comes in that time. */
static const struct helper_answer *await(struct helper *helper, int64_t most_ns, int *fd)
{
    helper->is_silent = !channel_await(helper->end, most_ns);
    if (helper->is_silent)
        return NULL;
    long size = channel_take(helper->end, &helper->answer, sizeof helper->answer, fd);
    if (is_good(helper, helper->asked, size)) {
        helper->spent_ns += helper->answer.spent_ns;
        return &helper->answer;
    }
    drop(fd);
    lose(helper);
    return NULL;
}

const struct helper_answer *helper_ask(struct helper *helper, struct helper_request *request,
                                       int *fd)
{
    int came = -1;
    if (fd)
        *fd = -1;
    if (helper->is_silent) {
        (void)await(helper, 0, &came); /* it is too late for that one */
        drop(&came);
    }
    if (helper->end < 0 || helper->is_silent)
        return NULL;
    helper->asked = request->kind;
    request->sequence = ++helper->sequence;
    if (channel_send(helper->end, request, sizeof *request, -1) != 0) {
        lose(helper);
        return NULL;
    }
    const struct helper_answer *answer = await(helper, HELPER_WAIT_NS, &came);
    if (fd)
        *fd = came;
    else
        drop(&came);
    return answer;
}

int64_t helper_spent_ns(const struct helper *helper)
{
    return helper ? helper->spent_ns : 0;
}
