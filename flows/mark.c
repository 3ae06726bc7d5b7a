#include "flows/mark.h"

static const struct {
    const char *word;
    const char *key;
} marks[MARK_COUNT] = {
#define MARK(NAME, word, json, trouble) {word, json},
#include "flows/mark.def"
#undef MARK
};

const char *mark_word(enum mark mark)
{
    return marks[mark].word;
}

const char *mark_key(enum mark mark)
{
    return marks[mark].key;
}
