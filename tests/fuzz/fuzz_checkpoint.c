/*
 * Two bodies of records, a line each, as checkpoints: what is taken is within
 * its limits, and the same when written and read again; what differs between
 * their settings can be printed, and nothing differs from itself.
 */
#include "fuzz.h"

#include <jansson.h>

#include "base/parse.h"
#include "basin/checkpoint_text.h"

#define OUT_MAX ((size_t)1 << 20)

static void check_number(int64_t n, int64_t max)
{
    PROMISE(n >= -1 && n <= max);
}

static void check_text(const char *text, size_t max)
{
    PROMISE(strlen(text) <= max && fuzz_is_utf8(slice_str(text)));
    for (; *text != '\0'; text++)
        PROMISE((unsigned char)*text >= ' ' && *text != 0x7F);
}

static void check_limits(const struct checkpoint_text *t)
{
    size_t list = 0;

    check_text(t->job, 512);
    check_text(t->host, CHECKPOINT_HOST_MAX);
    check_text(t->token, CHECKPOINT_TOKEN_MAX);
    check_text(t->at.url, CHECKPOINT_URL_MAX);
    check_number(t->at.time_us, PARSE_TIME_MAX);
    check_number(t->at.begin_us, PARSE_TIME_MAX);
    check_number(t->at.seq, INT64_MAX);
    check_number(t->at.begin_seq, INT64_MAX);
    check_number(t->pid, INT64_MAX);
    PROMISE(strlen(t->settings.hash) == 32);
    PROMISE(strspn(t->settings.hash, "0123456789abcdef") == 32);
    for (size_t i = 0; i < t->settings.n; i++) {
        check_text(t->settings.list[i], CHECKPOINT_LIST_MAX);
        list += strlen(t->settings.list[i]) + 1;
    }
    PROMISE(list <= CHECKPOINT_LIST_MAX);
}

static void same(const struct checkpoint_text *a,
                 const struct checkpoint_text *b)
{
    PROMISE(strcmp(a->job, b->job) == 0 && strcmp(a->host, b->host) == 0);
    PROMISE(strcmp(a->token, b->token) == 0 && a->pid == b->pid);
    PROMISE(strcmp(a->at.url, b->at.url) == 0);
    PROMISE(a->at.time_us == b->at.time_us && a->at.seq == b->at.seq);
    PROMISE(a->at.begin_us == b->at.begin_us &&
            a->at.begin_seq == b->at.begin_seq);
    PROMISE(strcmp(a->settings.hash, b->settings.hash) == 0);
    PROMISE(a->settings.n == b->settings.n && a->date_ms == b->date_ms);
    for (size_t i = 0; i < a->settings.n; i++)
        PROMISE(strcmp(a->settings.list[i], b->settings.list[i]) == 0);
}

static void check_again(const struct checkpoint_text *text)
{
    struct buf out = BUF_INIT(OUT_MAX), small = BUF_INIT(0);
    struct checkpoint_read *read;

    PROMISE(checkpoint_text_write(text, &out) == 0);
    read = checkpoint_text_read(buf_slice(&out), text->date_ms, NULL);
    PROMISE(read != NULL);
    same(text, checkpoint_read_text(read));
    checkpoint_read_free(read);
    small.max = out.n - 1;
    PROMISE(checkpoint_text_write(text, &small) == -1 && small.n == 0);
    buf_release(&small);
    buf_release(&out);
}

static struct checkpoint_read *check_body(struct slice body)
{
    struct err err = ERR_INIT;
    struct checkpoint_read *read = checkpoint_text_read(body, 12345, &err);

    if (read == NULL) {
        PROMISE(err.code == ERR_DATA);
        return NULL;
    }
    check_limits(checkpoint_read_text(read));
    check_again(checkpoint_read_text(read));
    return read;
}

/* Their lists with their own hashes: those in the bodies may be any. */
static void check_differ(const struct checkpoint_text *a,
                         const struct checkpoint_text *b)
{
    struct checkpoint_settings one = a->settings, two = b->settings;
    struct buf out = BUF_INIT(OUT_MAX);
    int there, back;

    checkpoint_settings_hash(&one);
    checkpoint_settings_hash(&two);
    PROMISE(checkpoint_settings_differ(&one, &one, &out) == 0 && out.n == 0);
    there = checkpoint_settings_differ(&one, &two, &out);
    PROMISE(there >= 0 && out.n < 440);
    PROMISE(fuzz_printable(buf_slice(&out), ""));
    back = checkpoint_settings_differ(&two, &one, &out);
    PROMISE(there == back && (there == 1) == (out.n > 0));
    PROMISE(checkpoint_settings_differ(&a->settings, &b->settings, &out) >= 0);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);
    struct checkpoint_read *a = check_body(fuzz_until(&in, '\n'));
    struct checkpoint_read *b = check_body(in);

    if (a != NULL && b != NULL)
        check_differ(checkpoint_read_text(a), checkpoint_read_text(b));
    checkpoint_read_free(a);
    checkpoint_read_free(b);
    return 0;
}
