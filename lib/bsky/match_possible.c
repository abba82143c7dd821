#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "bsky/match_state.h"
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

/* Whether an escape in ${json} could spell a letter of a key. */
static bool has_spelled_letter(struct slice json)
{
    const char *end = json.p + json.n;
    const char *p = json.p;

    for (;;) {
        p = memchr(p, '\\', (size_t)(end - p));
        if (p == NULL)
            return false;
        if (end - p >= 5 &&
            (memcmp(p, "\\u006", 5) == 0 || memcmp(p, "\\u007", 5) == 0))
            return true;
        p++;
    }
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

/* The next quote with the first letter of a key that matters behind it: it
 * tells the few that do from all other text.  NULL: none is left. */
static const char *next_key(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i u = _mm_set1_epi8('u');
    const __m128i l = _mm_set1_epi8('l');

    for (; end - p > 16; p += 16) {
        __m128i here = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(p + 1));
        __m128i letter =
            _mm_or_si128(_mm_cmpeq_epi8(next, u), _mm_cmpeq_epi8(next, l));
        int found = _mm_movemask_epi8(
            _mm_and_si128(_mm_cmpeq_epi8(here, quote), letter));

        if (found != 0)
            return p + __builtin_ctz((unsigned)found);
    }
#endif
    for (;;) {
        p = memchr(p, '"', (size_t)(end - p));
        if (p == NULL || end - p < 2)
            return NULL;
        if (p[1] == 'u' || p[1] == 'l')
            return p;
        p++;
    }
}

bool match_possible(const struct match *match, struct slice json)
{
    const char *end = json.p + json.n;
    const char *p = json.p;
    bool speaks = match->config.nlangs == 0;
    bool links = false;

    while (!speaks || !links) {
        p = next_key(p, end);
        if (p == NULL)
            return has_spelled_letter(json);
        if (p[1] == 'u' && !links)
            links = may_want(match, member_value(p, end, SLICE("\"uri\"")));
        else if (p[1] == 'l' && !speaks)
            speaks = may_speak(match, member_value(p, end, SLICE("\"langs\"")));
        p++;
    }
    return true;
}
