#include "basin/follow_take.h"

void follow_take_skip(struct follow_track *track, uint64_t to)
{
    struct follow_stream *stream = &track->stream;

    if (track->begun && to <= stream->next_seq)
        return;
    if (track->begun) {
        uint64_t n = to - stream->next_seq;

        stream->missing += n;
        follow_shared_note(track->shared, FOLLOW_TRIMMED, stream, n);
    }
    track->begun = true;
    track->by_time = false;
    stream->next_seq = to;
}

/* Whether ${record} is to be handed out; if not, it is behind us now. */
static bool admit(struct follow_track *track, const struct wire_record *record)
{
    if (track->begun && record->seq_num < track->stream.next_seq)
        return false;
    if (record->seq_num >= track->goal) {
        follow_take_skip(track, track->goal);
        return false;
    }
    follow_take_skip(track, record->seq_num);
    if (!wire_is_command(record))
        return true;
    track->stream.next_seq = record->seq_num + 1;
    return false;
}

/* How many records can be handed out together with the first one. */
static size_t measure(const struct follow_track *track,
                      const struct wire_record *records, size_t n)
{
    size_t i = 1;

    while (i < n && records[i].seq_num == records[i - 1].seq_num + 1 &&
           records[i].seq_num < track->goal && !wire_is_command(&records[i]))
        i++;
    return i;
}

static void hand_out(struct follow_track *track,
                     const struct wire_record *records, size_t n)
{
    const struct follow_hooks *hooks = &track->shared->config.hooks;
    struct follow_stream *stream = &track->stream;

    stream->next_seq = records[n - 1].seq_num + 1;
    stream->last_ms = records[n - 1].timestamp;
    /* A page is paid for by its first records: one that brought nothing
     * would never be asked for again. */
    if (!track->brought)
        track->credit = false;
    track->brought = true;
    hooks->records(hooks->arg, stream, records, n);
}

void follow_take(struct follow_track *track, const struct wire_record *records,
                 size_t n)
{
    size_t i = 0;

    while (i < n) {
        size_t run = 1;

        if (admit(track, &records[i])) {
            run = measure(track, &records[i], n - i);
            hand_out(track, &records[i], run);
        }
        i += run;
    }
    if (track->stream.next_seq > track->stream.tail_seq)
        track->stream.tail_seq = track->stream.next_seq;
}
