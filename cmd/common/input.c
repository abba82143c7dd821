#include "common/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/zst.h"

#define LINE_MAX_BYTES ((size_t)4 << 20)
#define CHUNK ((size_t)256 << 10)
#define WINDOW_LOG 27 /* what zstd --long=27 makes, and the zstd tool takes */

struct input {
    int fd;
    bool regular;
    bool eof;
    const char *name;
    input_line *line;
    void *arg;
    struct zst *zst; /* NULL: plain, or not yet known */
    bool known;      /* whether it is zstd has been looked at */
    bool in_frame;   /* zstd: an end here would be a cut */
    struct buf raw;  /* zstd: read, not yet decompressed */
    bool more;       /* zstd: there is more to come out of what was read */
    struct buf text; /* lines, the first maybe handed out */
    size_t done;     /* bytes of text handed out */
    size_t looked;   /* bytes of text without a newline behind done */
    bool cut;        /* the last line has no newline */
    bool skipping;   /* inside a line that is too long */
    uint64_t number; /* of the last line */
    uint64_t oversize;
};

struct input *input_open(const char *path, input_line *line, void *arg,
                         struct err *err)
{
    struct input *input = calloc(1, sizeof(*input));
    struct stat st;

    if (input == NULL) {
        err_memory(err);
        return NULL;
    }
    input->name = strcmp(path, "-") == 0 ? "stdin" : path;
    input->fd = strcmp(path, "-") == 0
                    ? STDIN_FILENO
                    : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (input->fd < 0 || fstat(input->fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        err_os(err, ERR_NOINPUT, input->fd >= 0 ? EISDIR : errno, "%.300s",
               path);
        input_close(input);
        return NULL;
    }
    input->regular = S_ISREG(st.st_mode);
    input->line = line;
    input->arg = arg;
    buf_init(&input->raw, CHUNK);
    buf_init(&input->text, LINE_MAX_BYTES + 2 * CHUNK);
    return input;
}

void input_close(struct input *input)
{
    if (input == NULL)
        return;
    if (input->fd > STDIN_FILENO)
        close(input->fd);
    zst_free(input->zst);
    buf_release(&input->raw);
    buf_release(&input->text);
    free(input);
}

/* Whether something can be done without reading. */
static bool is_at_hand(const struct input *input)
{
    return input->looked < input->text.n - input->done || input->more ||
           (input->known && input->raw.n > 0) || input->eof;
}

int input_fd(const struct input *input)
{
    return input->regular || is_at_hand(input) ? -1 : input->fd;
}

bool input_is_cut(const struct input *input)
{
    return input->cut;
}

const char *input_name(const struct input *input)
{
    return input->name;
}

uint64_t input_oversize(const struct input *input)
{
    return input->oversize;
}

static enum input_taken hand_out(struct input *input, size_t n)
{
    struct slice line = {input->text.p + input->done, n};

    input->number++;
    if (input->skipping) {
        input->skipping = false;
        return INPUT_GO_ON;
    }
    if (n > LINE_MAX_BYTES) {
        input->oversize++;
        return INPUT_GO_ON;
    }
    return n == 0 ? INPUT_GO_ON : input->line(input->arg, line, input->number);
}

/* Hand out complete lines until told to stop.  False: stopped. */
static bool split(struct input *input)
{
    while (input->done + input->looked < input->text.n) {
        size_t from = input->done + input->looked;
        const char *p = input->text.p + from;
        const char *end = memchr(p, '\n', input->text.n - from);
        enum input_taken taken;
        size_t n;

        if (end == NULL) {
            input->looked = input->text.n - input->done;
            break;
        }
        n = (size_t)(end - input->text.p) - input->done;
        taken = hand_out(input, n);
        if (taken == INPUT_HOLD) {
            input->number--;
            return false;
        }
        input->done += n + 1;
        input->looked = 0;
        if (taken == INPUT_STOP)
            return false;
    }
    return true;
}

/* Drop what was handed out, and a line that will never fit. */
static void make_room(struct input *input)
{
    buf_drop(&input->text, input->done);
    input->done = 0;
    if (input->text.n <= LINE_MAX_BYTES)
        return;
    if (!input->skipping)
        input->oversize++;
    input->skipping = true;
    input->text.n = 0;
    input->looked = 0;
}

static ssize_t read_into(struct input *input, struct buf *to, struct err *err)
{
    char *p = buf_reserve(to, CHUNK - (to == &input->raw ? to->n : 0));
    ssize_t got;

    if (p == NULL)
        return err_memory(err);
    do
        got = read(input->fd, p, CHUNK - (to == &input->raw ? to->n : 0));
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return 1; /* nothing yet; poll will tell */
    if (got < 0)
        return err_os(err, ERR_NOINPUT, errno, "%.300s", input->name);
    to->n += (size_t)got;
    input->eof = got == 0;
    return 1;
}

/* Whether the input is zstd shows in its first four bytes (RFC 8878). */
static int look(struct input *input, struct err *err)
{
    static const char magic[4] = {'\x28', '\xb5', '\x2f', '\xfd'};

    if (input->raw.n < sizeof(magic) && !input->eof)
        return 0;
    input->known = true;
    if (input->raw.n >= sizeof(magic) &&
        memcmp(input->raw.p, magic, sizeof(magic)) == 0) {
        input->zst = zst_new((struct slice){NULL, 0}, WINDOW_LOG, err);
        return input->zst == NULL ? -1 : 0;
    }
    if (buf_addslice(&input->text, buf_slice(&input->raw)) != 0)
        return err_memory(err);
    buf_release(&input->raw);
    return 0;
}

static int decompress(struct input *input, struct err *err)
{
    struct buf out = BUF_INIT(CHUNK);
    size_t used = 0;
    int rc = zst_feed(input->zst, buf_slice(&input->raw), &used, &out, err);

    input->more = out.n == out.max;
    if (rc >= 0 && buf_addslice(&input->text, buf_slice(&out)) != 0)
        rc = err_memory(err);
    buf_release(&out);
    if (rc < 0)
        return err_prefix(err, "%.300s", input->name);
    input->in_frame = rc == 0;
    buf_drop(&input->raw, used);
    return 0;
}

/* Read once, if need be, and make text of it. */
static int fill(struct input *input, struct err *err)
{
    if (!input->known) {
        if (read_into(input, &input->raw, err) < 0)
            return -1;
        return look(input, err);
    }
    if (input->zst == NULL)
        return read_into(input, &input->text, err) < 0 ? -1 : 0;
    if (!input->eof && input->raw.n == 0 && !input->more &&
        read_into(input, &input->raw, err) < 0)
        return -1;
    return decompress(input, err);
}

int input_run(struct input *input, struct err *err)
{
    bool had_lines = input->looked < input->text.n - input->done;

    if (!split(input))
        return 1;
    make_room(input);
    /* A pipe is read only when its descriptor has said so. */
    if (had_lines && !input->regular)
        return 1;
    if (!input->eof || input->raw.n > 0 || input->more) {
        if (fill(input, err) != 0)
            return -1;
        split(input);
        return 1;
    }
    if (input->in_frame)
        return err_set(err, ERR_DATA, "%.300s: the zstd data is cut off",
                       input->name);
    /* What is left is a last line without a newline. */
    if (input->text.n > 0) {
        input->cut = true;
        if (hand_out(input, input->text.n) == INPUT_HOLD) {
            input->number--;
            return 1;
        }
        buf_reset(&input->text);
        input->looked = 0;
    }
    return 0;
}
