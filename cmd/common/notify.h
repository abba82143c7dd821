/*
 * What a service manager wants to hear, over the datagram socket that it
 * names in the environment: sd_notify(3), sd_watchdog_enabled(3).
 */
#ifndef COMMON_NOTIFY_H
#define COMMON_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* How often a status is worth a message, ms. */
#define NOTIFY_STATUS_MS 5000

struct notify {
    int fd; /* -1: there is nobody */
    struct sockaddr_un to;
    socklen_t to_size;
    int64_t watchdog_ms; /* how often a sign of life is sent, 0: never */
    int64_t watchdog_due_ms;
    bool ready;    /* has been said */
    bool stopping; /* likewise */
};

/* notify_open(notify): find the service manager, if there is one; what it
 * cannot be told is lost.  notify_close(notify) ends it. */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* notify_stopping(notify): the end has begun; said once. */
void notify_stopping(struct notify *notify);

/* notify_status(notify, text): one line for a person. */
void notify_status(struct notify *notify, const char *text);

/* notify_alive(notify, now, next): to be called in every turn of the loop that
 * has gone well, ${now} in ms: the first says that we are ready, and then a
 * sign of life when one is due; lowers *${next} to when the next is. */
void notify_alive(struct notify *notify, int64_t now, int64_t *next);

#endif
