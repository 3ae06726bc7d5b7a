#include "app/value.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"

bool value_port(const char *word, uint16_t *port)
{
    char *end = NULL;
    errno = 0;
    unsigned long number = strtoul(word, &end, 10);
    *port = (uint16_t)number;
    return !errno && *end == '\0' && *word >= '0' && *word <= '9' && number > 0 && number <= 65535;
}

bool value_seconds(const char *word, double most, int64_t *span_ns)
{
    char *end = NULL;
    errno = 0;
    double seconds = strtod(word, &end);
    if (errno || end == word || *end != '\0' || !(seconds >= 0 && seconds <= most))
        return false;
    *span_ns = (int64_t)(seconds * (double)CLOCK_NS_PER_S);
    return true;
}
