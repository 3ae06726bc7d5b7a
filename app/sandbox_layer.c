#include "app/sandbox_layer.h"

#include <stdarg.h>
#include <stdio.h>

bool sandbox_layer_set(struct sandbox_layer *layer, bool holds, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(layer->words, sizeof layer->words, format, arguments);
    va_end(arguments);
    layer->holds = holds;
    return holds;
}
