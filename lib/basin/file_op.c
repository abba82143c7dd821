#include "basin/file_op.h"

#include <stdlib.h>
#include <string.h>

struct basin_op *file_op_new(enum file_op_kind kind, const char *name,
                             basin_done *done, void *arg, struct err *err)
{
    struct basin_op *op = calloc(1, sizeof(*op));

    if (op == NULL)
        goto no_memory;
    op->kind = kind;
    op->done = done;
    op->arg = arg;
    op->name = strdup(name == NULL ? "" : name);
    if (op->name == NULL)
        goto free_op;
    return op;

free_op:
    free(op);
no_memory:
    err_memory(err);
    return NULL;
}

void file_op_free(struct basin_op *op)
{
    file_op_move(op, NULL);
    free(op->name);
    free(op->after);
    free(op->copy);
    free(op);
}

/* The room that a copy of ${append} takes, besides its records. */
static void measure(const struct wire_append *append, size_t *nheaders,
                    size_t *nbytes)
{
    *nheaders = 0;
    *nbytes = 0;
    if (append->fencing_token != NULL)
        *nbytes += strlen(append->fencing_token) + 1;
    for (size_t i = 0; i < append->n; i++) {
        const struct wire_record *record = &append->records[i];

        *nheaders += record->nheaders;
        *nbytes += record->body.n;
        for (size_t k = 0; k < record->nheaders; k++)
            *nbytes += record->headers[k].name.n + record->headers[k].value.n;
    }
}

/* Copy ${s} to *${to}, move *${to} behind it. */
static struct slice copy_bytes(char **to, struct slice s)
{
    struct slice r = {*to, s.n};

    if (s.n > 0)
        memcpy(*to, s.p, s.n);
    *to += s.n;
    return r;
}

static void copy_headers(struct wire_header *to, const struct wire_header *from,
                         size_t n, char **bytes)
{
    for (size_t i = 0; i < n; i++) {
        to[i].name = copy_bytes(bytes, from[i].name);
        to[i].value = copy_bytes(bytes, from[i].value);
    }
}

int file_op_copy(struct basin_op *op, const struct wire_append *append,
                 struct err *err)
{
    struct wire_record *records;
    struct wire_header *headers;
    size_t nheaders, nbytes;
    char *bytes;

    measure(append, &nheaders, &nbytes);
    /* One more: of nothing, malloc may give nothing. */
    op->copy = malloc(append->n * sizeof(*records) +
                      nheaders * sizeof(*headers) + nbytes + 1);
    if (op->copy == NULL)
        return err_memory(err);
    records = op->copy;
    headers = (void *)(records + append->n);
    bytes = (void *)(headers + nheaders);
    op->append = *append;
    op->append.records = records;
    for (size_t i = 0; i < append->n; i++) {
        records[i] = append->records[i];
        records[i].headers = headers;
        copy_headers(headers, append->records[i].headers, records[i].nheaders,
                     &bytes);
        headers += records[i].nheaders;
        records[i].body = copy_bytes(&bytes, append->records[i].body);
    }
    if (append->fencing_token != NULL) {
        op->append.fencing_token = bytes;
        memcpy(bytes, append->fencing_token, strlen(append->fencing_token) + 1);
    }
    return 0;
}

bool file_op_writes(const struct basin_op *op)
{
    return !op->refused &&
           (op->kind == FILE_OP_APPEND || op->kind == FILE_OP_CREATE);
}

static void take_out(struct basin_op *op)
{
    struct file_ops *list = op->list;

    if (op->prev != NULL)
        op->prev->next = op->next;
    else
        list->first = op->next;
    if (op->next != NULL)
        op->next->prev = op->prev;
    else
        list->last = op->prev;
    op->list = NULL;
    op->prev = NULL;
    op->next = NULL;
}

void file_op_move(struct basin_op *op, struct file_ops *list)
{
    if (op->list != NULL)
        take_out(op);
    if (list == NULL)
        return;
    op->list = list;
    op->prev = list->last;
    if (list->last != NULL)
        list->last->next = op;
    else
        list->first = op;
    list->last = op;
}

void file_op_move_all(struct file_ops *from, struct file_ops *to)
{
    while (from->first != NULL)
        file_op_move(from->first, to);
}

void file_op_free_all(struct file_ops *list)
{
    struct basin_op *next;

    for (struct basin_op *op = list->first; op != NULL; op = next) {
        next = op->next;
        file_op_free(op);
    }
}
