/*
 * What a record is counted under, and when, out of its body: a label from
 * fields, a time from a field, and whether it is counted at all.
 */
#ifndef VIEW_FIELD_H
#define VIEW_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* The label of what lacks the field, or is no JSON. */
#define FIELD_NONE "(none)"

/* Longer labels are cut at a character, to so many bytes; but a stream's name
 * that is a label by itself is not. */
#define FIELD_LABEL_MAX 256

struct field;

struct field_config {
    const char *group;        /* "stream", or FIELD[,FIELD]; copied */
    const char *const *where; /* FIELD=GLOB, copied; all must match */
    size_t nwhere;
    const char *time; /* NULL: the record's; else FIELD, copied: RFC 3339 text,
                         or a number of ms since the epoch, 1970 to 9999 */
};

/* All borrowed during the call. */
struct field_record {
    const char *stream;
    int64_t time_ms; /* the record's */
    struct slice body;
    const json_t *json; /* the body where it is read already, which is not
                           looked at then; or NULL */
    bool reals;         /* of json, as field_json stores it */
};

struct field_result {
    bool counted;       /* all of where matches */
    struct slice label; /* valid until the next call or the record's end */
    int64_t time_ms;    /* the field's, never later than the record's; that
                           one when the field is missing or no time */
    bool untimed;       /* the field was missing or no time */
};

/*
 * field_new(config, err): NULL with ERR_USAGE for an empty name or a where
 * without '='; ERR_OS.  The field "stream" is the stream's name everywhere;
 * other names are members of the body's object, text as it is (up to a NUL,
 * if any), numbers and true and false as JSON.  Several fields make one
 * label, joined by ','.  NULL may be freed.
 */
struct field *field_new(const struct field_config *config, struct err *err);
void field_free(struct field *field);

/* field_parses(field): whether bodies are looked at at all; if not, the label
 * is the stream's name, and field_eval need not be called. */
bool field_parses(const struct field *field);

/* field_by_stream(field): whether labels are the streams' names, and nothing
 * else. */
bool field_by_stream(const struct field *field);

/*
 * field_json(text, json, reals, err): parse JSON as bodies are: an escaped NUL
 * is taken, and where an integer is too large all are read as reals.  Stores a
 * new reference in *${json}, NULL when it is no JSON, and in *${reals} whether
 * integers are reals.  0, or -1 with ERR_OS.
 */
int field_json(struct slice text, json_t **json, bool *reals, struct err *err);

/* field_eval(field, record, result, err): 0 or -1 (ERR_OS). */
int field_eval(struct field *field, const struct field_record *record,
               struct field_result *result, struct err *err);

#endif
