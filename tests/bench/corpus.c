/*
 * corpus KIND N [SEED [SITES]]: N events of Jetstream (wire v1) as JSON
 * lines, the same bytes for the same arguments.  KIND is
 *
 *   mix   what a server in production sends: 11% posts, a fifth with a link
 *   hot   posts with a link; one in ten is English and links to one of the
 *         default sites, whose nine streams all get some
 *   wide  English posts with a link to one of SITES sites, each in turn
 *
 * corpus routes SITES: the file for --routes that takes those of wide.
 *
 * The shares of mix are those of 152 events of such a server; what so few
 * cannot tell is assumed, and said to be so.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/parse.h"
#include "corpus_event.h"

#define OUTPUT_BUFFER ((size_t)1 << 18)
#define TEXT_MAX ((size_t)1 << 16)
#define N_MAX UINT64_C(1000000000)
#define SITES_MAX 100000
#define SITES_DEFAULT 1000

/* Of 1000 posts of mix; 5 of 17 measured, a fifth is what is asked for. */
#define LINKED 200

/* Assumed: of 1000 links of mix, and of those of hot that must not match, go
 * to the default sites; of 1000 others look as if they did. */
#define LINK_ROUTED 100
#define LINK_LOOKALIKE 30

static void put_post_event(struct maker *m, const struct tongue *tongue)
{
    put_create(m, POST);
    put_post(m, tongue);
    put_cid_and_end(m);
}

static void make_default_link(struct maker *m)
{
    const char *const *hosts = sites[pick(m, COUNT(sites))];
    const char *host = hosts[pick(m, SITE_HOSTS)];

    make_link(m, (const char *const[]){"https://", host, NULL});
}

/* One that no default route takes. */
static void make_other_link(struct maker *m)
{
    if (permille(m, LINK_LOOKALIKE))
        make_link(m, (const char *const[]){
                         lookalikes[pick(m, COUNT(lookalikes))], NULL});
    else
        make_link(m, (const char *const[]){"https://",
                                           elsewhere[pick(m, COUNT(elsewhere))],
                                           NULL});
}

static void put_mixed_post(struct maker *m)
{
    if (permille(m, LINKED)) {
        if (permille(m, LINK_ROUTED))
            make_default_link(m);
        else
            make_other_link(m);
    }
    put_post_event(m, pick_tongue(m));
}

static void put_mix(struct maker *m)
{
    /* Of 1000 events; measured: 105, 17, 15, 6, 3, 1, 1, 1, 1, 1 and 1 of
     * 152. */
    static const struct {
        unsigned share;
        void (*put)(struct maker *m);
    } kinds[] = {{691, put_like},   {110, put_mixed_post}, {99, put_repost},
                 {40, put_follow},  {20, put_unfollow},    {7, put_unpost},
                 {7, put_block},    {7, put_status},       {7, put_music},
                 {6, put_identity}, {6, put_account}};
    unsigned left = pick(m, 1000);
    size_t i = 0;

    while (i + 1 < COUNT(kinds) && left >= kinds[i].share)
        left -= kinds[i++].share;
    kinds[i].put(m);
}

/* What must not match: another site, or a default one in another language. */
static void put_cold(struct maker *m)
{
    if (permille(m, LINK_ROUTED)) {
        make_default_link(m);
        put_post_event(m, pick_english(m, false));
    } else {
        make_other_link(m);
        put_post_event(m, pick_tongue(m));
    }
}

/* ${place}: where in its ten the one is that matches. */
static void put_hot(struct maker *m, unsigned *place)
{
    if (m->number % 10 == 0)
        *place = pick(m, 10);
    if (m->number % 10 != *place) {
        put_cold(m);
        return;
    }
    make_default_link(m);
    put_post_event(m, pick_english(m, true));
}

static void put_wide(struct maker *m, uint64_t sites_total)
{
    char host[48];

    snprintf(host, sizeof(host), "%ssite%" PRIu64 ".example",
             permille(m, 300) ? "www." : "", m->number % sites_total);
    make_link(m, (const char *const[]){"https://", host, NULL});
    put_post_event(m, pick_english(m, true));
}

/* What is asked for. */
struct job {
    const char *kind;
    uint64_t n, seed, sites;
};

static int write_events(const struct job *job, struct maker *m)
{
    unsigned place = 0;

    for (m->number = 0; m->number < job->n; m->number++) {
        buf_reset(&m->line);
        buf_reset(&m->text);
        buf_reset(&m->link);
        make_record_time(m);
        if (strcmp(job->kind, "mix") == 0)
            put_mix(m);
        else if (strcmp(job->kind, "hot") == 0)
            put_hot(m, &place);
        else
            put_wide(m, job->sites);
        if (m->failed) {
            fputs("corpus: out of memory\n", stderr);
            return ERR_OS;
        }
        if (fwrite(m->line.p, 1, m->line.n, stdout) != m->line.n)
            return ERR_IO;
    }
    return 0;
}

static int write_corpus(const struct job *job)
{
    struct maker m = {.state = job->seed};
    int status;

    buf_init(&m.line, LINE_MAX_BYTES);
    buf_init(&m.text, TEXT_MAX);
    buf_init(&m.link, TEXT_MAX);
    status = write_events(job, &m);
    buf_release(&m.line);
    buf_release(&m.text);
    buf_release(&m.link);
    return status;
}

static void write_routes(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        printf("site%" PRIu64 " site%" PRIu64 ".example\n", i, i);
}

static int parse(struct job *job, int argc, char **argv)
{
    *job = (struct job){NULL, 0, 1, SITES_DEFAULT};
    if (argc < 3 || argc > 5)
        return -1;
    job->kind = argv[1];
    if (strcmp(job->kind, "routes") == 0)
        return argc == 3 ? parse_uint(argv[2], 1, SITES_MAX, &job->sites, NULL)
                         : -1;
    if (strcmp(job->kind, "mix") != 0 && strcmp(job->kind, "hot") != 0 &&
        strcmp(job->kind, "wide") != 0)
        return -1;
    if (parse_uint(argv[2], 0, N_MAX, &job->n, NULL) != 0 ||
        (argc > 3 &&
         parse_uint(argv[3], 0, UINT64_MAX, &job->seed, NULL) != 0) ||
        (argc > 4 && parse_uint(argv[4], 1, SITES_MAX, &job->sites, NULL) != 0))
        return -1;
    return 0;
}

int main(int argc, char **argv)
{
    struct job job;
    int status = 0;

    if (parse(&job, argc, argv) != 0) {
        fputs("usage: corpus mix|hot|wide N [SEED [SITES]]\n"
              "       corpus routes SITES\n",
              stderr);
        return ERR_USAGE;
    }
    setvbuf(stdout, NULL, _IOFBF, OUTPUT_BUFFER);
    if (strcmp(job.kind, "routes") == 0)
        write_routes(job.sites);
    else
        status = write_corpus(&job);
    if (status != ERR_OS && (ferror(stdout) || fflush(stdout) != 0)) {
        perror("corpus: standard output");
        status = ERR_IO;
    }
    return status;
}
