#include "diagnose/diagnosis.h"

#include <string.h>

static const char *const code_words[CODE_COUNT] = {
#define CODE(NAME, word, summary, advice) word,
#include "diagnose/code.def"
#undef CODE
};

static const struct {
    const char *word;
    enum fact_kind kind;
} fact_rows[FACT_COUNT] = {
#define FACT(NAME, name, KIND) {name, FACT_KIND_##KIND},
#include "diagnose/fact.def"
#undef FACT
};

static const struct {
    const char *word, *meaning;
} certainties[CERTAINTY_COUNT] = {
    [CERTAINTY_LIKELY] = {"likely", "the best explanation; another one is possible"},
    [CERTAINTY_SEEN] = {"seen", "the packets show it"},
    [CERTAINTY_PROVED] = {"proved", "the host said so: sockets, processes or a kernel event"},
};

const char *code_word(enum code code)
{
    return code_words[code];
}

const char *certainty_word(enum certainty certainty)
{
    return certainties[certainty].word;
}

const char *certainty_meaning(enum certainty certainty)
{
    return certainties[certainty].meaning;
}

const char *fact_word(enum fact_name name)
{
    return fact_rows[name].word;
}

enum fact_kind fact_kind(enum fact_name name)
{
    return fact_rows[name].kind;
}

const struct fact *diagnosis_fact(const struct diagnosis *diagnosis, enum fact_name name)
{
    for (unsigned at = 0; at < diagnosis->fact_count; at++) {
        if (diagnosis->facts[at].name == name)
            return &diagnosis->facts[at];
    }
    return NULL;
}

int64_t diagnosis_number(const struct diagnosis *diagnosis, enum fact_name name, int64_t otherwise)
{
    const struct fact *fact = diagnosis_fact(diagnosis, name);
    return fact ? fact->number : otherwise;
}

/* The fact to write, new or not. NULL: there is no room. */
static struct fact *place(struct diagnosis *diagnosis, enum fact_name name)
{
    for (unsigned at = 0; at < diagnosis->fact_count; at++) {
        if (diagnosis->facts[at].name == name)
            return &diagnosis->facts[at];
    }
    assert(diagnosis->fact_count < DIAGNOSIS_FACTS);
    if (diagnosis->fact_count == DIAGNOSIS_FACTS)
        return NULL;
    struct fact *fact = &diagnosis->facts[diagnosis->fact_count++];
    memset(fact, 0, sizeof *fact);
    fact->name = (uint8_t)name;
    return fact;
}

void diagnosis_set(struct diagnosis *diagnosis, enum fact_name name, int64_t number)
{
    struct fact *fact = place(diagnosis, name);
    if (fact)
        fact->number = number;
}

void diagnosis_set_once(struct diagnosis *diagnosis, enum fact_name name, int64_t number)
{
    if (!diagnosis_fact(diagnosis, name))
        diagnosis_set(diagnosis, name, number);
}

void diagnosis_set_most(struct diagnosis *diagnosis, enum fact_name name, int64_t number)
{
    if (number >= diagnosis_number(diagnosis, name, INT64_MIN))
        diagnosis_set(diagnosis, name, number);
}

void diagnosis_set_text(struct diagnosis *diagnosis, enum fact_name name, const char *text)
{
    struct fact *fact = place(diagnosis, name);
    if (!fact)
        return;
    size_t len = strnlen(text, FACT_TEXT_SIZE - 1);
    memcpy(fact->text, text, len);
    fact->text[len] = '\0';
}

void diagnosis_set_address(struct diagnosis *diagnosis, enum fact_name name,
                           const struct address *address, uint8_t family)
{
    char written[FACT_TEXT_SIZE];
    struct text text = text_begin(written, sizeof written);
    text_add_address(&text, address, family);
    diagnosis_set_text(diagnosis, name, written);
}

void diagnosis_add_number(struct diagnosis *diagnosis, enum fact_name name, int32_t number)
{
    struct fact *fact = place(diagnosis, name);
    if (!fact)
        return;
    for (unsigned at = 0; at < fact->count; at++) {
        if (fact->numbers[at] == number)
            return;
    }
    if (fact->count < FACT_LIST_MAX)
        fact->numbers[fact->count++] = number;
}

void diagnosis_add_text(struct diagnosis *diagnosis, enum fact_name name, const char *text)
{
    struct fact *fact = place(diagnosis, name);
    if (!fact)
        return;
    for (unsigned at = 0; at < fact->count; at++) {
        if (strncmp(fact->texts[at], text, FACT_TEXTS_SIZE - 1) == 0)
            return;
    }
    if (fact->count < FACT_TEXTS_MAX)
        memcpy(fact->texts[fact->count++], text, strnlen(text, FACT_TEXTS_SIZE - 1));
}

void diagnosis_forget(struct diagnosis *diagnosis, enum fact_name name)
{
    for (unsigned at = 0; at < diagnosis->fact_count; at++) {
        if (diagnosis->facts[at].name != name)
            continue;
        diagnosis->facts[at] = diagnosis->facts[--diagnosis->fact_count];
        return;
    }
}

static struct party *find_party(struct diagnosis *diagnosis, int32_t pid)
{
    for (unsigned at = 0; at < diagnosis->client_count; at++) {
        if (diagnosis->clients[at].pid == pid)
            return &diagnosis->clients[at];
    }
    return NULL;
}

void diagnosis_tally(struct diagnosis *diagnosis, enum fact_name pid, enum fact_name comm,
                     const struct party *party)
{
    struct party *known = find_party(diagnosis, party->pid);
    if (!known && diagnosis->client_count < DIAGNOSIS_CLIENTS) {
        known = &diagnosis->clients[diagnosis->client_count++];
        *known = *party;
        known->count = 0;
    }
    if (known)
        known->count += party->count;
    const struct party *most = NULL;
    for (unsigned at = 0; at < diagnosis->client_count; at++) {
        const struct party *other = &diagnosis->clients[at];
        if (other->pid != 0 && (!most || other->count > most->count))
            most = other;
    }
    if (!most)
        return;
    diagnosis_set(diagnosis, pid, most->pid);
    diagnosis_set_text(diagnosis, comm, most->comm);
}

void diagnosis_add_flow(struct diagnosis *diagnosis, uint64_t flow_id)
{
    for (unsigned at = 0; at < diagnosis->flow_count; at++) {
        if (diagnosis->flows[at] == flow_id)
            return;
    }
    if (diagnosis->flow_count < DIAGNOSIS_FLOWS)
        diagnosis->flows[diagnosis->flow_count++] = flow_id;
}
