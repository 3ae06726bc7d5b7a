#include "app/streams.h"

#include <errno.h>
#include <stdio.h>

#include "app/owner.h"
#include "flows/tracker.h"

int streams_open(struct streams *streams, const struct options *options, struct out *out,
                 struct err *err)
{
    *streams = (struct streams){
        .options = options,
        .follow = {.out = out,
                   .form = options->raw   ? FOLLOW_RAW
                           : options->hex ? FOLLOW_HEX
                                          : FOLLOW_TEXT},
    };
    if (!options->stream_path)
        return 0;
    return stream_dir_open(&streams->dir, options->stream_path, owner_user(), owner_group(), err);
}

uint64_t streams_followed(const struct streams *streams)
{
    return streams->dir ? TRACKER_FOLLOW_ALL : streams->options->follow_id;
}

struct stream_sink streams_sink(struct streams *streams)
{
    if (streams->dir)
        return (struct stream_sink){streams->dir, stream_dir_take};
    return (struct stream_sink){&streams->follow, follow_take};
}

int streams_trouble(const struct streams *streams, struct err *err)
{
    return streams->dir ? stream_dir_trouble(streams->dir, err) : 0;
}

int streams_finish(struct streams *streams, uint64_t flows, struct err *err)
{
    uint64_t wanted = streams->options ? streams->options->follow_id : 0;
    if (wanted > flows)
        return err_set(err, ENOENT,
                       "there is no flow %llu, the capture has %llu; loflow -r FILE --report lists "
                       "them",
                       (unsigned long long)wanted, (unsigned long long)flows);
    if (wanted > 0)
        follow_finish(&streams->follow);
    if (streams->follow.missing_bytes > 0 && streams->follow.form == FOLLOW_RAW)
        (void)fprintf(stderr, "loflow: %llu bytes of the stream are missing in the capture\n",
                      (unsigned long long)streams->follow.missing_bytes);
    if (!streams->dir)
        return 0;
    int failed = stream_dir_close(streams->dir, err);
    streams->dir = NULL;
    return failed;
}

void streams_close(struct streams *streams)
{
    struct err err;
    if (streams->dir)
        (void)stream_dir_close(streams->dir, &err);
    streams->dir = NULL;
}
