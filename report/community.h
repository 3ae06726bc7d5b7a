/*
 * Purpose: the Community ID of a flow, by which other tools know it.
 * Source:  Community ID flow hashing specification, version 1, seed 0
 *          (github.com/corelight/community-id-spec).
 * Bounds:  constant time: one SHA-1 over at most 40 bytes.
 * Used by: report/json.c.
 */
#ifndef LOFLOW_REPORT_COMMUNITY_H
#define LOFLOW_REPORT_COMMUNITY_H

#include "base/tuple.h"

#define COMMUNITY_ID_MAX 32 /* "1:", 28 characters of base64, terminator */

void community_id(const struct tuple *tuple, char id[COMMUNITY_ID_MAX]);

#endif
