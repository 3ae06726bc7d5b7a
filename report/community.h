/*
 * Purpose: the Community ID of a flow, by which other tools know it.
 * Source:  Community ID flow hashing specification, version 1, seed 0
 *          (github.com/corelight/community-id-spec).
 * Bounds:  constant time: one SHA-1 over at most 40 bytes.
 * Used by: report/json_flow.c.
 */
#ifndef LOFLOW_REPORT_COMMUNITY_H
#define LOFLOW_REPORT_COMMUNITY_H

#include "base/tuple.h"

#define COMMUNITY_ID_LEN 30 /* "1:" and 28 characters of base64 */

/* Writes them there, and returns where they end; see base/put.h. */
char *put_community_id(char *at, const struct tuple *tuple);

#endif
