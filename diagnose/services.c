#include "diagnose/services.h"

#include "base/bytes.h"

#define PROBES 8u

static uint32_t hash_end(const struct tuple *tuple, unsigned end)
{
    const uint8_t *octets = tuple->address[end].octets;
    uint64_t mixed = load_be64(octets) ^ load_be64(octets + 8) * UINT64_C(0x9e3779b97f4a7c15);
    mixed ^= ((uint64_t)tuple->port[end] << 8 | tuple->protocol) * UINT64_C(0xff51afd7ed558ccd);
    return (uint32_t)(mixed >> 32 ^ mixed);
}

static bool is_of(const struct service *service, const struct tuple *tuple, unsigned end)
{
    return service->port == tuple->port[end] && service->protocol == tuple->protocol &&
           service->family == tuple->family &&
           memcmp(&service->address, &tuple->address[end], sizeof service->address) == 0;
}

struct service *services_get(struct services *services, const struct tuple *tuple, unsigned end,
                             int64_t now_ns)
{
    uint32_t hash = hash_end(tuple, end);
    struct service *oldest = &services->rows[hash % SERVICES_MAX];
    for (uint32_t probe = 0; probe < PROBES; probe++) {
        struct service *service = &services->rows[(hash + probe) % SERVICES_MAX];
        if (is_of(service, tuple, end)) {
            service->last_ns = now_ns;
            return service;
        }
        if (service->last_ns < oldest->last_ns || service->protocol == 0)
            oldest = service;
        if (service->protocol == 0)
            break;
    }
    *oldest = (struct service){
        .address = tuple->address[end],
        .port = tuple->port[end],
        .family = tuple->family,
        .protocol = tuple->protocol,
        .last_ns = now_ns,
    };
    return oldest;
}
