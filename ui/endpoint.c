#include "ui/endpoint.h"

#include <assert.h>
#include <string.h>

#include "ui/grid.h"

#define ADDRESS_LEAST 5 /* columns of an address that are worth showing: "12…34" */
#define ADDRESS_MAX   64
#define NAME_LEAST    3 /* of a name: "no…" */

/* A named end in pieces. */
struct pieces {
    char name[ENDPOINT_TEXT_MAX];
    char pid[16];
    char where[ADDRESS_MAX];
    int name_columns, pid_columns, where_columns;
};

static bool is_implied(const struct address *address, uint8_t family)
{
    static const uint8_t localhost[] = {127, 0, 0, 1};
    return address_is_loopback(address, family) &&
           (family == 6 || memcmp(address->octets + 12, localhost, sizeof localhost) == 0);
}

static void add_untrusted(struct text *text, const char *name)
{
    text_add_untrusted(text, name, strlen(name));
}

static void cut_up(struct pieces *pieces, const struct endpoint *endpoint, bool utf8)
{
    const struct tuple *tuple = endpoint->tuple;
    char whole[ENDPOINT_TEXT_MAX];
    struct text name = text_begin(whole, sizeof whole);
    add_untrusted(&name, endpoint->owner->comm);
    struct text cut = text_begin(pieces->name, sizeof pieces->name);
    grid_cut(&cut, whole, ENDPOINT_NAME_MAX, utf8);
    struct text pid = text_begin(pieces->pid, sizeof pieces->pid);
    text_add(&pid, "(%d)", (int)endpoint->owner->pid);
    struct text where = text_begin(pieces->where, sizeof pieces->where);
    if (is_implied(&tuple->address[endpoint->end], tuple->family)) {
        text_add(&where, ":%u", tuple->port[endpoint->end]);
    } else {
        text_add_string(&where, " ");
        text_add_endpoint(&where, tuple, endpoint->end);
    }
    pieces->name_columns = grid_columns(pieces->name);
    pieces->pid_columns = (int)pid.len;
    pieces->where_columns = (int)where.len;
}

int endpoint_columns(const struct endpoint *endpoint)
{
    struct pieces pieces;
    if (endpoint->owner) {
        cut_up(&pieces, endpoint, true);
        return pieces.name_columns + pieces.pid_columns + pieces.where_columns;
    }
    struct text address = text_begin(pieces.where, sizeof pieces.where);
    text_add_endpoint(&address, endpoint->tuple, endpoint->end);
    return (int)address.len;
}

static void write_address(struct text *text, const struct endpoint *endpoint, int room, bool utf8)
{
    char whole[ADDRESS_MAX];
    struct text address = text_begin(whole, sizeof whole);
    text_add_endpoint(&address, endpoint->tuple, endpoint->end);
    int len = (int)address.len;
    if (len <= room) {
        text_add_string(text, whole);
        return;
    }
    const char *port = strrchr(whole, ':');
    assert(port);
    int address_room = room - (len - (int)(port - whole));
    if (address_room < ADDRESS_LEAST) {
        text_add_string(text, port);
        return;
    }
    int tail = (address_room - 1) / 2;
    text_add(text, "%.*s%s%.*s%s", address_room - 1 - tail, whole, utf8 ? "…" : "~", tail,
             port - tail, port);
}

void endpoint_write(struct text *text, const struct endpoint *endpoint, int room, bool utf8)
{
    struct pieces pieces;
    int name_room = 0;
    if (endpoint->owner) {
        cut_up(&pieces, endpoint, utf8);
        name_room = room - pieces.where_columns;
    }
    if (name_room < NAME_LEAST && (name_room < 1 || name_room < pieces.name_columns)) {
        write_address(text, endpoint, room, utf8);
        return;
    }
    grid_cut(text, pieces.name, name_room, utf8);
    if (name_room >= pieces.name_columns + pieces.pid_columns)
        text_add_string(text, pieces.pid);
    text_add_string(text, pieces.where);
}

void text_add_owner(struct text *text, const struct owner *owner)
{
    add_untrusted(text, owner->comm);
    text_add(text, "(%d)", (int)owner->pid);
}
