/* Rows as filters, and what filters may be about. */
#include "ui/flow_pane.h"

#include <string.h>

static const char *name_of(const struct flow_pane *pane, uint32_t owner)
{
    const struct owner *found =
        pane->known->names && owner != 0 ? names_owner(pane->known->names, owner) : NULL;
    return found ? found->comm : "";
}

static void see_name(struct filter_seen *seen, const char *name)
{
    if (name[0] != '\0')
        filter_see_name(seen, name);
}

static void see_flow(const struct flow_pane *pane, const struct flow_row *row,
                     struct filter_seen *seen)
{
    const struct flow *flow = &row->hot;
    const char *server = name_of(pane, row->cold.owner[!flow->client]);
    see_name(seen, name_of(pane, row->cold.owner[flow->client]));
    see_name(seen, server);
    filter_see_port(seen, flow->tuple.port[!flow->client], server);
}

static void see_group(const struct flow_pane *pane, const struct flow_row *row,
                      struct filter_seen *seen)
{
    const char *name = name_of(pane, row->sums.owner);
    see_name(seen, name);
    if (row->key.place.port[0] != 0)
        filter_see_port(seen, row->key.place.port[0], name);
}

void flow_pane_see(const struct flow_pane *pane, struct filter_seen *seen)
{
    seen->name_count = seen->port_count = 0;
    for (uint32_t at = 0; at < pane->row_count; at++) {
        const struct flow_row *row = &pane->rows[at];
        if (row->group)
            see_group(pane, row, seen);
        else
            see_flow(pane, row, seen);
    }
}

/* A group is a server, or a client by its name or address. */
static bool add_group(const struct flow_pane *pane, const struct group_key *key, struct text *text)
{
    const char *name = name_of(pane, key->owner);
    if (name[0] == '\0' && key->place.family == 0)
        return false; /* others, or the process is forgotten */
    if (key->place.port[0] != 0) {
        text_add_string(text, "server:");
        text_add_endpoint(text, &key->place, 0);
        if (key->place.protocol == PROTOCOL_UDP)
            text_add_string(text, " proto:udp");
        return true;
    }
    text_add_string(text, "client:");
    if (name[0] != '\0')
        text_add_filter_name(text, name);
    else
        text_add_address(text, &key->place.address[0], key->place.family);
    return true;
}

bool flow_pane_filter_of(const struct flow_pane *pane, struct text *text, bool exact)
{
    const struct flow_row *row = &pane->cursor_row;
    struct flow_view view = {.hot = &row->hot, .cold = &row->cold};
    if (pane->order_count == 0)
        return false;
    if (row->group)
        return add_group(pane, &row->key, text);
    text_add_filter_of(text, view, pane->known, exact);
    return true;
}
