/*
 * Purpose: how trouble with the outside world travels up: -errno as the result, and one sentence
 *          for the user that says what to do next.
 * Owns:    its text.
 * Bounds:  ERR_TEXT_MAX bytes; longer texts are cut.
 * Used by: everyone; only app prints it.
 */
#ifndef LOFLOW_BASE_ERR_H
#define LOFLOW_BASE_ERR_H

#define ERR_TEXT_MAX 1024

struct err {
    char text[ERR_TEXT_MAX]; /* one sentence, no newline; "" when nothing went wrong */
};

/* Writes the sentence and returns -code, so that `return err_set(err, EINVAL, ...)` reads well.
 * `code` is a positive errno. */
int err_set(struct err *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
