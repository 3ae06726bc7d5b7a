#include "app/wish.h"

#include <string.h>

#include "app/replay_wish.h"
#include "app/save.h"
#include "base/text.h"

#define SENTENCE_MAX 1024

static void save(struct session *session, const struct screen_request *request)
{
    struct err err;
    struct saved saved;
    char sentence[SENTENCE_MAX];
    struct text text = text_begin(sentence, sizeof sentence);
    if (save_stream(view_conversation(session->view), request->side, request->text, &saved, &err)) {
        view_say(session->view, STYLE_FAILURE, err.text);
        return;
    }
    text_add_string(&text, "saved ");
    text_add_grouped(&text, saved.bytes);
    text_add(&text, saved.bytes == 1 ? " byte to %s" : " bytes to %s", request->text);
    if (saved.missing > 0) {
        text_add_string(&text, "; ");
        text_add_grouped(&text, saved.missing);
        text_add_string(&text, " that are not kept are left out");
    }
    view_say(session->view, saved.missing > 0 ? STYLE_WARNING : STYLE_GOOD, sentence);
}

/* A wish and whose it is, for save_flows. */
struct asked {
    struct session *session;
    const struct screen_request *request;
};

static bool is_asked_for(void *context, struct flow_ref ref, struct flow_view flow)
{
    const struct asked *asked = context;
    return view_saves(asked->session->view, asked->request, ref, flow);
}

static void save_packets(struct session *session, const struct screen_request *request)
{
    struct err err;
    struct saved saved;
    struct asked asked = {session, request};
    const struct save_flows what = {.tracker = session->tracker,
                                    .log = session->packet_log,
                                    .snaplen = source_info(session->source)->snaplen,
                                    .context = &asked,
                                    .wants = is_asked_for};
    char sentence[SENTENCE_MAX];
    struct text text = text_begin(sentence, sizeof sentence);
    if (save_flows(&what, request->text, &saved, &err)) {
        view_say(session->view, STYLE_FAILURE, err.text);
        return;
    }
    text_add_string(&text, "saved ");
    text_add_grouped(&text, saved.bytes);
    text_add(&text, saved.bytes == 1 ? " packet to %s" : " packets to %s", request->text);
    if (saved.missing > 0) {
        text_add_string(&text, "; ");
        text_add_grouped(&text, saved.missing);
        text_add_string(&text, " older ones are not kept; -w keeps all");
    }
    view_say(session->view, saved.missing > 0 ? STYLE_WARNING : STYLE_GOOD, sentence);
}

/* The first line, and how many follow. */
static void add_lines(struct text *text, const char *what)
{
    unsigned more = 0;
    size_t len = strcspn(what, "\n");
    for (const char *at = what + len; *at != '\0'; at++)
        more += *at == '\n' && at[1] != '\0';
    text_add_bytes(text, what, len);
    if (more > 0)
        text_add(text, more == 1 ? ", and 1 more line" : ", and %u more lines", more);
}

/* It can be selected by hand where the terminal does not do it. */
static void copy(struct session *session, const char *what)
{
    char sentence[SCREEN_REQUEST_TEXT + 64];
    struct text text = text_begin(sentence, sizeof sentence);
    bool sent = view_copy(session->view, what);
    text_add(&text, sent ? "copied: " : "the terminal copies nothing; select it: ");
    add_lines(&text, what);
    view_say(session->view, sent ? STYLE_GOOD : STYLE_WARNING, sentence);
}

void wish_grant(struct session *session)
{
    struct screen_request request;
    while (view_take_request(session->view, &request)) {
        switch (request.kind) {
        case SCREEN_REQUEST_NONE:
            break;
        case SCREEN_REQUEST_SAVE_STREAM:
            save(session, &request);
            break;
        case SCREEN_REQUEST_SAVE_FLOWS:
            save_packets(session, &request);
            break;
        case SCREEN_REQUEST_PLAY:
        case SCREEN_REQUEST_SPEED:
        case SCREEN_REQUEST_SPEED_TO:
        case SCREEN_REQUEST_STEP:
        case SCREEN_REQUEST_SEEK:
        case SCREEN_REQUEST_SEEK_PART:
            replay_wish(session, &request);
            break;
        case SCREEN_REQUEST_COPY:
            copy(session, request.text);
            break;
        }
    }
}
