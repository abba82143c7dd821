#include "jet.h"

#include <inttypes.h>

#include "base/loop.h"

/* jet->lock is held. */
static uint64_t count_at(const struct jet *jet, uint64_t total, int64_t now)
{
    uint64_t n;

    if (!jet->started)
        return jet->plan.live ? jet->plan.live_from : 0;
    if (jet->pace == 0)
        return total;
    n = jet->base + (uint64_t)(now - jet->start_ms) * jet->pace / 1000;
    return n < total ? n : total;
}

size_t jetclock_count(struct jet *jet, size_t total, int64_t *wait_ms)
{
    int64_t now = loop_now();
    uint64_t n;

    pthread_mutex_lock(&jet->lock);
    n = count_at(jet, total, now);
    *wait_ms = jet->pace > 0 ? (int64_t)(1000 / jet->pace) : 0;
    pthread_mutex_unlock(&jet->lock);
    if (*wait_ms < 1)
        *wait_ms = 1;
    return n < total ? (size_t)n : total;
}

void jetclock_look(struct jetconn *jc)
{
    pthread_mutex_lock(&jc->jet->lock);
    jc->view = jc->jet->view;
    pthread_mutex_unlock(&jc->jet->lock);
}

void jetclock_start(struct jetconn *jc)
{
    int64_t now = loop_now();
    struct jet *jet = jc->jet;

    pthread_mutex_lock(&jet->lock);
    if (!jet->started) {
        jet->base = count_at(jet, UINT64_MAX, now);
        jet->started = true;
        jet->start_ms = now;
    }
    /* What somebody starts with exists. */
    if (jet->pace > 0 && count_at(jet, UINT64_MAX, now) < jc->first)
        jet->base += jc->first - count_at(jet, UINT64_MAX, now);
    if (jet->restamp && !jet->view.stamped) {
        jet->view.stamp =
            (struct feed_stamp){jc->first, loop_wall(), jet->pace};
        jet->view.stamped = true;
    }
    jc->view.stamped = jet->view.stamped;
    jc->view.stamp = jet->view.stamp;
    pthread_mutex_unlock(&jet->lock);
}

/* The last events that somebody was sent are lost, and come again behind
 * them.  jet->lock is held. */
static void crash(struct jetconn *jc, const struct plan_crash *plan)
{
    struct jet *jet = jc->jet;
    struct feed_view *view = &jet->view;
    struct feed_crash *crash = &view->crashes[view->ncrashes];
    /* This one's events may be others, and fewer. */
    size_t tip = jet->tip < jc->feed->n ? jet->tip : jc->feed->n;

    crash->from = tip > plan->lost ? tip - (size_t)plan->lost : 0;
    crash->us = (int64_t)plan->gap_ms * 1000;
    if (feed_seq(jc->feed, crash->from, view) >= 0)
        crash->seq = feed_seq(jc->feed, tip - 1, view) + 1 -
                     feed_seq(jc->feed, crash->from, view);
    journal_line(&jet->peer.journal,
                 "crash sent=%" PRIu64 " from=%zu tip=%zu seq=+%" PRId64
                 " us=+%" PRId64,
                 jet->sent, crash->from, tip, crash->seq, crash->us);
    view->ncrashes++;
}

void jetclock_sent(struct jetconn *jc)
{
    struct jet *jet = jc->jet;

    pthread_mutex_lock(&jet->lock);
    jet->sent++;
    if (jet->tip < jc->next)
        jet->tip = jc->next;
    /* Each crash adds to the view: as many as there were are over. */
    while (jet->view.ncrashes < jet->plan.ncrashes &&
           jet->plan.crashes[jet->view.ncrashes].at <= jet->sent)
        crash(jc, &jet->plan.crashes[jet->view.ncrashes]);
    pthread_mutex_unlock(&jet->lock);
}

bool jetclock_crashed(const struct jetconn *jc)
{
    struct jet *jet = jc->jet;
    bool crashed;

    pthread_mutex_lock(&jet->lock);
    crashed = jet->view.ncrashes != jc->view.ncrashes;
    pthread_mutex_unlock(&jet->lock);
    return crashed;
}
