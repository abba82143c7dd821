/*
 * The caller in tests of following: checks what is handed out of a fake
 * basin, and runs the loop on a clock of its own.
 */
#ifndef FOLLOWCALLER_H
#define FOLLOWCALLER_H

#include "followfake.h"

/* Nothing that is still there may have been left out. */
static void check_left_out(struct fake *fake, const struct stream *s,
                           uint64_t from, uint64_t to)
{
    for (uint64_t seq = from; seq < to; seq++)
        CHECK(is_command(fake, seq) || seq < s->first);
}

static void check_record(struct fake *fake, struct stream *s,
                         const struct wire_record *r)
{
    char body[48];

    snprintf(body, sizeof(body), "%s %d %llu", s->name, s->inc,
             (unsigned long long)r->seq_num);
    CHECK(slice_eq(slice_str(body), r->body));
    CHECK(!wire_is_command(r));
    CHECK(r->timestamp == date_of(r->seq_num));
    if (s->got_inc != s->inc) {
        CHECK(s->fresh);
        s->got_inc = s->inc;
        s->want = 0;
        s->begun = false;
    }
    s->fresh = false;
    CHECK(r->seq_num >= s->want);
    if (s->begun || !s->trims)
        check_left_out(fake, s, s->want, r->seq_num);
    s->begun = true;
    s->want = r->seq_num + 1;
    s->got++;
}

static void on_records(void *arg, const struct follow_stream *stream,
                       const struct wire_record *records, size_t n)
{
    struct fake *fake = arg;
    struct stream *s = stream_named(fake, stream->name);

    CHECK(n > 0);
    for (size_t i = 0; i < n; i++)
        check_record(fake, s, &records[i]);
    CHECK(stream->next_seq == records[n - 1].seq_num + 1);
    CHECK(stream->last_ms == records[n - 1].timestamp);
    if (fake->page != NULL && !fake->page->paid)
        s->owes = true;
    if (chance(fake, fake->more_percent) &&
        (!fake->more_early || (fake->page != NULL && !fake->page->paid))) {
        s->owes = false;
        follow_more(fake->follow, stream->index);
    }
    if (fake->page != NULL)
        fake->page->paid = true;
}

static void on_note(void *arg, const struct follow_note *note)
{
    struct fake *fake = arg;

    fake->note = *note;
    fake->notes[note->event]++;
    if (note->event != FOLLOW_FOUND)
        snprintf(fake->note_stream, sizeof(fake->note_stream), "%s",
                 note->stream == NULL ? "(list)" : note->stream->name);
    if (note->err != NULL)
        snprintf(fake->note_text, sizeof(fake->note_text), "%.127s",
                 note->err->text);
    if (note->event == FOLLOW_TRIMMED)
        fake->missing += note->n;
    if (note->event == FOLLOW_FOUND || note->event == FOLLOW_RESTARTED) {
        struct stream *s = stream_named(fake, note->stream->name);

        s->fresh = true;
        s->owes = note->event == FOLLOW_RESTARTED && s->owes;
        s->frozen = false;
    }
    if (note->event == FOLLOW_RESTARTED && fake->more_told) {
        stream_named(fake, note->stream->name)->owes = false;
        follow_more(fake->follow, note->stream->index);
    }
}

static void fake_init(struct fake *fake, uint64_t seed, size_t n)
{
    memset(fake, 0, sizeof(*fake));
    fake->head.kind = &fake_kind;
    fake->end = &fake->ops;
    fake->rng.state = seed;
    fake->more_percent = 100;
    fake->list_page = 1000;
    fake->streams = calloc(n, sizeof(*fake->streams));
    fake->n = n;
    for (size_t i = 0; i < n; i++) {
        snprintf(fake->streams[i].name, sizeof(fake->streams[i].name), "s/%05u",
                 (unsigned)i);
        fake->streams[i].exists = true;
        fake->streams[i].inc = 1;
    }
}

static void fake_release(struct fake *fake)
{
    follow_free(fake->follow);
    fake_run(&fake->head, fake->now);
    CHECK(fake->ops == NULL);
    free(fake->streams);
}

static struct follow_config fake_config(struct fake *fake)
{
    struct follow_config config = {.basin = &fake->head,
                                   .discover_ms = 1000,
                                   .page = 100,
                                   .seed = 1,
                                   .hooks = {on_records, on_note, fake}};

    return config;
}

static void fake_start(struct fake *fake, const struct follow_config *config)
{
    fake->follow = follow_new(config, NULL);
    NEED(fake->follow != NULL);
}

/* One turn of the loop.  The clock goes on as the caller is told. */
static int turn(struct fake *fake, struct err *err)
{
    int64_t next = 0;
    int64_t due;

    if (follow_run(fake->follow, fake->now, &next, err) != 0)
        return -1;
    CHECK(next > fake->now);
    due = fake_run(&fake->head, fake->now);
    if (!follow_answered(fake->follow))
        fake->now = next < due ? next : due;
    return 0;
}

static void run_for(struct fake *fake, int64_t ms)
{
    int64_t end = fake->now + ms;
    struct err err = ERR_INIT;

    while (fake->now < end && err.code == ERR_NONE)
        turn(fake, &err);
    CHECK_STR(err.text, "");
}

static const struct follow_stream *told(const struct fake *fake, size_t i)
{
    size_t n = 0;
    const struct follow_stream *const *all = follow_streams(fake->follow, &n);

    CHECK(i < n);
    return all[i];
}

#endif
