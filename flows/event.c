#include "flows/event.h"

static const struct {
    const char *word;
    bool failure;
} kinds[EVENT_KIND_COUNT] = {
#define EVENT(NAME, word, failure, meaning) {word, failure},
#include "flows/event.def"
#undef EVENT
};

const char *event_word(enum event_kind kind)
{
    return kinds[kind].word;
}

bool event_is_failure(enum event_kind kind)
{
    return kinds[kind].failure;
}
