/*
 * Purpose: the parts of a JSON object: keys and values, escaped where they are not ours.
 * Used by: the files of report that write JSON.
 */
#ifndef LOFLOW_REPORT_JSON_WRITE_H
#define LOFLOW_REPORT_JSON_WRITE_H

#include <stdbool.h>
#include <string.h>

#include "base/out.h"
#include "base/text.h"
#include "diagnose/diagnosis.h"

/* One key of an object; the first is always "type", so a comma is always right. */
static inline void json_key(struct out *out, const char *key)
{
    out_string(out, ",\"");
    out_string(out, key);
    out_string(out, "\":");
}

static inline void json_number(struct out *out, const char *key, uint64_t number)
{
    json_key(out, key);
    out_number(out, number);
}

static inline void json_flag(struct out *out, const char *key, bool flag)
{
    json_key(out, key);
    out_string(out, flag ? "true" : "false");
}

/* Words of ours: nothing to escape. */
static inline void json_string(struct out *out, const char *key, const char *word)
{
    json_key(out, key);
    out_string(out, "\"");
    out_string(out, word);
    out_string(out, "\"");
}

static inline void json_untrusted(struct out *out, const char *key, const char *text)
{
    json_key(out, key);
    out_string(out, "\"");
    out_json_text(out, text, strlen(text));
    out_string(out, "\"");
}

static inline void json_time(struct out *out, const char *key, int64_t time_ns)
{
    char written[32];
    struct text text = text_begin(written, sizeof written);
    text_add_time(&text, time_ns);
    json_string(out, key, written);
}

/* The line of a diagnosis. */
void json_write_diagnosis(struct out *out, const struct diagnosis *diagnosis);

#endif
