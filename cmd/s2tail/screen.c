#include "screen.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "draw.h"
#include "view/term.h"

/* At most ten frames a second; one a second for the clock alone. */
#define FRAME_MS 100
#define CLOCK_MS 1000

#define NOTICE_MS 15000
#define NOTICE_SIZE 256

/* Of the lines held back only so many bytes are kept, the last ones. */
#define HELD_MOST ((size_t)16 << 10)

/* The rate is that of the last seconds. */
#define RATE_SECONDS 5

#define KEY_REDRAW 12 /* Ctrl-L */

struct screen {
    struct tail *tail;
    struct term *term;
    int keys_fd;
    bool suspended;
    bool paused;
    bool dirty;
    bool resized;
    struct grid grid; /* the last frame */
    struct chart_options options;
    struct chart_scale scale;
    int64_t drawn_ms; /* when */
    uint64_t drawn;   /* records counted by then */
    char notice[NOTICE_SIZE];
    int64_t notice_until_ms;
    struct buf held;
    uint64_t dropped; /* lines not held, for want of room */
    int64_t rate_at[RATE_SECONDS];
    uint64_t rate_n[RATE_SECONDS];
    size_t rate_next;
    bool stderr_here; /* stderr is a terminal */
};

/* Who is in the background neither draws nor asks for keys: that would take
 * the terminal from who has it, or stop us.  On a terminal that is not ours to
 * control nobody is. */
static bool in_foreground(void)
{
    pid_t group = tcgetpgrp(STDOUT_FILENO);

    return group < 0 || group == getpgrp();
}

/* Keys come from the terminal, even while stdin carries data, if it is the
 * one that controls us. */
