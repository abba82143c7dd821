/*
 * One scene for tests of following: a scripted basin, and what to follow in
 * it.
 */
#ifndef FOLLOWSCENE_H
#define FOLLOWSCENE_H

#include "followcaller.h"

static struct fake fake;
static struct follow_config config;

static inline void begin(size_t n)
{
    fake_init(&fake, 7, n);
    config = fake_config(&fake);
}

static inline struct stream *add_records(size_t i, uint64_t n)
{
    fake.streams[i].n += n;
    return &fake.streams[i];
}

static inline void start_and_run(int64_t ms)
{
    fake_start(&fake, &config);
    run_for(&fake, ms);
}

/* Until the first of these is asked for, and not answered yet. */
static inline void run_until_asked(const unsigned *count)
{
    int64_t next = 0;
    int64_t end = fake.now + 10000;

    CHECK_INT(follow_run(fake.follow, fake.now, &next, NULL), 0);
    while (*count == 0 && fake.now < end) {
        fake_run(&fake.head, fake.now);
        fake.now++;
        CHECK_INT(follow_run(fake.follow, fake.now, &next, NULL), 0);
    }
    CHECK(*count > 0);
}

#endif
