#include "ui/filter_program.h"

#include <string.h>
#include <strings.h>

#define NAME_TEXT_MAX (OWNER_COMM * 8 + 1)

/* As a line has it: in quotes where it could be read as something else. */
static void add_quoted(struct text *text, const char *name)
{
    text_add_string(text, "\"");
    for (; *name != '\0'; name++) {
        if (*name == '"' || *name == '\\')
            text_add_string(text, "\\");
        text_add_bytes(text, name, 1);
    }
    text_add_string(text, "\"");
}

static bool is_plain(const char *name)
{
    bool letters = false;
    for (; *name != '\0'; name++) {
        bool letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z');
        bool other = (*name >= '0' && *name <= '9') || *name == '_' || *name == '-';
        if (!letter && !other)
            return false;
        letters |= letter;
    }
    return letters;
}

void text_add_filter_name(struct text *text, const char *comm)
{
    char name[NAME_TEXT_MAX];
    struct text escaped = text_begin(name, sizeof name);
    text_add_untrusted(&escaped, comm, strlen(comm));
    if (is_plain(name) && strcasecmp(name, "localhost") != 0)
        text_add_string(text, name);
    else
        add_quoted(text, name);
}

void text_add_filter_of(struct text *text, struct flow_view flow, const struct known *known,
                        bool exact)
{
    const struct tuple *tuple = &flow.hot->tuple;
    unsigned client = flow.hot->client;
    const struct owner *owner = known_owner(known, flow, client);
    text_add_string(text, "client:");
    if (owner && !exact)
        text_add_filter_name(text, owner->comm);
    else
        text_add_address(text, &tuple->address[client], tuple->family);
    if (exact) {
        text_add(text, " client.port:%u server:", tuple->port[client]);
        text_add_endpoint(text, tuple, !client);
    } else {
        text_add(text, " server.port:%u", tuple->port[!client]);
    }
    if (tuple->protocol == PROTOCOL_UDP)
        text_add_string(text, " proto:udp");
}
