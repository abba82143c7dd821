#include "bsky/scan.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

const char *scan_key(const char *p, const char *end, char a, char b)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i first = _mm_set1_epi8(a);
    const __m128i second = _mm_set1_epi8(b);

    for (; end - p > 16; p += 16) {
        __m128i here = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i next = _mm_loadu_si128((const __m128i *)(const void *)(p + 1));
        __m128i letter = _mm_or_si128(_mm_cmpeq_epi8(next, first),
                                      _mm_cmpeq_epi8(next, second));
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
        if (p[1] == a || p[1] == b)
            return p;
        p++;
    }
}

bool scan_spelled(struct slice json)
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
