/*
 * A diagnosis as a line of JSON: the code, the words, and the facts under the names of diagnose/fact.def.
 */
#include "report/json_write.h"

static void write_text(struct out *out, const char *text)
{
    out_string(out, "\"");
    out_json_text(out, text, strlen(text));
    out_string(out, "\"");
}

static void write_list(struct out *out, const struct fact *fact)
{
    bool is_texts = fact_kind(fact->name) == FACT_KIND_TEXTS;
    out_string(out, "[");
    for (unsigned at = 0; at < fact->count; at++) {
        out_string(out, at ? "," : "");
        if (is_texts)
            write_text(out, fact->texts[at]);
        else
            out_format(out, "%d", fact->numbers[at]);
    }
    out_string(out, "]");
}

static void write_time(struct out *out, int64_t time_ns)
{
    char written[32];
    struct text text = text_begin(written, sizeof written);
    text_add_time(&text, time_ns);
    out_bytes(out, written, text.len);
}

static void write_value(struct out *out, const struct fact *fact)
{
    switch (fact_kind(fact->name)) {
    case FACT_KIND_NUMBER:
        out_format(out, "%lld", (long long)fact->number);
        break;
    case FACT_KIND_TEXT:
        write_text(out, fact->text);
        break;
    case FACT_KIND_FLAG:
        out_string(out, fact->number ? "true" : "false");
        break;
    case FACT_KIND_TIME:
        write_time(out, fact->number);
        break;
    case FACT_KIND_NUMBERS:
    case FACT_KIND_TEXTS:
        write_list(out, fact);
        break;
    case FACT_KIND_NOTHING:
        out_string(out, "null");
        break;
    }
}

static void json_facts(struct out *out, const struct diagnosis *diagnosis)
{
    json_key(out, "facts");
    out_string(out, "{");
    for (unsigned at = 0; at < diagnosis->fact_count; at++) {
        out_format(out, "%s\"%s\":", at ? "," : "", fact_word(diagnosis->facts[at].name));
        write_value(out, &diagnosis->facts[at]);
    }
    out_string(out, "}");
}

static void json_words(struct out *out, const struct diagnosis *diagnosis)
{
    char line[1024];
    struct text text = text_begin(line, sizeof line);
    text_add_summary(&text, diagnosis);
    json_untrusted(out, "summary", line);
    json_key(out, "advice");
    out_string(out, "[");
    for (unsigned at = 0;; at++) {
        text = text_begin(line, sizeof line);
        if (!text_add_advice(&text, diagnosis, at))
            break;
        out_string(out, at ? ",\"" : "\"");
        out_json_text(out, line, text.len);
        out_string(out, "\"");
    }
    out_string(out, "]");
}

static void json_supersedes(struct out *out, uint64_t codes)
{
    if (codes == 0)
        return;
    json_key(out, "supersedes");
    for (const char *before = "["; codes; codes &= codes - 1, before = ",")
        out_format(out, "%s\"%s\"", before, code_word((enum code)__builtin_ctzll(codes)));
    out_string(out, "]");
}

void json_write_diagnosis(struct out *out, const struct diagnosis *diagnosis)
{
    out_string(out, "{\"type\":\"diagnosis\"");
    json_string(out, "code", code_word(diagnosis->code));
    json_string(out, "certainty", certainty_word(diagnosis->certainty));
    json_time(out, "first", diagnosis->first_ns);
    json_time(out, "last", diagnosis->last_ns);
    json_number(out, "count", diagnosis->count);
    json_words(out, diagnosis);
    json_facts(out, diagnosis);
    json_key(out, "flows");
    out_string(out, "[");
    for (unsigned at = 0; at < diagnosis->flow_count; at++)
        out_format(out, "%s%llu", at ? "," : "", (unsigned long long)diagnosis->flows[at]);
    out_string(out, "]");
    json_supersedes(out, diagnosis->supersedes);
    out_string(out, "}\n");
}
