#include <string.h>

#include "bsky/match_state.h"
#include "bsky/scan.h"
#include "bsky/url.h"

/* Whether the value whose spelling begins with ${s} could be a link that is
 * wanted: its host comes before anything that is escaped, or in doubt. */
static bool may_want(const struct match *match, struct slice s)
{
    struct slice host;
    size_t n = 1;

    if (s.n < 2 || s.p[0] != '"' || strchr("hH\\", s.p[1]) == NULL)
        return false;
    /* The shortest place for the end of an authority is behind "http://x. */
    while (n < s.n && s.p[n] != '"' && s.p[n] != '\\' &&
           (n < 9 || (s.p[n] != '/' && s.p[n] != '?' && s.p[n] != '#')))
        n++;
    if (n < s.n && s.p[n] == '\\')
        return true;
    return url_host((struct slice){s.p + 1, n - 1}, &host) &&
           (match->config.unrouted ||
            routes_find(match->config.routes, host) != NULL);
}

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n'))
        p++;
    return p;
}

/* Whether the value whose spelling begins with ${s} could be an array with a
 * language that is wanted, or with something that is not looked into. */
static bool may_speak(const struct match *match, struct slice s)
{
    const char *end = s.p + s.n;
    const char *p = s.p;

    if (s.n == 0 || *p != '[')
        return false;
    do {
        struct slice tag;

        p = skip_space(p + 1, end);
        if (p == end || *p == ']')
            return false;
        if (*p != '"')
            return true;
        tag.p = ++p;
        while (p < end && *p != '"' && *p != '\\')
            p++;
        tag.n = (size_t)(p - tag.p);
        if (p == end || *p == '\\' || match_takes_tag(match, tag))
            return true;
        p = skip_space(p + 1, end);
    } while (p < end && *p == ',');
    return false;
}

/* The text from the value on of the member ${key}, when that is what stands at
 * ${p}; else empty. */
static struct slice member_value(const char *p, const char *end,
                                 struct slice key)
{
    struct slice none = {p, 0};

    if ((size_t)(end - p) < key.n || memcmp(p, key.p, key.n) != 0)
        return none;
    p = skip_space(p + key.n, end);
    if (p == end || *p != ':')
        return none;
    p = skip_space(p + 1, end);
    return (struct slice){p, (size_t)(end - p)};
}

bool match_possible(const struct match *match, struct slice json)
{
    const char *end = json.p + json.n;
    const char *p = json.p;
    bool speaks = match->config.nlangs == 0;
    bool links = false;

    while (!speaks || !links) {
        p = scan_key(p, end, 'u', 'l');
        if (p == NULL)
            return scan_spelled(json);
        if (p[1] == 'u' && !links)
            links = may_want(match, member_value(p, end, SLICE("\"uri\"")));
        else if (p[1] == 'l' && !speaks)
            speaks = may_speak(match, member_value(p, end, SLICE("\"langs\"")));
        p++;
    }
    return true;
}
