/*
 * Purpose: gathers for the About page how the run is doing.
 * Owns:    the texts and arrays that struct screen_health points to; a plain value.
 * Bounds:  some 5 us.
 * Used by: app/loop.
 */
#ifndef LOFLOW_APP_HEALTH_H
#define LOFLOW_APP_HEALTH_H

#include "app/config.h"
#include "app/features.h"
#include "app/meter.h"
#include "app/sandbox_layer.h"
#include "decode/decoder.h"
#include "ui/run_health.h"

struct session;

struct health {
    struct screen_health told;
    struct screen_count undecoded[VERDICT_COUNT];
    struct screen_stall stalls[HANDLER_COUNT];
    struct screen_layer layers[LAYER_COUNT];
    char features[FEATURES_MAX];
    char config[CONFIG_PATH_MAX]; /* where a configuration is looked for */
    bool has_config;
};

/* Valid until the next call. */
const struct screen_health *health_take(struct health *health, const struct session *session);

#endif
