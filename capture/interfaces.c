#include "capture/interfaces.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "capture/source.h"

#define NAMED_MAX 20 /* interfaces in one sentence */

enum interface_state interfaces_state(int fd, const char *name, bool *is_loopback)
{
    *is_loopback = false;
    struct ifreq request = {0};
    if (strlen(name) >= sizeof request.ifr_name)
        return INTERFACE_GONE;
    memcpy(request.ifr_name, name, strlen(name));
    if (ioctl(fd, SIOCGIFFLAGS, &request) != 0)
        return INTERFACE_GONE;
    unsigned flags = (unsigned short)request.ifr_flags;
    *is_loopback = (flags & IFF_LOOPBACK) != 0;
    return (flags & IFF_UP) ? INTERFACE_UP : INTERFACE_DOWN;
}

static int find_all(pcap_if_t **all, struct err *err)
{
    char words[PCAP_ERRBUF_SIZE] = "";
    if (pcap_findalldevs(all, words) != 0)
        return err_set(err, EIO, "cannot list the capture interfaces: %.300s", words);
    return 0;
}

int interfaces_unknown(const char *name, struct err *err)
{
    pcap_if_t *all = NULL;
    int result = find_all(&all, err);
    if (result != 0)
        return result;
    char names[512];
    struct text text = text_begin(names, sizeof names);
    unsigned count = 0;
    for (const pcap_if_t *each = all; each && count < NAMED_MAX; each = each->next)
        text_add(&text, "%s%s", count++ > 0 ? ", " : "", each->name);
    pcap_freealldevs(all);
    return err_set(err, ENODEV, "there is no interface \"%.100s\" here; choose one of: %s", name,
                   names);
}

static int find_by(bool (*matches)(const pcap_if_t *each, unsigned number, unsigned wanted),
                   unsigned wanted, char *name, size_t size)
{
    struct err unused;
    pcap_if_t *all = NULL;
    if (find_all(&all, &unused) != 0)
        return -ENODEV;
    int result = -ENODEV;
    unsigned number = 1;
    for (const pcap_if_t *each = all; each && result != 0; each = each->next, number++) {
        if (matches(each, number, wanted)) {
            (void)snprintf(name, size, "%s", each->name);
            result = 0;
        }
    }
    pcap_freealldevs(all);
    return result;
}

static bool matches_number(const pcap_if_t *each, unsigned number, unsigned wanted)
{
    (void)each;
    return number == wanted;
}

static bool matches_loopback(const pcap_if_t *each, unsigned number, unsigned wanted)
{
    (void)number;
    (void)wanted;
    return (each->flags & PCAP_IF_LOOPBACK) != 0;
}

int interfaces_find(char *name, size_t size, const char *wanted, struct err *err)
{
    if (!wanted || wanted[0] == '\0') {
        if (find_by(matches_loopback, 0, name, size) != 0)
            (void)snprintf(name, size, "lo");
        return 0;
    }
    bool is_number = strlen(wanted) < 6 && wanted[strspn(wanted, "0123456789")] == '\0';
    if (is_number && if_nametoindex(wanted) == 0) {
        unsigned number = (unsigned)strtoul(wanted, NULL, 10);
        return find_by(matches_number, number, name, size) == 0 ? 0
                                                                : interfaces_unknown(wanted, err);
    }
    if (strlen(wanted) >= size)
        return interfaces_unknown(wanted, err);
    (void)snprintf(name, size, "%s", wanted);
    return 0;
}

static void describe(struct text *text, const pcap_if_t *each)
{
    if (each->description)
        text_add(text, "%s, ", each->description);
    if (each->flags & PCAP_IF_LOOPBACK)
        text_add(text, "loopback, ");
    if (each->flags & PCAP_IF_WIRELESS)
        text_add(text, "wireless, ");
    text_add(text, "%s",
             !(each->flags & PCAP_IF_UP)     ? "down"
             : each->flags & PCAP_IF_RUNNING ? "up, running"
                                             : "up");
}

int source_list_interfaces(void (*each)(void *context, unsigned number, const char *name,
                                        const char *description),
                           void *context, struct err *err)
{
    pcap_if_t *all = NULL;
    int result = find_all(&all, err);
    if (result != 0)
        return result;
    unsigned number = 1;
    for (const pcap_if_t *one = all; one; one = one->next) {
        char description[256];
        struct text text = text_begin(description, sizeof description);
        describe(&text, one);
        each(context, number++, one->name, description);
    }
    pcap_freealldevs(all);
    return 0;
}
