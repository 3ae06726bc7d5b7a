#include "ui/diagnosis_text.h"

#include <string.h>

#include "ui/known.h"

#define ADVICE_INDENT 4

static void add_escaped(struct text *text, const char *words)
{
    text_add_untrusted(text, words, strlen(words));
}

static void add_sentence(struct text *text, const struct diagnosis *diagnosis)
{
    char words[DIAGNOSIS_TEXT_MAX];
    struct text raw = text_begin(words, sizeof words);
    text_add_summary(&raw, diagnosis);
    add_escaped(text, words);
}

/* "refused (seen)  x13" */
static void add_code(struct text *text, const struct diagnosis *diagnosis)
{
    text_add(text, "%s (%s)", code_word(diagnosis->code), certainty_word(diagnosis->certainty));
    if (diagnosis->count > 1)
        text_add(text, "  x%llu", (unsigned long long)diagnosis->count);
}

void diagnosis_text_draw(struct page *page, const struct diagnosis *diagnosis)
{
    char words[DIAGNOSIS_TEXT_MAX];
    struct text text = text_begin(words, sizeof words);
    add_code(&text, diagnosis);
    page_heading(page, code_style(diagnosis->code), words);
    text = text_begin(words, sizeof words);
    add_sentence(&text, diagnosis);
    page_line(page, &(struct page_line){.name = "", .words = words, .style = STYLE_NORMAL});
}

bool diagnosis_text_write_advice(struct text *text, const struct diagnosis *diagnosis, unsigned at)
{
    char words[DIAGNOSIS_TEXT_MAX];
    struct text raw = text_begin(words, sizeof words);
    if (!text_add_advice(&raw, diagnosis, at))
        return false;
    add_escaped(text, words);
    return true;
}

bool diagnosis_text_draw_advice(struct page *page, const struct diagnosis *diagnosis, unsigned at,
                                bool utf8)
{
    char words[DIAGNOSIS_TEXT_MAX];
    struct text text = text_begin(words, sizeof words);
    if (!diagnosis_text_write_advice(&text, diagnosis, at))
        return false;
    page_line(page, &(struct page_line){.name = utf8 ? " →" : "->",
                                        .words = words,
                                        .name_style = STYLE_DIM,
                                        .style = STYLE_KEY,
                                        .indent = ADVICE_INDENT});
    return true;
}

/* "waited_ms", 1200: "waited", "1200 ms". */
void diagnosis_text_write_fact(struct text *label, struct text *value, const struct fact *fact)
{
    static const char *const units[] = {"_ms", "_s"};
    const char *name = fact_word(fact->name), *unit = NULL;
    size_t len = strlen(name);
    for (size_t at = 0; !unit && at < sizeof units / sizeof units[0]; at++) {
        size_t tail = strlen(units[at]);
        if (len > tail && strcmp(name + len - tail, units[at]) == 0)
            unit = units[at] + 1;
    }
    len -= unit ? strlen(unit) + 1 : 0;
    for (size_t at = 0; at < len; at++)
        text_add(label, "%c", name[at] == '_' ? ' ' : name[at]);
    char words[DIAGNOSIS_TEXT_MAX];
    struct text raw = text_begin(words, sizeof words);
    text_add_fact(&raw, fact);
    add_escaped(value, words);
    if (unit)
        text_add(value, " %s", unit);
}

void diagnosis_text_write_all_advice(struct text *text, const struct diagnosis *diagnosis)
{
    for (unsigned at = 0; diagnosis_text_write_advice(text, diagnosis, at); at++)
        text_add_string(text, "\n");
}

void diagnosis_text_write(struct text *text, const struct diagnosis *diagnosis)
{
    add_code(text, diagnosis);
    text_add_string(text, "\n");
    add_sentence(text, diagnosis);
    for (unsigned at = 0; at < diagnosis->fact_count; at++) {
        char label[DIAGNOSIS_TEXT_MAX], value[DIAGNOSIS_TEXT_MAX];
        struct text name = text_begin(label, sizeof label);
        struct text words = text_begin(value, sizeof value);
        diagnosis_text_write_fact(&name, &words, &diagnosis->facts[at]);
        text_add(text, "\n%s: %s", label, value);
    }
    text_add_string(text, "\n");
    diagnosis_text_write_all_advice(text, diagnosis);
}
