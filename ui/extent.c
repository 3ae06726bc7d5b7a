#include "ui/extent.h"

void extent_write(const struct extent *extent, bool brief, struct text *text)
{
    uint64_t last = extent->first + extent->shown;
    if (extent->in_percent) {
        text_add(text, "%u %%", (unsigned)extent->first);
        return;
    }
    if (extent->count <= extent->shown)
        return;
    text_add_grouped(text, extent->first + 1);
    text_add_string(text, "-");
    text_add_grouped(text, last < extent->count ? last : extent->count);
    text_add_string(text, brief ? "/" : " of ");
    text_add_grouped(text, extent->count);
}
