#include "flows/event.h"

static const struct {
    const char *word;
    bool failure;
    const char *meaning;
} kinds[EVENT_KIND_COUNT] = {
#define EVENT(NAME, word, failure, meaning) {word, failure, meaning},
#include "flows/event.def"
#undef EVENT
};

const char *event_word(enum event_kind kind)
{
    return kinds[kind].word;
}

const char *event_meaning(enum event_kind kind)
{
    return kinds[kind].meaning;
}

bool event_is_failure(enum event_kind kind)
{
    return kinds[kind].failure;
}
