/*
 * What runs the requests of http.h: shared by http.c, which begins and ends
 * them, http_wait.c, which lets them go on, and http_session.c, which does
 * what is peculiar to sessions.  Internal to these.
 */
#ifndef S2_HTTP_STATE_H
#define S2_HTTP_STATE_H

#include "s2/http.h"
#include "s2/http_easy.h"
#include "s2/http_roots.h"
#include "s2/http_sockets.h"

/* Doubly linked, so that any request can leave at any time. */
struct http_queue {
    struct http_request *first;
    struct http_request *last;
};

/* Requests wait in queues of our own and not in libcurl's, where their time
 * for connecting would run while they wait. */
struct http {
    CURLM *multi;                 /* of ordinary requests */
    struct http_sockets sessions; /* the others */
    struct http_easy_config config;
    char *user_agent;
    struct http_roots roots;
    size_t max_files; /* descriptors of this process */
    int max_running;  /* ordinary requests */
    int nrunning;
    int nsessions;               /* that run */
    size_t nalone;               /* sessions, run or not, that share nothing */
    struct http_queue waiting;   /* ordinary requests */
    struct http_queue starting;  /* sessions */
    struct http_queue running;   /* those that libcurl has */
    struct http_queue ended;     /* so too, but cancelled from within it */
    struct http_request *opener; /* of a shared connection; NULL: none */
    bool inside;                 /* libcurl is at work: no meddling */
    int64_t crowd_at;            /* no session goes on before; loop_now() */
    int64_t watch_at;            /* none is too silent before */
};

struct http_request {
    struct http *http;
    struct http_queue *queue; /* the one that it is in */
    struct http_request *prev;
    struct http_request *next;
    bool session;
    struct http_easy easy;
    http_done *done;
    void *arg;
};

/* http_queue_add(queue, request): put it last; it must be in no queue.
 * http_queue_remove(request): take it out of the one that it is in. */
void http_queue_add(struct http_queue *queue, struct http_request *request);
void http_queue_remove(struct http_request *request);

/* http_detach(request): http_queue_remove, and from libcurl too, which must
 * not be at work. */
void http_detach(struct http_request *request);

/*
 * http_finish(request, reply): call back and free it.  It leaves its queue
 * before the callback, so that whatever this starts or cancels finds a sound
 * state; its memory holds the body, so it goes last.
 */
void http_finish(struct http_request *request, const struct http_reply *reply);

/* http_destroy(request): free it; it must be in no queue. */
void http_destroy(struct http_request *request);

#endif
