#include "app/wish.h"

void wish_grant(struct session *session)
{
    struct screen_request request;
    while (view_take_request(session->view, &request)) {
        switch (request.kind) {
        case SCREEN_REQUEST_NONE:
            break;
        }
    }
}
