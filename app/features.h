/*
 * Purpose: what this program is made of: the libraries and their versions, and whether it has the tracer.
 * Used by: app/main (--version), app/health.
 */
#ifndef LOFLOW_APP_FEATURES_H
#define LOFLOW_APP_FEATURES_H

#include "base/text.h"

#define FEATURES_MAX 256

/* "libpcap version 1.10.4 (with TPACKET_V3), zlib 1.2.13, ..." */
void text_add_features(struct text *text);

#endif
