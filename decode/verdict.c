#include "decode/decoder.h"

enum verdict_class { DECODED, HELD, UNDECODED };

static const struct {
    enum verdict_class class;
    const char *word;
    const char *explanation;
} verdicts[VERDICT_COUNT] = {
#define VERDICT(NAME, class, word, explanation) {class, word, explanation},
#include "decode/verdict.def"
#undef VERDICT
};

const char *verdict_word(enum verdict verdict)
{
    return verdicts[verdict].word;
}

const char *verdict_explanation(enum verdict verdict)
{
    return verdicts[verdict].explanation;
}

bool verdict_is_undecoded(enum verdict verdict)
{
    return verdicts[verdict].class == UNDECODED;
}

uint64_t decode_undecoded_count(const struct decode_stats *stats)
{
    uint64_t count = 0;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        if (verdicts[verdict].class == UNDECODED)
            count += stats->verdicts[verdict];
    }
    return count;
}
