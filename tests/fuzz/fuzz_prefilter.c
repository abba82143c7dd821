/*
 * Any message: what the prefilter of bsky2s2 refuses is what the parser and
 * the matching rules refuse, too.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/peekcheck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MATCHES = 3 };

static struct match *matches[MATCHES];

/* As without any option; whatever is a link; and few links of one place. */
static void init(void)
{
    static const char *const english[] = {"en"};
    struct match_config config = {.langs = english, .nlangs = 1};
    struct routes *defaults = routes_new();
    struct routes *odd = routes_new();

    if (defaults == NULL || odd == NULL ||
        routes_add_defaults(defaults, NULL) != 0 ||
        routes_add_spec(odd, "odd.example=odd/one", NULL) != 0)
        abort();
    config.routes = defaults;
    matches[0] = match_new(&config, NULL);
    config.nlangs = 0;
    config.routes = odd;
    config.links = MATCH_FACETS;
    matches[1] = match_new(&config, NULL);
    config.links = MATCH_ALL;
    config.unrouted = true;
    matches[2] = match_new(&config, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice json = {(const char *)data, n};

    if (n == 0)
        return 0;
    if (matches[0] == NULL)
        init();
    for (int i = 0; i < MATCHES; i++) {
        const char *wrong = peekcheck(json, matches[i], NULL);

        if (wrong != NULL) {
            fprintf(stderr, "%s (configuration %d): %.*s\n", wrong, i, (int)n,
                    json.p);
            abort();
        }
    }
    return 0;
}
