#include "s2/client.h"

#include <string.h>

/*
 * S2's errors that a status alone does not tell apart, each with the status
 * that belongs to it.
 *
 * A stream or basin that is being deleted will be gone some time, and then it
 * can be created: S2 itself would not try again.  499 is S2's word for a
 * client that hung up; that we read it means that somebody between us and it
 * did, and that nobody knows what became of the request.
 */
static const struct known {
    const char *code;
    int status;
    enum outcome outcome;
} known[] = {
    {"basin_not_found", 404, OUTCOME_NO_BASIN},
    {"stream_not_found", 404, OUTCOME_NO_STREAM},
    {"request_timeout", 408, OUTCOME_UNKNOWN},
    {"resource_already_exists", 409, OUTCOME_OK},
    {"basin_deletion_pending", 409, OUTCOME_RETRY},
    {"stream_deletion_pending", 409, OUTCOME_RETRY},
    {"transaction_conflict", 409, OUTCOME_RETRY},
    {"rate_limited", 429, OUTCOME_RETRY},
    {"client_hangup", 499, OUTCOME_UNKNOWN},
    {"other", 500, OUTCOME_UNKNOWN},
    {"storage", 500, OUTCOME_UNKNOWN},
    {"hot_server", 502, OUTCOME_RETRY},
    {"server_draining", 503, OUTCOME_RETRY},
    {"unavailable", 503, OUTCOME_UNKNOWN},
    {"upstream_timeout", 504, OUTCOME_UNKNOWN},
};

/* What a status means whose code does not belong to it or is not known: it
 * may come from something between us and S2, so no promise that nothing took
 * effect is taken from it. */
static enum outcome by_status(int status)
{
    switch (status) {
    case 408:
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
        return OUTCOME_UNKNOWN;
    default:
        return OUTCOME_FAILED;
    }
}

static enum outcome of_answer(int status, const struct wire_error *error)
{
    if (status >= 200 && status < 300)
        return OUTCOME_OK;
    if (status == 412 && error->fencing_mismatch)
        return OUTCOME_FENCED;
    if (status == 412 && error->seq_num_mismatch)
        return OUTCOME_MISMATCH;
    if (status == 416 && error->tail_known)
        return OUTCOME_UNWRITTEN;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].status == status &&
            strcmp(known[i].code, error->code) == 0)
            return known[i].outcome;
    }
    return by_status(status);
}

/* The exit status that the program would end with because of it; ERR_NONE
 * for what is no failure. */
static enum err_code code_of(enum outcome outcome, int status)
{
    switch (outcome) {
    case OUTCOME_OK:
    case OUTCOME_MISMATCH:
    case OUTCOME_UNWRITTEN:
        return ERR_NONE;
    case OUTCOME_FENCED:
        return ERR_TAKEN;
    case OUTCOME_NO_STREAM:
        return ERR_NOINPUT;
    case OUTCOME_NO_BASIN:
        return ERR_CONFIG;
    case OUTCOME_RETRY:
    case OUTCOME_UNKNOWN:
        return ERR_UNAVAILABLE;
    case OUTCOME_FAILED:
        break;
    }
    return status == 401 || status == 403 ? ERR_DENIED : ERR_PROTOCOL;
}

static void describe(int status, const struct wire_error *error,
                     enum err_code code, struct err *err)
{
    if (error->fencing_mismatch)
        err_set(err, code, "HTTP %d: the fencing token in force is '%s'",
                status, error->message);
    else
        err_set(err, code, "HTTP %d%s%s%s%s", status,
                error->code[0] != '\0' ? " " : "", error->code,
                error->message[0] != '\0' ? ": " : "", error->message);
}

/* A request that failed without an answer.  What the configuration makes
 * impossible stays so. */
static enum outcome of_failure(const struct http_reply *reply, struct err *err)
{
    err_set(err, reply->err.code, "%s", reply->err.text);
    if (reply->err.code == ERR_CONFIG || err_is_memory(err))
        return OUTCOME_FAILED;
    return reply->failure == HTTP_NO_EFFECT ? OUTCOME_RETRY : OUTCOME_UNKNOWN;
}

enum outcome client_classify(const struct http_reply *reply,
                             struct wire_error *error, struct err *err)
{
    enum outcome outcome;
    enum err_code code;

    memset(error, 0, sizeof(*error));
    if (reply->failure != HTTP_NONE)
        return of_failure(reply, err);
    if (reply->status < 200 || reply->status > 299)
        wire_parse_error(reply->body, error);
    outcome = of_answer(reply->status, error);
    code = code_of(outcome, reply->status);
    if (code != ERR_NONE)
        describe(reply->status, error, code, err);
    return outcome;
}
