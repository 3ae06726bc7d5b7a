#include "app/features.h"

#include "app/privilege.h"
#include "app/syscalls.h"
#include "capture/library.h"
#include "host/tracer.h"
#include "ui/term.h"

void text_add_features(struct text *text)
{
    text_add_capture_libraries(text);
    text_add_string(text, ", ");
    text_add_string(text, term_library());
    text_add_string(text, ", ");
    text_add_tracer_library(text);
    text_add_string(text, ", ");
    text_add_calls_library(text);
    text_add_string(text, ", ");
    text_add_privilege_library(text);
}