static int open_keys(void)
{
    if (tcgetpgrp(STDOUT_FILENO) < 0)
        return -1;
    return open("/dev/tty", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int make_grid(struct screen *screen, struct err *err)
{
    const struct options *o = screen->tail->config->options;
    int width;
    int height;

    term_size(STDOUT_FILENO, &width, &height);
    if (o->width > 0)
        width = (int)o->width;
    if (o->height > 0)
        height = (int)o->height;
    grid_release(&screen->grid);
    screen->resized = false;
    screen->dirty = true;
    return grid_init(&screen->grid, width, height, err);
}

/* Take the terminal, once it is ours. */
static int go_on(struct screen *screen, struct err *err)
{
    if (!screen->suspended || !in_foreground())
        return 0;
    if (screen->term == NULL)
        screen->term = term_open(STDOUT_FILENO, screen->keys_fd, err);
    else
        term_resume(screen->term);
    screen->suspended = screen->term == NULL;
    screen->resized = true;
    return screen->term == NULL ? -1 : 0;
}

struct screen *screen_open(struct tail *tail, struct err *err)
{
    struct screen *screen = calloc(1, sizeof(*screen));

    if (screen == NULL) {
        err_memory(err);
        return NULL;
    }
    screen->tail = tail;
    screen->keys_fd = open_keys();
    screen->options = draw_options(tail->config);
    screen->options.keys = screen->keys_fd >= 0;
    screen->stderr_here = isatty(STDERR_FILENO) != 0;
    buf_init(&screen->held, HELD_MOST);
    screen->suspended = true;
    if (make_grid(screen, err) != 0 || go_on(screen, err) != 0) {
        screen_close(screen);
        return NULL;
    }
    loop_signals_catch(SIGWINCH);
    loop_signals_catch(SIGTSTP);
    loop_signals_catch(SIGCONT);
    return screen;
}

/* What was held is told one by one, as it would have been. */
static void tell_held(struct screen *screen)
{
    const char *text = screen->held.n == 0 ? "" : buf_str(&screen->held);
    const char *end;

    if (screen->dropped > 0)
        log_line(LOG_LEVEL_WARNING, "%llu lines are left out here",
                 (unsigned long long)screen->dropped);
    for (; text != NULL && *text != '\0'; text = end + 1) {
        end = strchr(text, '\n');
        log_line((enum log_level)(text[0] - '0'), "%.*s", (int)(end - text - 1),
                 text + 1);
    }
}

void screen_close(struct screen *screen)
{
    if (screen == NULL)
        return;
    term_close(screen->term, screen->drawn_ms > 0 ? &screen->grid : NULL,
               screen->tail->config->color);
    tell_held(screen);
    if (screen->keys_fd >= 0)
        close(screen->keys_fd);
    grid_release(&screen->grid);
    buf_release(&screen->held);
    free(screen);
}

/* While old records are caught up with, they are no rate. */
static bool is_behind(const struct tail *tail)
{
    int64_t wall_ms = count_now(tail->count);

    return tail->feed == NULL &&
           (tail->follow == NULL ||
            follow_bound(tail->follow, wall_ms) < wall_ms);
}

/* Records a thousand seconds, of the last few seconds. */
static int64_t rate(struct screen *screen, int64_t now, uint64_t counted)
{
    size_t last = (screen->rate_next + RATE_SECONDS - 1) % RATE_SECONDS;
    size_t first;

    if (is_behind(screen->tail)) {
        memset(screen->rate_at, 0, sizeof(screen->rate_at));
        screen->rate_next = 0;
        return CHART_UNKNOWN;
    }
    if (now - screen->rate_at[last] >= 1000) {
        screen->rate_at[screen->rate_next] = now;
        screen->rate_n[screen->rate_next] = counted;
        screen->rate_next = (screen->rate_next + 1) % RATE_SECONDS;
    }
    first = screen->rate_at[screen->rate_next] != 0 ? screen->rate_next : 0;
    if (now - screen->rate_at[first] < 500)
        return CHART_UNKNOWN;
    return (int64_t)((counted - screen->rate_n[first]) * 1000000 /
                     (uint64_t)(now - screen->rate_at[first]));
}

struct drawing {
    struct screen *screen;
    struct draw_frame frame;
    int rc;
};

static void on_open(void *arg, const struct window_snapshot *snapshot)
{
    struct drawing *d = arg;

    d->rc = draw_grid(d->screen->tail, snapshot, &d->frame, &d->screen->scale,
                      &d->screen->grid);
}

static int draw(struct screen *screen, int64_t now, struct err *err)
{
    struct window *window = count_window(screen->tail->count);
    uint64_t counted = window_records(window);
    struct drawing d = {screen,
                        {.options = screen->options,
                         .rate_milli = rate(screen, now, counted),
                         .paused = screen->paused},
                        0};
    int shown;

    if (screen->resized && make_grid(screen, err) != 0)
        return -1;
    if (now < screen->notice_until_ms && screen->notice[0] != '\0')
        d.frame.notice = screen->notice;
    window_open(window, count_shown(screen->tail->count), on_open, &d);
    if (d.rc != 0)
        return err_memory(err);
    screen->drawn_ms = now;
    screen->drawn = counted;
    if (screen->suspended)
        return 0;
    shown = term_show(screen->term, &screen->grid, screen->tail->config->color,
                      err);
    /* A frame that a slow terminal could not take yet is still to be shown. */
    screen->dirty = shown == 0;
    return shown < 0 ? -1 : 0;
}

/* Whether there is more to show than the clock. */
static bool has_news(const struct screen *screen)
{
    return screen->dirty || screen->resized ||
           (!screen->paused &&
            screen->drawn != window_records(count_window(screen->tail->count)));
}

int screen_run(struct screen *screen, int64_t now, int64_t *next,
               struct err *err)
{
    int64_t due;

    *next = now + CLOCK_MS;
    if (go_on(screen, err) != 0)
        return -1;
    if (screen->suspended)
        return 0;
    if (term_flush(screen->term, err) != 0)
        return -1;
    due = screen->drawn_ms + (has_news(screen) ? FRAME_MS : CLOCK_MS);
    if (screen->paused && !screen->dirty && !screen->resized)
        return 0;
    if (now >= due) {
        if (draw(screen, now, err) != 0)
            return -1;
        due = now + CLOCK_MS;
    }
    *next = due;
    return 0;
}

/* The shell's prompt needs a row, too. */
int screen_last(struct screen *screen, struct err *err)
{
    int height = screen->grid.height > 1 ? screen->grid.height - 1 : 1;
    int width = screen->grid.width;

    screen->options.keys = false;
    screen->resized = false;
    grid_release(&screen->grid);
    if (grid_init(&screen->grid, width, height, err) != 0)
        return -1;
    return draw(screen, loop_now(), err);
}

enum screen_wish screen_keys(struct screen *screen)
{
    enum screen_wish wish = SCREEN_NOTHING;
    int key = 0;

    if (screen->suspended || screen->keys_fd < 0)
        return wish;
    for (key = term_key(screen->term); key > 0; key = term_key(screen->term)) {
        screen->dirty = true;
        switch (key) {
        case 'q':
            return SCREEN_QUIT;
        case ' ':
            screen->paused = !screen->paused;
            break;
        case 's':
            screen->options.sort = screen->options.sort == CHART_BY_NAME
                                       ? CHART_BY_COUNT
                                       : CHART_BY_NAME;
            break;
        case 'r':
            screen->options.rate = !screen->options.rate;
            memset(&screen->scale, 0, sizeof(screen->scale));
            break;
        case 'z':
            wish = SCREEN_ZERO;
            memset(&screen->scale, 0, sizeof(screen->scale));
            break;
        case KEY_REDRAW:
            term_redraw(screen->term);
            break;
        default:
            break;
        }
    }
    return wish;
}

void screen_signal(struct screen *screen, int signo)
{
    if (signo == SIGWINCH)
        screen->resized = true;
    /* After a stop that we could not see coming, the shell's modes are on. */
    if (signo == SIGCONT)
        screen->suspended = true;
    if (signo != SIGTSTP)
        return;
    if (!screen->suspended)
        term_suspend(screen->term);
    screen->suspended = true;
    loop_stop_of(SIGTSTP);
}

size_t screen_poll(const struct screen *screen, struct pollfd *fds)
{
    size_t n = 0;

    if (screen->suspended)
        return 0;
    if (screen->keys_fd >= 0) {
        fds[n].fd = screen->keys_fd;
        fds[n++].events = POLLIN;
    }
    if (term_waiting(screen->term)) {
        fds[n].fd = STDOUT_FILENO;
        fds[n++].events = POLLOUT;
    }
    return n;
}

void screen_notice(struct screen *screen, const char *text)
{
    size_t n = strlen(text);

    if (n >= sizeof(screen->notice))
        n = sizeof(screen->notice) - 1;
    memcpy(screen->notice, text, n);
    screen->notice[n] = '\0';
    screen->notice_until_ms = loop_now() + NOTICE_MS;
    screen->dirty = true;
}

bool screen_hold(struct screen *screen, int level, const char *text)
{
    const char *newline;

    if (!screen->stderr_here)
        return false;
    while (buf_addf(&screen->held, "%d%s\n", level, text) != 0) {
        newline = screen->held.n == 0
                      ? NULL
                      : memchr(screen->held.p, '\n', screen->held.n);
        if (newline == NULL)
            return true;
        buf_drop(&screen->held, (size_t)(newline - screen->held.p) + 1);
        screen->dropped++;
    }
    return true;
}
