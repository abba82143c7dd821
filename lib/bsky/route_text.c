#include "bsky/route.h"

#include <stdbool.h>
#include <string.h>

#include "bsky/route_map.h"

static const char default_map[] =
    "ecommerce/amazon amazon.com amazon.ca amazon.co.uk amazon.de amazon.fr"
    " amazon.it amazon.es amazon.nl amazon.se amazon.pl amazon.ie"
    " amazon.com.be amazon.com.tr amazon.ae amazon.sa amazon.eg amazon.in"
    " amazon.co.jp amazon.sg amazon.com.au amazon.com.mx amazon.com.br"
    " amazon.co.za amzn.to amzn.com amzn.eu amzn.asia amzn.in a.co\n"
    "ecommerce/ebay ebay.com ebay.ca ebay.co.uk ebay.de ebay.fr ebay.it"
    " ebay.es ebay.ie ebay.at ebay.ch ebay.nl ebay.be ebay.pl ebay.ph"
    " ebay.com.au ebay.com.hk ebay.com.sg ebay.com.my ebay.us ebay.to\n"
    "ecommerce/etsy etsy.com etsy.me\n"
    "social/facebook facebook.com fb.com fb.watch fb.me fb.gg\n"
    "social/reddit reddit.com redd.it\n"
    "social/youtube youtube.com youtu.be youtube-nocookie.com\n"
    "news/bbc bbc.com bbc.co.uk bbc.in\n"
    "news/cbc cbc.ca\n"
    "news/cnn cnn.com cnn.it\n";

static void draft_init(struct route_draft *draft, enum err_code blame,
                       bool user)
{
    buf_init(&draft->names, ROUTE_NAMES_MAX);
    draft->ndomains = 0;
    draft->blame = blame;
    draft->user = user;
}

static int draft_add(struct route_draft *draft, struct slice name,
                     struct err *err)
{
    if (buf_addslice(&draft->names, name) == 0 &&
        buf_add(&draft->names, "", 1) == 0)
        return 0;
    if (name.n >= draft->names.max - draft->names.n)
        return err_set(err, draft->blame, "more than %zu bytes of names",
                       draft->names.max);
    return err_memory(err);
}

static int draft_stream(struct route_draft *draft, struct slice name,
                        struct err *err)
{
    if (!routes_stream_ok(name))
        return err_set(err, draft->blame, "'%.*s' cannot be a stream's name",
                       (int)(name.n < 80 ? name.n : 80), name.p);
    return draft_add(draft, name, err);
}

/* Lowercases ${name} into ${out}; false when it is no domain. */
static bool read_domain(struct slice name, char out[ROUTE_DOMAIN_MAX])
{
    bool empty = true;

    if (name.n > ROUTE_DOMAIN_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = slice_lower(name.p[i]);

        if (c == '.' ? empty
                     : !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                         c == '-' || c == '_'))
            return false;
        empty = c == '.';
        out[i] = c;
    }
    return !empty;
}

static int draft_domain(struct route_draft *draft, struct slice name,
                        struct err *err)
{
    char low[ROUTE_DOMAIN_MAX];
    struct slice domain = {low, name.n};

    if (!read_domain(name, low))
        return err_set(err, draft->blame, "'%.*s' is not a domain",
                       (int)(name.n < 80 ? name.n : 80), name.p);
    draft->ndomains++;
    return draft_add(draft, domain, err);
}

/* Takes what stands before the first ${end} off ${rest}, and ${end}; all of
 * it when there is none. */
static struct slice cut(struct slice *rest, char end)
{
    struct slice part = *rest;
    const char *at = rest->n > 0 ? memchr(rest->p, end, rest->n) : NULL;

    if (at != NULL)
        part.n = (size_t)(at - rest->p);
    rest->p += part.n + (at != NULL);
    rest->n -= part.n + (at != NULL);
    return part;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next word off a ${line}; empty at its end or at a comment, which
 * begins with a word. */
static struct slice next_word(struct slice *line)
{
    struct slice word;
    size_t i = 0;

    while (i < line->n && is_blank(line->p[i]))
        i++;
    word.p = line->p + i;
    word.n = 0;
    if (i < line->n && line->p[i] == '#')
        return word;
    while (i + word.n < line->n && !is_blank(word.p[word.n]))
        word.n++;
    line->p += i + word.n;
    line->n -= i + word.n;
    return word;
}

/* Reads one line of a map into ${draft}; no names at all for a blank one. */
static int read_line(struct route_draft *draft, struct slice line,
                     struct err *err)
{
    struct slice word = next_word(&line);

    if (word.n == 0)
        return 0;
    if (draft_stream(draft, word, err) != 0)
        return -1;
    for (word = next_word(&line); word.n > 0; word = next_word(&line)) {
        if (draft_domain(draft, word, err) != 0)
            return -1;
    }
    if (draft->ndomains == 0)
        return err_set(err, draft->blame, "a stream without a domain");
    return 0;
}

static int add_line(struct routes *routes, struct slice line, bool user,
                    struct err *err)
{
    struct route_draft draft;
    int r;

    draft_init(&draft, ERR_CONFIG, user);
    r = read_line(&draft, line, err);
    if (r == 0 && draft.ndomains > 0)
        r = routes_insert(routes, &draft, err);
    buf_release(&draft.names);
    return r;
}

static int add_text(struct routes *routes, struct slice text, const char *name,
                    bool user, struct err *err)
{
    for (size_t number = 1; text.n > 0; number++) {
        if (add_line(routes, cut(&text, '\n'), user, err) != 0)
            return err_prefix(err, "%.200s:%zu", name, number);
    }
    return 0;
}

int routes_add_text(struct routes *routes, struct slice text, const char *name,
                    struct err *err)
{
    return add_text(routes, text, name, true, err);
}

int routes_add_defaults(struct routes *routes, struct err *err)
{
    return add_text(routes, slice_str(default_map), "default routes", false,
                    err);
}

static int read_spec(struct route_draft *draft, struct slice spec,
                     struct err *err)
{
    struct slice domains = cut(&spec, '=');

    /* Names stand in a draft in the order of a map's line. */
    if (draft_stream(draft, spec, err) != 0)
        return -1;
    while (domains.n > 0) {
        bool last = memchr(domains.p, ',', domains.n) == NULL;

        if (draft_domain(draft, cut(&domains, ','), err) != 0)
            return -1;
        if (!last && domains.n == 0)
            return err_set(err, draft->blame, "a domain is missing");
    }
    if (draft->ndomains == 0)
        return err_set(err, draft->blame, "a domain is missing");
    return 0;
}

int routes_add_spec(struct routes *routes, const char *spec, struct err *err)
{
    struct route_draft draft;
    int r;

    if (strchr(spec, '=') == NULL)
        return err_set(err, ERR_USAGE,
                       "'%.200s' is not DOMAIN[,DOMAIN...]=STREAM", spec);
    draft_init(&draft, ERR_USAGE, true);
    r = read_spec(&draft, slice_str(spec), err);
    if (r == 0)
        r = routes_insert(routes, &draft, err);
    buf_release(&draft.names);
    return r != 0 ? err_prefix(err, "route '%.200s'", spec) : 0;
}
