#include "app/wish.h"

#include "app/replay_wish.h"

void wish_grant(struct session *session)
{
    struct screen_request request;
    while (view_take_request(session->view, &request)) {
        switch (request.kind) {
        case SCREEN_REQUEST_NONE:
            break;
        case SCREEN_REQUEST_PLAY:
            replay_toggle(session);
            break;
        case SCREEN_REQUEST_SPEED:
            replay_change_speed(session, (int)request.number);
            break;
        case SCREEN_REQUEST_STEP:
            replay_step(session, (enum transport_step)(int)request.number);
            break;
        case SCREEN_REQUEST_SEEK:
            replay_seek_text(session, request.text);
            break;
        case SCREEN_REQUEST_SEEK_PART:
            replay_seek(session, &(struct seek){.kind = SEEK_PART, .part = request.number});
            break;
        }
    }
}
