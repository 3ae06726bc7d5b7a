#include "ui/line_keys.h"

bool line_keys_edit(struct line_edit *edit, enum key_action action)
{
    static const struct {
        enum key_action action;
        bool erases;
        enum line_step step;
    } steps[] = {
        {ACTION_LINE_LEFT, false, LINE_LEFT},
        {ACTION_LINE_RIGHT, false, LINE_RIGHT},
        {ACTION_LINE_WORD_LEFT, false, LINE_WORD_LEFT},
        {ACTION_LINE_WORD_RIGHT, false, LINE_WORD_RIGHT},
        {ACTION_LINE_BEGIN, false, LINE_BEGIN},
        {ACTION_LINE_END, false, LINE_END},
        {ACTION_LINE_ERASE, true, LINE_LEFT},
        {ACTION_LINE_ERASE_NEXT, true, LINE_RIGHT},
        {ACTION_LINE_ERASE_WORD, true, LINE_WORD_LEFT},
        {ACTION_LINE_ERASE_BEFORE, true, LINE_BEGIN},
        {ACTION_LINE_ERASE_REST, true, LINE_END},
    };
    for (size_t at = 0; at < sizeof steps / sizeof steps[0]; at++) {
        if (steps[at].action != action)
            continue;
        if (steps[at].erases)
            return line_edit_erase(edit, steps[at].step);
        line_edit_move(edit, steps[at].step);
    }
    return false;
}
