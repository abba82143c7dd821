/*
 * Where in the firehose we are: what to ask a server for when connecting,
 * and which of the events that it then sends lie below the floor.  Pure: it
 * knows no clock and no socket.
 *
 * A timestamp cursor that lies in a server's newest, unsealed segment brings
 * that whole segment, half an hour or more of old events; a sequence number
 * is exact, but counts only on the host that gave it.  So the sequence
 * number is asked for on its own host, the time elsewhere, and events below
 * the time that was asked for are dropped until the replay has reached the
 * position that we hold.  Nor is anything taken in a replay that comes before
 * the place where this job once began: it was never wanted, and would stand
 * behind what is later.
 */
#ifndef BSKY_POSITION_H
#define BSKY_POSITION_H

#include <stdbool.h>
#include <stdint.h>

/* How far a reconnect rewinds: on the same host, on another one (us), and in
 * sequence numbers; more than a block that a crash may renumber. */
#define POSITION_REWIND_US INT64_C(60000000)
#define POSITION_REWIND_HOST_US INT64_C(600000000)
#define POSITION_REWIND_SEQ 10000

/* How far one event's time may jump before a second one has to confirm it
 * (us): as far as the writer remembers what came (WRITER_MEMORY_MS). */
#define POSITION_MEMORY_US INT64_C(1800000000)

/* The longest name of a host with its port, and a NUL. */
#define POSITION_HOST_SIZE 272

struct position {
    int64_t begin_us;  /* nothing before it is wanted: what was asked for, or
                          the time of the first event; -1: none yet */
    int64_t begin_seq; /* the number of the first event taken, on host; -1:
                          unknown.  It tells before from behind where times
                          are equal or go back */
    int64_t time_us;   /* C: newest time reached, -1: none yet */
    int64_t seq;       /* S: newest number on host, -1: none */
    char host[POSITION_HOST_SIZE]; /* that C and the numbers belong to */
    unsigned epoch;                /* how often host has changed */
    int64_t wild_us; /* a jump that waits for confirmation, -1: none */
    unsigned broken; /* connections in a row that brought events but
                        nothing past C */
    bool sparse;     /* set by the caller: only some accounts' events come, so
                        that the first of all may lie far behind what was
                        asked for, and be no gap; and each may come long after
                        the one before */

    /* the present connection */
    char connected[POSITION_HOST_SIZE];
    int64_t asked_seq; /* the number that was asked for; -1: none was */
    int64_t floor_us;  /* P: events before it are dropped, -1: none */
    int64_t target_us; /* C when it was made, else what was asked for; -1 */
    bool reached;      /* the replay has come to C: no floor any more */
    bool first;        /* no event yet */
    bool switched;     /* not the host that C was reached on */
    bool unproven;     /* a gap is to be told with the next event taken */
};

/* What a connection is asked for. */
struct position_cursor {
    bool any;    /* false: no cursor, the live tip */
    bool is_seq; /* value is a sequence number, not a time in us */
    int64_t value;
};

enum position_verdict {
    POSITION_TAKE,  /* go on with this event */
    POSITION_BELOW, /* below the floor: drop it */
    POSITION_GAP    /* take it; but the first event of this connection lay
                       behind what was asked for, or the connection goes to
                       another host: continuity is not proven.  Told once in a
                       connection, with the first event that is taken */
};

/* position_init(pos, since): ${since} us to begin at, or -1: the live tip. */
void position_init(struct position *pos, int64_t since);

/*
 * position_resume(pos, from, host): go on where another run of this job got:
 * its begin_us, begin_seq, time_us and seq are in ${from} (-1: unknown), and
 * belong to ${host} (its name and port, "" unknown).  Without a time_us it is
 * position_init at begin_us, where begin_seq still tells ties apart.
 */
struct position_place {
    int64_t begin_us;
    int64_t begin_seq;
    int64_t time_us;
    int64_t seq;
};
void position_resume(struct position *pos, const struct position_place *from,
                     const char *host);

/*
 * position_start(pos, host): where a first connection to ${host} will begin,
 * us; -1: the live tip.  For writer_start.
 */
int64_t position_start(const struct position *pos, const char *host);

/* position_place(pos): where we are, to be resumed by another run. */
struct position_place position_place(const struct position *pos);

/*
 * position_connect(pos, host, by_time): a connection to ${host} (its name
 * and port) is about to be made: raise the floor, and return the cursor to
 * ask for.  ${by_time}: no sequence number, the server refused ours.
 */
struct position_cursor position_connect(struct position *pos, const char *host,
                                        bool by_time);

/*
 * position_event(pos, time_us, seq): an event arrived, with its time and its
 * sequence number (-1 where it has none).
 */
enum position_verdict position_event(struct position *pos, int64_t time_us,
                                     int64_t seq);

/* position_reading(pos): the time of what is being read: C, or where a replay
 * begins that has not come to C yet; -1: none (us).  For writer_age. */
int64_t position_reading(const struct position *pos);

#endif
