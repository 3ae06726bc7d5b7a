#include "app/health.h"

#include <sys/resource.h>
#include <unistd.h>

#include "app/sandbox.h"
#include "app/session.h"

static const char *const words[HANDLER_COUNT] = {
#define HANDLER(NAME, word) word,
#include "app/handler.def"
#undef HANDLER
};

static uint32_t take_undecoded(struct health *health, const struct decode_stats *decoded)
{
    uint32_t count = 0;
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++) {
        if (verdict_is_undecoded(verdict) && decoded->verdicts[verdict] > 0)
            health->undecoded[count++] =
                (struct screen_count){verdict_explanation(verdict), decoded->verdicts[verdict]};
    }
    return count;
}

static void take_stalls(struct health *health, const struct meter *meter)
{
    for (int handler = 0; handler < HANDLER_COUNT; handler++) {
        const struct meter_part *part = &meter->parts[handler];
        health->stalls[handler] = (struct screen_stall){.word = words[handler],
                                                        .calls = part->calls,
                                                        .latest_ns = part->latest_ns,
                                                        .worst_ns = part->worst_ns,
                                                        .worst_at_ns = part->worst_at_ns};
    }
}

static uint64_t memory_peak(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? (uint64_t)usage.ru_maxrss * 1024 : 0;
}

static uint32_t take_layers(struct health *health, const struct session *session)
{
    const struct sandbox_layer *layers = sandbox_layers();
    for (int layer = 0; layers && layer < LAYER_COUNT; layer++)
        health->layers[layer] = (struct screen_layer){sandbox_layer_word(layer),
                                                      layers[layer].words, layers[layer].holds};
    if (layers && helper_is_lost(session->helper))
        health->layers[LAYER_HELPER] = (struct screen_layer){
            sandbox_layer_word(LAYER_HELPER), helper_trouble(session->helper), false};
    return layers ? LAYER_COUNT : 0;
}

const struct screen_health *health_take(struct health *health, const struct session *session)
{
    const struct decode_stats *decoded = decoder_stats(session->decoder);
    const struct source_info *info = source_info(session->source);
    const struct host *host = session->causes.host;
    struct source_stats stats;
    session_source_stats(session, &stats);
    if (health->features[0] == '\0') {
        struct text text = text_begin(health->features, sizeof health->features);
        text_add_features(&text);
        config_path(session->options, health->config);
        health->has_config = health->config[0] != '\0' && access(health->config, R_OK) == 0;
    }
    take_stalls(health, &session->meter);
    health->told = (struct screen_health){
        .version = LOFLOW_VERSION,
        .features = health->features,
        .config_path = health->config,
        .has_config = health->has_config,
        .link_name = info->link_name,
        .snaplen = info->snaplen,
        .ring_size = info->buffer_size,
        .file_size = info->size,
        .elapsed_ns = clock_monotonic_ns() - session->begin_ns,
        .received = decoded->frames + stats.dropped_by_kernel,
        .captured_bytes = decoded->captured_bytes + stats.spared_bytes,
        .spared_bytes = stats.spared_bytes,
        .truncated = decoded->truncated - stats.spared_packets,
        .undecoded = health->undecoded,
        .undecoded_count = take_undecoded(health, decoded),
        .flows = tracker_stats(session->tracker),
        .memory = tracker_memory(session->tracker),
        .fragment_memory = decoder_memory(session->decoder),
        .memory_peak = memory_peak(),
        .forgotten_diagnoses = diagnoser_forgotten(session->causes.diagnoser),
        .max_flows = session->limits.max_flows,
        .max_memory = session->options->max_memory,
        .is_traced = host && !(host_missing(host) & HOST_MISSING_TRACER),
        .lost = host ? host_lost(host) : 0,
        .unwatched_ns = host ? host_unwatched_ns(host) : 0,
        .stalls = health->stalls,
        .stall_count = HANDLER_COUNT,
        .layers = health->layers,
        .layer_count = take_layers(health, session),
    };
    return &health->told;
}
