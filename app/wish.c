#include "app/wish.h"

#include <string.h>

#include "app/replay_wish.h"
#include "base/clock.h"
#include "base/text.h"

#define SENTENCE_MAX   1200
#define SAVE_BUDGET_NS (10 * CLOCK_NS_PER_MS)

/* What became of a save that is over. */
static void say_saved(struct session *session, const struct saved *saved)
{
    const struct screen_request *wish = &session->saving.wish;
    bool is_stream = wish->kind == SCREEN_REQUEST_SAVE_STREAM;
    char sentence[SENTENCE_MAX];
    struct text text = text_begin(sentence, sizeof sentence);
    text_add_string(&text, "saved ");
    text_add_grouped(&text, saved->count);
    text_add(&text, " %s%s to %s", is_stream ? "byte" : "packet", saved->count == 1 ? "" : "s",
             wish->text);
    if (saved->cut > 0) {
        text_add_string(&text, ", ");
        text_add_grouped(&text, saved->cut);
        text_add_string(&text, " without all of the payload");
    }
    if (saved->missing > 0) {
        text_add_string(&text, "; ");
        text_add_grouped(&text, saved->missing);
        text_add_string(&text, is_stream ? " that are not kept are left out"
                                         : " older ones are not kept; -w keeps all");
    } else if (saved->cut > 0) {
        text_add_string(&text, "; -w keeps all");
    }
    view_say(session->view, saved->missing + saved->cut > 0 ? STYLE_WARNING : STYLE_GOOD, sentence);
}

static bool is_asked_for(void *context, struct flow_ref ref, struct flow_view flow)
{
    const struct session *session = context;
    return view_saves(session->view, &session->saving.wish, ref, flow);
}

static int begin_save(struct session *session, struct err *err)
{
    struct saving *saving = &session->saving;
    if (saving->wish.kind == SCREEN_REQUEST_SAVE_STREAM)
        return save_begin_stream(&saving->save, view_conversation(session->view), saving->wish.side,
                                 saving->wish.text, err);
    const struct save_flows what = {.tracker = session->tracker,
                                    .log = session->packet_log,
                                    .snaplen = source_info(session->source)->snaplen,
                                    .context = session,
                                    .wants = is_asked_for};
    return save_begin_flows(&saving->save, &what, saving->wish.text, err);
}

static void save(struct session *session, const struct screen_request *request)
{
    struct err err;
    char sentence[SENTENCE_MAX];
    struct text text = text_begin(sentence, sizeof sentence);
    if (session->saving.save) {
        text_add(&text, "%s is not saved yet; wait for it", session->saving.wish.text);
        view_say(session->view, STYLE_WARNING, sentence);
        return;
    }
    session->saving.wish = *request;
    text_add(&text, "saving to %s", request->text);
    if (begin_save(session, &err) != 0) {
        view_say(session->view, STYLE_FAILURE, err.text);
        return;
    }
    view_say(session->view, STYLE_NORMAL, sentence);
    (void)wish_go_on(session);
}

bool wish_go_on(struct session *session)
{
    struct err err;
    struct saved saved;
    struct saving *saving = &session->saving;
    if (!saving->save)
        return false;
    int state = save_step(saving->save, clock_monotonic_ns() + SAVE_BUDGET_NS, &saved, &err);
    if (state > 0)
        return false;
    saving->save = NULL;
    if (state == 0)
        say_saved(session, &saved);
    else
        view_say(session->view, STYLE_FAILURE, err.text);
    return true;
}

void wish_finish(struct session *session)
{
    struct err err;
    struct saved saved;
    struct saving *saving = &session->saving;
    if (!saving->save)
        return;
    int state = save_step(saving->save, INT64_MAX, &saved, &err);
    saving->save = NULL;
    if (state < 0)
        session_note_trouble(session, state, &err);
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
        case SCREEN_REQUEST_SAVE_FLOWS:
            save(session, &request);
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
