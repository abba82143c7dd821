/*
 * One scene for tests of checkpoints: a basin in memory, an instance of a job
 * over it, and what is to be said of both.
 */
#ifndef CHECKPOINTSCENE_H
#define CHECKPOINTSCENE_H

#include "checkpointfake.h"
#include "checkpointrun.h"

static struct fake fake;
static struct instance in;

static inline void begin(void)
{
    fake_begin(&fake, 7);
    fake.exists = true;
}

static inline void end(void)
{
    instance_close(&in);
    fake_end(&fake);
}

static inline void start(const char *token)
{
    instance_run(&in, &fake.head, token);
}

static inline void check_ready(void)
{
    CHECK(!in.dead && checkpoint_ready(in.cp));
    CHECK_STR(in.err.text, "");
}

static inline void check_dead(enum err_code code, const char *text)
{
    CHECK(in.dead && !checkpoint_ready(in.cp));
    CHECK_INT(in.err.code, code);
    if (strstr(in.err.text, text) == NULL)
        CHECK_STR(in.err.text, text);
}

static inline void check_newest(const char *token, int64_t position)
{
    struct checkpoint_read *read = fake_newest(&fake);
    const struct checkpoint_text *text;

    CHECK(read != NULL);
    if (read == NULL)
        return;
    text = checkpoint_read_text(read);
    CHECK_STR(text->token, token);
    CHECK_INT(text->at.time_us, position);
    checkpoint_read_free(read);
}

#endif
