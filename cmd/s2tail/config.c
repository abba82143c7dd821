#include "config.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/parse.h"
#include "basin/checkpoint.h"
#include "view/chart.h"
#include "view/window.h"

#define CHART_EVERY_MS 1000
#define CHECK_RETRY_MS 10000

/* A chart is not wider or higher. */
#define CELLS_MOST 1000

static int check_together(const struct options *o, struct err *err)
{
    if (o->input != NULL && o->state != NULL)
        return err_set(err, ERR_USAGE,
                       "--input goes not with --state: a pipe has no "
                       "positions to come back to");
    if (o->input != NULL && o->place.basin != NULL)
        return err_set(err, ERR_USAGE, "--input goes not with --basin");
    if (o->width > CELLS_MOST || o->height > CELLS_MOST)
        return err_set(err, ERR_USAGE, "%s: more than %d",
                       o->width > CELLS_MOST ? "--width" : "--height",
                       CELLS_MOST);
    if (!o->check && o->warn.n + o->crit.n > 0)
        return err_set(err, ERR_USAGE, "--warn and --crit need --check");
    if (o->check &&
        (o->format != FORMAT_AUTO || o->output != NULL || o->state != NULL))
        return err_set(err, ERR_USAGE,
                       "--check goes with none of --format, --output and "
                       "--state");
    return 0;
}

static int check_exprs(const char *option, const struct opt_list *exprs,
                       struct err *err)
{
    for (size_t i = 0; i < exprs->n; i++) {
        if (judge_check(exprs->v[i], err) != 0)
            return err_prefix(err, "%s", option);
    }
    return 0;
}

static int set_exprs(struct config *config, struct err *err)
{
    const struct options *o = config->options;

    config->exprs.warn = o->warn.v;
    config->exprs.nwarn = o->warn.n;
    config->exprs.crit = o->crit.v;
    config->exprs.ncrit = o->crit.n;
    if (check_exprs("--warn", &o->warn, err) != 0)
        return -1;
    return check_exprs("--crit", &o->crit, err);
}

/* The checkpoints of bsky2s2 are no data. */
static int set_excludes(struct config *config, struct err *err)
{
    const struct opt_list *more = &config->options->excludes;

    config->excludes = calloc(more->n + 1, sizeof(*config->excludes));
    if (config->excludes == NULL)
        return err_memory(err);
    config->excludes[config->nexcludes++] = CHECKPOINT_PREFIX "*";
    for (size_t i = 0; i < more->n; i++)
        config->excludes[config->nexcludes++] = more->v[i];
    return 0;
}

static int set_panels(struct config *config, struct err *err)
{
    static const struct {
        const char *name;
        unsigned bit;
    } known[] = {{"recent", CHART_RECENT},
                 {"total", CHART_TOTAL},
                 {"spark", CHART_SPARK}};
    const char *p = config->options->panels;

    if (p == NULL)
        p = "recent,total";
    for (;;) {
        size_t n = strcspn(p, ",");
        unsigned bit = 0;

        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
            if (strlen(known[i].name) == n && memcmp(known[i].name, p, n) == 0)
                bit = known[i].bit;
        }
        if (bit == 0)
            return err_set(err, ERR_USAGE,
                           "--panels: '%.64s': recent, total and spark, with "
                           "commas",
                           config->options->panels);
        config->panels |= bit;
        if (p[n] == '\0')
            break;
        p += n + 1;
    }
    if ((config->panels & (CHART_RECENT | CHART_TOTAL)) == 0)
        return err_set(err, ERR_USAGE,
                       "--panels: spark goes with recent or total");
    return 0;
}

/* A terminal that can only be written to line by line. */
static bool is_dumb(void)
{
    const char *term = place_env("TERM");

    return term == NULL || strcmp(term, "dumb") == 0;
}

static void set_format(struct config *config)
{
    const struct options *o = config->options;
    bool to_stdout = o->output == NULL || strcmp(o->output, "-") == 0;
    bool tty = to_stdout && isatty(STDOUT_FILENO) && !is_dumb();

    config->format = o->check ? &format_check : format_chosen(o->format, tty);
    config->screen = tty && config->format == &format_chart;
    if (!o->check && !config->screen)
        config->output = o->output == NULL ? "-" : o->output;
    config->color =
        o->color == COLOR_ALWAYS ||
        (o->color == COLOR_AUTO && tty && place_env("NO_COLOR") == NULL);
    config->ascii = o->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
}

/* Charts move every second, where that divides the window often enough but
 * not too often. */
static int64_t default_every(const struct config *config)
{
    int64_t window = config->options->window;
    int64_t every = CHART_EVERY_MS;

    if (config->format != &format_chart)
        return window;
    if (window / every > WINDOW_RATIO_MAX)
        every = window / WINDOW_RATIO_MAX;
    return window % every == 0 ? every : window;
}

/* Where the last complete window begins. */
static int64_t last_window(const struct config *config, int64_t now_ms)
{
    int64_t end = now_ms - config->options->grace;

    return end - end % config->every_ms - config->options->window;
}

static int set_times(struct config *config, int64_t now_us, struct err *err)
{
    const struct options *o = config->options;

    if (o->window <= 0 || o->every == 0)
        return err_set(err, ERR_USAGE, "%s: no time at all",
                       o->window <= 0 ? "--window" : "--every");
    config->time = strcmp(o->time, "record") == 0    ? TIME_RECORD
                   : strcmp(o->time, "arrival") == 0 ? TIME_ARRIVAL
                                                     : TIME_FIELD;
    config->every_ms =
        o->every == OPTIONS_UNSET ? default_every(config) : o->every;
    config->until_ms = o->until == OPTIONS_UNSET ? LOOP_NEVER : o->until / 1000;
    if (o->since != OPTIONS_UNSET) {
        config->by_time = o->since > PARSE_EARLIEST;
        config->since_ms = o->since / 1000;
    } else if (o->input == NULL && (o->check || !o->once)) {
        config->by_time = true;
        config->since_ms = last_window(config, now_us / 1000);
    }
    return 0;
}

int config_make(struct config *config, const struct options *options,
                int64_t now_us, struct err *err)
{
    memset(config, 0, sizeof(*config));
    config->options = options;
    config->once = options->once || options->check;
    config->retry_for = options->general.retry_for != OPTIONS_UNSET
                            ? options->general.retry_for
                        : options->check ? CHECK_RETRY_MS
                                         : 0;
    set_format(config);
    if (check_together(options, err) != 0 || set_exprs(config, err) != 0 ||
        set_excludes(config, err) != 0 || set_panels(config, err) != 0 ||
        set_times(config, now_us, err) != 0)
        return -1;
    return place_find(&config->place, &options->place, options->input == NULL,
                      err);
}

void config_release(struct config *config)
{
    free(config->excludes);
    place_release(&config->place);
}
