#include "config.h"

#include <inttypes.h>

#include "base/parse.h"
#include "base/text.h"
#include "bsky/event.h"

/* name=value with the value scrubbed; nothing for NULL. */
static int add(struct buf *out, const char *name, const char *value)
{
    if (value == NULL)
        return 0;
    if (buf_addf(out, "%s=", name) != 0 ||
        text_scrub(out, slice_str(value), 4096) != 0)
        return -1;
    return buf_addstr(out, "\n");
}

static int add_all(struct buf *out, const char *name, const char *const *values,
                   size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (add(out, name, values[i]) != 0)
            return -1;
    }
    return 0;
}

static int add_ms(struct buf *out, const char *name, int64_t ms)
{
    return buf_addf(out, "%s=%" PRId64 "ms\n", name, ms);
}

static int add_time(struct buf *out, const char *name, int64_t us)
{
    char text[PARSE_TIME_SIZE];

    if (us == OPTIONS_UNSET)
        return 0;
    parse_time_text(us, text);
    return add(out, name, text);
}

static int add_basin(const struct config *c, struct buf *out)
{
    const struct options *o = c->options;
    const struct place *p = &c->place;
    int rc = 0;

    if (p->type == NULL)
        return add(out, "basin", "none");
    rc |= buf_addstr(out, "basin=");
    rc |= place_spell(p, out);
    rc |= buf_addstr(out, "\n");
    if (p->type->path)
        rc |= add_ms(out, "retention", o->retention);
    if (!p->type->remote)
        return rc;
    rc |= add(out, "account-endpoint", p->account_endpoint);
    rc |= add(out, "basin-endpoint", p->basin_endpoint);
    rc |= add(out, "token", p->token == NULL ? "none" : p->token_from);
    rc |= add(out, "encryption-key", p->encryption_key == NULL ? "no" : "yes");
    rc |= add(out, "allow-http", p->allow_http ? "yes" : NULL);
    return rc | add(out, "create-basin", o->create_basin ? "yes" : "no");
}

/* A stream, as it will be called. */
static int add_stream(const struct config *c, const char *stream,
                      struct buf *out)
{
    const char *prefix = c->options->prefix;

    if (prefix != NULL && text_scrub(out, slice_str(prefix), 4096) != 0)
        return -1;
    return text_scrub(out, slice_str(stream), 4096);
}

static int add_routes(const struct config *c, struct buf *out)
{
    for (size_t i = 0; i < routes_count(c->routes); i++) {
        const struct route *route = routes_get(c->routes, i);

        if (buf_addstr(out, "route=") != 0 ||
            add_stream(c, route->stream, out) != 0)
            return -1;
        for (size_t d = 0; d < route->ndomains; d++) {
            if (buf_addf(out, " %s", route->domains[d]) != 0)
                return -1;
        }
        if (buf_addstr(out, "\n") != 0)
            return -1;
    }
    if (c->options->unrouted == NULL)
        return 0;
    if (buf_addstr(out, "unrouted=") != 0 ||
        add_stream(c, c->options->unrouted, out) != 0)
        return -1;
    return buf_addstr(out, "\n");
}

static int add_source(const struct config *c, struct buf *out)
{
    const struct options *o = c->options;
    int rc = 0;

    if (o->input != NULL)
        return add(out, "input", o->input);
    rc |= add_all(out, "url", c->urls, c->nurls);
    rc |= add_all(out, "did", o->dids.v, o->dids.n);
    rc |= add(out, "compress", o->no_compress ? "no" : "yes");
    rc |= add(out, "zstd-dictionary", o->zstd_dictionary);
    rc |= c->anyway ? add(out, "since", "checkpoint")
                    : add_time(out, "since", c->since);
    return rc | add_ms(out, "idle", c->idle_ms);
}

int config_print(const struct config *c, struct buf *out)
{
    const struct options *o = c->options;
    int rc = add_source(c, out);

    rc |= add_time(out, "until", o->until);
    if (o->count > 0)
        rc |= buf_addf(out, "count=%" PRIu64 "\n", o->count);
    if (o->expect > 0)
        rc |= buf_addf(out, "expect=%" PRIu64 "\n", o->expect);
    if (o->duration > 0)
        rc |= add_ms(out, "duration", o->duration);
    rc |= c->nlangs == 0 ? add(out, "lang", "any")
                         : add_all(out, "lang", c->langs, c->nlangs);
    rc |= add(out, "links", config_links(o));
    for (int wire = EVENT_V1; wire < EVENT_WIRES; wire++) {
        rc |= buf_addf(out, "max-age-v%d=%" PRId64 "ms\n", wire,
                       c->max_age_us[wire] / 1000);
    }
    rc |= add_basin(c, out);
    rc |= add(out, "job", c->job);
    rc |= add(out, "on-gap", o->on_gap == OPTIONS_FAIL ? "fail" : "warn");
    rc |= add_ms(out, "linger", o->linger);
    rc |= add_ms(out, "retry-for", o->general.retry_for);
    rc |= add(out, "cacert", c->place.cacert);
    rc |= add(out, "output", c->output);
    if (o->stats != OPTIONS_UNSET)
        rc |= add_ms(out, "stats", o->stats);
    rc |= add(out, "metrics-file", o->metrics_file);
    return rc | add_routes(c, out);
}
