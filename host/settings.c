#include "host/settings.h"

#include <netdb.h>

#include <ifaddrs.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define EPHEMERAL_LOW      32768
#define EPHEMERAL_HIGH     60999
#define FIRST_UNPRIVILEGED 1024
#define LINE_MAX_SIZE      256

/* Returns how many numbers were read. /proc/sys/net is of the namespace of the thread that reads. */
static int read_numbers(const char *path, unsigned *first, unsigned *second)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    int count = fscanf(file, "%u %u", first, second);
    (void)fclose(file);
    return count;
}

void settings_ephemeral_range(uint16_t *low, uint16_t *high)
{
    unsigned first = 0, last = 0;
    int count = read_numbers("/proc/sys/net/ipv4/ip_local_port_range", &first, &last);
    bool known = count == 2 && first <= last && last <= 65535;
    *low = (uint16_t)(known ? first : EPHEMERAL_LOW);
    *high = (uint16_t)(known ? last : EPHEMERAL_HIGH);
}

/* The number behind a word in a line that begins with `name`, as in "TCP: inuse 5 orphan 0 tw 2". */
static bool read_count(const char *path, const char *name, const char *word, uint64_t *count)
{
    char line[LINE_MAX_SIZE];
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        const char *at = strncmp(line, name, strlen(name)) == 0 ? strstr(line, word) : NULL;
        found = at && sscanf(at + strlen(word), "%" SCNu64, count) == 1;
    }
    if (file)
        (void)fclose(file);
    return found;
}

bool settings_count_sockets(struct settings_sockets *sockets)
{
    *sockets = (struct settings_sockets){0};
    /* Without IPv6 there is no second file. */
    (void)read_count("/proc/net/sockstat6", "TCP6:", " inuse ", &sockets->ipv6);
    return read_count("/proc/net/sockstat", "TCP:", " inuse ", &sockets->ipv4) &&
           read_count("/proc/net/sockstat", "TCP:", " tw ", &sockets->time_wait);
}

void settings_begin_services(void)
{
    setservent(1);
}

bool settings_next_service(struct settings_name *found)
{
    const struct servent *service = getservent();
    if (!service)
        return false;
    bool tcp = strcmp(service->s_proto, "tcp") == 0, udp = strcmp(service->s_proto, "udp") == 0;
    struct text text = text_begin(found->name, sizeof found->name);
    text_add_string(&text, service->s_name);
    found->port = ntohs((uint16_t)service->s_port);
    found->protocol = tcp ? PROTOCOL_TCP : udp ? PROTOCOL_UDP : 0;
    return true;
}

void settings_end_services(void)
{
    endservent();
}

uint16_t settings_first_unprivileged(void)
{
    unsigned first = 0, none = 0;
    int count = read_numbers("/proc/sys/net/ipv4/ip_unprivileged_port_start", &first, &none);
    return (uint16_t)(count >= 1 && first <= 65535 ? first : FIRST_UNPRIVILEGED);
}

void settings_read(struct host_net *net)
{
    settings_ephemeral_range(&net->ephemeral_low, &net->ephemeral_high);
    net->first_unprivileged = settings_first_unprivileged();
    settings_loopback(&net->lo_up, &net->ipv6_on_lo);
}

static bool address_of(const struct sockaddr *socket_address, uint8_t family,
                       struct address *address)
{
    if (!socket_address || socket_address->sa_family != (family == 4 ? AF_INET : AF_INET6))
        return false;
    if (family == 4) {
        struct sockaddr_in v4;
        memcpy(&v4, socket_address, sizeof v4);
        *address = address_from_ipv4((const uint8_t *)&v4.sin_addr);
    } else {
        struct sockaddr_in6 v6;
        memcpy(&v6, socket_address, sizeof v6);
        *address = address_from_ipv6((const uint8_t *)&v6.sin6_addr);
    }
    return true;
}

void settings_loopback(bool *up, bool *ipv6)
{
    struct ifaddrs *all = NULL;
    struct address address;
    *up = *ipv6 = false;
    if (getifaddrs(&all))
        return;
    for (const struct ifaddrs *one = all; one; one = one->ifa_next) {
        if (!(one->ifa_flags & IFF_LOOPBACK))
            continue;
        *up |= (one->ifa_flags & IFF_UP) != 0;
        *ipv6 |= address_of(one->ifa_addr, 6, &address) && address_is_loopback(&address, 6);
    }
    freeifaddrs(all);
}

/* The kernel takes every address of the loopback's IPv4 nets for its own, fib_add_ifaddr. */
static bool is_of_net(const struct ifaddrs *one, const struct address *own,
                      const struct address *address)
{
    struct address mask;
    if (!(one->ifa_flags & IFF_LOOPBACK) || !address_of(one->ifa_netmask, 4, &mask))
        return false;
    for (int at = 12; at < 16; at++) {
        if ((own->octets[at] ^ address->octets[at]) & mask.octets[at])
            return false;
    }
    return true;
}

bool settings_have_address(const struct address *address, uint8_t family)
{
    struct ifaddrs *all = NULL;
    struct address own;
    bool found = false;
    if (getifaddrs(&all))
        return false;
    for (const struct ifaddrs *one = all; one && !found; one = one->ifa_next) {
        if (address_of(one->ifa_addr, family, &own))
            found = memcmp(&own, address, sizeof own) == 0 ||
                    (family == 4 && is_of_net(one, &own, address));
    }
    freeifaddrs(all);
    return found;
}

bool settings_interface_name(uint32_t index, char name[IF_NAMESIZE])
{
    struct ifreq request = {.ifr_ifindex = (int)index};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    bool is_told = fd >= 0 && ioctl(fd, SIOCGIFNAME, &request) == 0;
    if (fd >= 0)
        (void)close(fd);
    name[0] = '\0';
    if (is_told)
        memcpy(name, request.ifr_name, strnlen(request.ifr_name, IF_NAMESIZE - 1) + 1);
    name[IF_NAMESIZE - 1] = '\0';
    return is_told;
}

void settings_service(uint16_t port, enum ip_protocol protocol, char name[SETTINGS_SERVICE + 1])
{
    struct servent entry, *found = NULL;
    char room[1024];
    const char *word = protocol == PROTOCOL_UDP ? "udp" : "tcp";
    name[0] = '\0';
    if (getservbyport_r(htons(port), word, &entry, room, sizeof room, &found) != 0 || !found)
        return;
    size_t len = strnlen(found->s_name, SETTINGS_SERVICE);
    memcpy(name, found->s_name, len);
    name[len] = '\0';
}
