#include "reload.h"

#include "base/log.h"
#include "job.h"

void reload_routes(struct run *run)
{
    struct err err = ERR_INIT;
    struct routes *routes = config_routes(run->config->options, &err);

    /* The job first: it only takes note, while the ingest lets go of the old
     * ones. */
    if (routes == NULL || job_routes(run, routes, &err) != 0 ||
        ingest_routes(run->ingest, routes, &err) != 0) {
        routes_free(routes);
        log_line(LOG_LEVEL_ERROR, "the old routes stay: %s", err.text);
        return;
    }
    routes_free(run->routes);
    run->routes = routes;
    log_line(LOG_LEVEL_NOTICE, "read the routes again: %zu",
             routes_count(routes));
}
