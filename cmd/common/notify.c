#include "common/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "base/text.h"

/* A full queue is tried again after so long. */
#define AGAIN_MS 100

/* A path, or a name in Linux's abstract space, which begins with @. */
static bool set_address(struct notify *notify, const char *name)
{
    size_t n = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || n < 2 ||
        n >= sizeof(notify->to.sun_path))
        return false;
    memset(&notify->to, 0, sizeof(notify->to));
    notify->to.sun_family = AF_UNIX;
    memcpy(notify->to.sun_path, name, n);
    if (name[0] == '@')
        notify->to.sun_path[0] = '\0';
    notify->to_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n +
                                  (name[0] == '/' ? 1 : 0));
    return true;
}

/* Half the time after which we are taken for dead; 0 when nobody watches, or
 * somebody watches another process. */
static int64_t watchdog_ms(void)
{
    const char *text = getenv("WATCHDOG_USEC");
    const char *whose = getenv("WATCHDOG_PID");
    uint64_t us = 0;
    uint64_t pid = 0;

    if (text == NULL || parse_uint(text, 1, INT64_MAX, &us, NULL) != 0)
        return 0;
    if (whose != NULL && (parse_uint(whose, 1, INT64_MAX, &pid, NULL) != 0 ||
                          pid != (uint64_t)getpid()))
        return 0;
    return us < 2000 ? 1 : (int64_t)(us / 2000);
}

void notify_open(struct notify *notify)
{
    const char *name = getenv("NOTIFY_SOCKET");

    memset(notify, 0, sizeof(*notify));
    notify->fd = -1;
    if (name == NULL || !set_address(notify, name))
        return;
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    notify->watchdog_ms = watchdog_ms();
}

void notify_close(struct notify *notify)
{
    if (notify->fd >= 0)
        close(notify->fd);
    notify->fd = -1;
}

/* Whether it has been sent, or never can be; else its queue is full. */
static bool say(const struct notify *notify, const char *text)
{
    return notify->fd < 0 ||
           sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL,
                  (const struct sockaddr *)&notify->to, notify->to_size) >= 0 ||
           (errno != EAGAIN && errno != ENOBUFS);
}

void notify_stopping(struct notify *notify)
{
    if (!notify->stopping)
        notify->stopping = say(notify, "STOPPING=1");
}

void notify_status(struct notify *notify, const char *text)
{
    char line[512];

    if (notify->fd < 0)
        return;
    snprintf(line, sizeof(line), "STATUS=%s", text);
    text_clean(line);
    say(notify, line);
}

void notify_alive(struct notify *notify, int64_t now, int64_t *next)
{
    if (notify->fd < 0)
        return;
    if (!notify->ready)
        notify->ready = say(notify, "READY=1");
    if (!notify->ready && now + AGAIN_MS < *next)
        *next = now + AGAIN_MS;
    if (notify->watchdog_ms == 0)
        return;
    if (now >= notify->watchdog_due_ms)
        notify->watchdog_due_ms =
            now + (say(notify, "WATCHDOG=1") || notify->watchdog_ms < AGAIN_MS
                       ? notify->watchdog_ms
                       : AGAIN_MS);
    if (notify->watchdog_due_ms < *next)
        *next = notify->watchdog_due_ms;
}
