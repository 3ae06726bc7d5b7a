#include "ui/known.h"

#include <stdlib.h>

static const struct {
    const char *word;
    enum style style;
} words[CODE_COUNT] = {
#define WORD(CODE, word, style) [CODE_##CODE] = {word, STYLE_##style},
#include "ui/code_word.def"
#undef WORD
};

/* What happens again and again stays where it is: lines that change places cannot be read. */
struct place {
    int64_t since_ns;
    uint16_t row;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *one = a, *other = b;
    if (one->since_ns != other->since_ns)
        return one->since_ns < other->since_ns ? 1 : -1;
    return (one->row < other->row) - (one->row > other->row);
}

void known_take(struct known *known)
{
    struct place places[FINDINGS_MAX];
    const struct diagnosis *found = NULL;
    uint32_t at = 0;
    known->count = 0;
    if (!known->diagnoser)
        return;
    while ((found = diagnoser_walk(known->diagnoser, &at))) {
        struct known_diagnosis *kept = &known->diagnoses[at - 1];
        kept->since_ns = diagnoser_since(known->diagnoser, at);
        kept->diagnosis = *found;
        places[known->count++] = (struct place){kept->since_ns, (uint16_t)(at - 1)};
    }
    qsort(places, known->count, sizeof places[0], compare_places);
    for (uint32_t i = 0; i < known->count; i++)
        known->order[i] = places[i].row;
}

const struct owner *known_owner(const struct known *known, struct flow_view flow, unsigned end)
{
    if (!known->names)
        return NULL;
    const struct owner *owner = names_owner(known->names, flow.cold->owner[end]);
    return owner && owner->comm[0] != '\0' ? owner : NULL;
}

/* The diagnosis of a flow may be superseded since: the code alone does not say that it holds. */
static bool is_about(const struct diagnosis *diagnosis, struct flow_view flow)
{
    const uint16_t *ports = flow.hot->tuple.port;
    for (unsigned at = 0; at < diagnosis->flow_count; at++) {
        if (diagnosis->flows[at] == flow.cold->id)
            return true;
    }
    return diagnosis->port == DIAGNOSIS_PORT_ANY || diagnosis->port == ports[0] ||
           diagnosis->port == ports[1];
}

static const struct diagnosis *find(const struct known *known, struct flow_view flow, unsigned code)
{
    for (uint32_t at = 0; at < known->count; at++) {
        const struct diagnosis *diagnosis = &known_at(known, at)->diagnosis;
        if (diagnosis->code == code && is_about(diagnosis, flow))
            return diagnosis;
    }
    return NULL;
}

const struct diagnosis *known_walk(const struct known *known, struct flow_view flow, unsigned *at)
{
    uint64_t codes = known->diagnoser ? diagnoser_flow_codes(known->diagnoser, flow.cold->id) : 0;
    while (*at < CODE_COUNT) {
        unsigned code = (*at)++;
        const struct diagnosis *diagnosis = codes >> code & 1 ? find(known, flow, code) : NULL;
        if (diagnosis)
            return diagnosis;
    }
    return NULL;
}

enum code known_code(const struct known *known, struct flow_view flow)
{
    unsigned at = 0;
    const struct diagnosis *first = known_walk(known, flow, &at);
    return first ? (enum code)first->code : CODE_COUNT;
}

void text_add_code(struct text *text, enum code code, bool utf8)
{
    const char *word = words[code].word ? words[code].word : code_word(code);
    grid_cut(text, word, KNOWN_WORD_MAX, utf8);
}

enum style code_style(enum code code)
{
    return words[code].word ? words[code].style : STYLE_WARNING;
}
