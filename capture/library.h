/*
 * Purpose: which libraries captures are read with, and their versions.
 * Used by: app/features.
 */
#ifndef LOFLOW_CAPTURE_LIBRARY_H
#define LOFLOW_CAPTURE_LIBRARY_H

#include "base/text.h"

/* "libpcap version 1.10.3 (with TPACKET_V3), zlib 1.2.13, zstd 1.5.4" */
void text_add_capture_libraries(struct text *text);

#endif
