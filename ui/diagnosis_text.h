/*
 * Purpose: a diagnosis as lines of a page: its code, its sentence, its advice.
 * Owns:    nothing.
 * Used by: ui/details, ui/trouble_page, ui/copy.
 */
#ifndef LOFLOW_UI_DIAGNOSIS_TEXT_H
#define LOFLOW_UI_DIAGNOSIS_TEXT_H

#include "diagnose/diagnosis.h"
#include "ui/page.h"

#define DIAGNOSIS_TEXT_MAX 2048

/* Heading and sentence. */
void diagnosis_text_draw(struct page *page, const struct diagnosis *diagnosis);

/* Line `at` of the advice, from 0; false: there are no more. */
bool diagnosis_text_draw_advice(struct page *page, const struct diagnosis *diagnosis, unsigned at,
                                bool utf8);

/* The texts, escaped. */
bool diagnosis_text_write_advice(struct text *text, const struct diagnosis *diagnosis, unsigned at);
void diagnosis_text_write_fact(struct text *label, struct text *value, const struct fact *fact);

/* For a clipboard, line by line: the advice; code, sentence, facts and advice. */
void diagnosis_text_write_all_advice(struct text *text, const struct diagnosis *diagnosis);
void diagnosis_text_write(struct text *text, const struct diagnosis *diagnosis);

#endif
