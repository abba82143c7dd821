#include "view/term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/loop.h"
#include "view/term_hold.h"
#include "view/term_key.h"

/* The largest grid, every cell in its own colour and moved to. */
#define WAITING_MAX ((size_t)64 << 20)

#define SIZE_MAX_CELLS 1000

struct term {
    struct term_hold hold;
    bool suspended;
    bool gone;
    struct grid shown; /* what the terminal shows, or will */
    bool known;        /* that shown is true */
    struct buf waiting;
    size_t done; /* bytes of waiting that are written */
    enum term_key_state key;
};

/* That writes must not block holds for us and not for the shell, where the
 * terminal can be opened anew. */
static void open_hold(struct term_hold *hold, int fd, int keys_fd)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    hold->fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    hold->shared = hold->fd < 0;
    if (hold->shared)
        hold->fd = fd;
    hold->keys_fd = keys_fd;
}

static void free_term(struct term *term)
{
    term_hold_close(&term->hold);
    if (!term->hold.shared)
        close(term->hold.fd);
    grid_release(&term->shown);
    buf_release(&term->waiting);
    free(term);
}

/* Takes the terminal; that it shows what it should is for later. */
static void take(struct term *term)
{
    term_hold_take(&term->hold);
    term->suspended = false;
    term->known = false;
    term->key = TERM_KEY_PLAIN;
    term->done = 0;
    buf_reset(&term->waiting);
    buf_addstr(&term->waiting, TERM_HOLD_TAKE);
}

struct term *term_open(int fd, int keys_fd, struct err *err)
{
    struct term *term;

    if (!isatty(fd)) {
        err_os(err, ERR_OS, errno, "not a terminal");
        return NULL;
    }
    term = calloc(1, sizeof(*term));
    if (term == NULL) {
        err_memory(err);
        return NULL;
    }
    buf_init(&term->waiting, WAITING_MAX);
    open_hold(&term->hold, fd, keys_fd);
    if (buf_reserve(&term->waiting, sizeof(TERM_HOLD_TAKE)) == NULL) {
        err_memory(err);
        free_term(term);
        return NULL;
    }
    if (term_hold_open(&term->hold, err) != 0) {
        free_term(term);
        return NULL;
    }
    take(term);
    term_flush(term, NULL);
    return term;
}

/* The rest of a frame is not written: a sequence that it was in the middle
 * of ends with the next ESC. */
static void give(struct term *term, struct slice last)
{
    term->suspended = true;
    buf_reset(&term->waiting);
    term->done = 0;
    term_hold_give(&term->hold, last, loop_now() + TERM_HOLD_WAIT_MS);
}

void term_suspend(struct term *term)
{
    give(term, SLICE(""));
}

void term_resume(struct term *term)
{
    take(term);
}

void term_close(struct term *term, const struct grid *last, bool color)
{
    struct buf text = BUF_INIT(WAITING_MAX);

    if (term == NULL)
        return;
    if (last != NULL && grid_text(last, color, &text) != 0)
        buf_reset(&text);
    give(term, buf_slice(&text));
    buf_release(&text);
    free_term(term);
}

void term_restore(void)
{
    term_hold_drop();
}

static int clamp(int n, int otherwise)
{
    if (n <= 0)
        return otherwise;
    return n > SIZE_MAX_CELLS ? SIZE_MAX_CELLS : n;
}

void term_size(int fd, int *width, int *height)
{
    struct winsize size = {0, 0, 0, 0};

    if (ioctl(fd, TIOCGWINSZ, &size) != 0) {
        size.ws_col = 0;
        size.ws_row = 0;
    }
    *width = clamp(size.ws_col, 80);
    *height = clamp(size.ws_row, 24);
}

bool term_waiting(const struct term *term)
{
    return term->done < term->waiting.n;
}

static int lost(struct term *term, int errnum, struct err *err)
{
    term->gone = true;
    return err_os(err, ERR_IO, errnum, "the terminal is gone");
}

/* A terminal that hung up is noticed even when there is nothing to write. */
static bool is_hung_up(const struct term *term)
{
    struct pollfd fd = {.fd = term->hold.fd, .events = 0};

    return poll(&fd, 1, 0) == 1 &&
           (fd.revents & (POLLERR | POLLHUP | POLLNVAL));
}

int term_flush(struct term *term, struct err *err)
{
    size_t left = term->waiting.n - term->done;
    ssize_t put;

    if (term->gone || is_hung_up(term))
        return lost(term, EIO, err);
    if (left == 0)
        return 0;
    put = write(term->hold.fd, term->waiting.p + term->done, left);
    if (put < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : lost(term, errno, err);
    term->done += (size_t)put;
    if (!term_waiting(term)) {
        buf_reset(&term->waiting);
        term->done = 0;
    }
    return 0;
}

/* Makes a copy of what is about to be shown, to compare the next with. */
static int remember(struct term *term, const struct grid *grid, struct err *err)
{
    struct grid *shown = &term->shown;
    size_t n = (size_t)grid->width * (size_t)grid->height;

    if (shown->width != grid->width || shown->height != grid->height) {
        grid_release(shown);
        if (grid_init(shown, grid->width, grid->height, err) != 0)
            return -1;
    }
    memcpy(shown->cells, grid->cells, n * sizeof(*grid->cells));
    return 0;
}

int term_show(struct term *term, const struct grid *grid, bool color,
              struct err *err)
{
    bool same = term->known && term->shown.width == grid->width &&
                term->shown.height == grid->height;

    if (term->suspended)
        return 0;
    if (term_flush(term, err) != 0)
        return -1;
    if (term_waiting(term))
        return 0;
    term->known = false;
    if (grid_diff(same ? &term->shown : NULL, grid, color, &term->waiting)) {
        buf_reset(&term->waiting);
        return err_memory(err);
    }
    if (remember(term, grid, err) != 0) {
        buf_reset(&term->waiting);
        return -1;
    }
    term->known = true;
    return term_flush(term, err) == 0 ? 1 : -1;
}

void term_redraw(struct term *term)
{
    term->known = false;
}

/* Reads one byte, if there is one: 1; 0 not now, -1 never again. */
static int read_byte(const struct term *term, unsigned char *byte)
{
    struct pollfd fd = {.fd = term->hold.keys_fd, .events = POLLIN};
    ssize_t n;

    if (poll(&fd, 1, 0) != 1)
        return 0;
    n = fd.revents & POLLIN ? read(fd.fd, byte, 1) : 0;
    if (n == 1)
        return 1;
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    return fd.revents & (POLLERR | POLLHUP | POLLNVAL) ? -1 : 0;
}

int term_key(struct term *term)
{
    if (term->hold.keys_fd < 0)
        return -1;
    while (term->hold.keyed) {
        unsigned char byte;
        int got = read_byte(term, &byte);
        int key = got == 1 ? term_key_feed(&term->key, byte) : 0;

        if (got != 1) {
            term_key_pause(&term->key);
            return got;
        }
        if (key != 0)
            return key;
    }
    return 0;
}
