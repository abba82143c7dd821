#include "basin/file_page.h"

#include <stdlib.h>
#include <string.h>

void file_page_init(struct file_page *page)
{
    memset(page, 0, sizeof(*page));
    buf_init(&page->bytes, WIRE_BATCH_BYTES);
}

void file_page_release(struct file_page *page)
{
    buf_release(&page->bytes);
    free(page->records);
    free(page->headers);
    free(page->names);
    free(page->made);
    file_page_init(page);
}

static int take_memory(struct file_page *page)
{
    if (page->records == NULL)
        page->records = calloc(WIRE_BATCH_RECORDS, sizeof(*page->records));
    if (page->names == NULL)
        page->names = calloc(WIRE_BATCH_RECORDS, sizeof(*page->names));
    if (page->made == NULL)
        page->made = calloc(WIRE_BATCH_RECORDS, sizeof(*page->made));
    if (page->records == NULL || page->names == NULL || page->made == NULL ||
        buf_reserve(&page->bytes, WIRE_BATCH_BYTES) == NULL)
        return -1;
    return 1;
}

int file_page_begin(struct file_page *page)
{
    buf_reset(&page->bytes);
    page->nrecords = 0;
    page->nheaders = 0;
    page->nnames = 0;
    page->metered = 0;
    return take_memory(page);
}

/* Copy ${s} into the page; 1, or 0 when it has no room for it. */
static int copy(struct file_page *page, struct slice *to, struct slice s)
{
    to->p = page->bytes.p + page->bytes.n;
    to->n = s.n;
    return buf_addslice(&page->bytes, s) == 0;
}

int file_page_record(struct file_page *page, const struct wire_record *record)
{
    struct wire_record *to = &page->records[page->nrecords++];

    page->mark = page->bytes.n;
    *to = *record;
    to->headers = NULL;
    to->nheaders = 0;
    return copy(page, &to->body, record->body);
}

static int grow_headers(struct file_page *page)
{
    size_t cap = page->headers_cap == 0 ? 64 : page->headers_cap * 2;
    struct wire_header *p = realloc(page->headers, cap * sizeof(*p));

    if (p == NULL)
        return -1;
    page->headers = p;
    page->headers_cap = cap;
    return 1;
}

int file_page_header(struct file_page *page, struct slice name,
                     struct slice value)
{
    struct wire_header *to;

    if (page->nheaders == page->headers_cap && grow_headers(page) < 0)
        return -1;
    to = &page->headers[page->nheaders++];
    page->records[page->nrecords - 1].nheaders++;
    if (copy(page, &to->name, name) == 0)
        return 0;
    return copy(page, &to->value, value);
}

int file_page_keep(struct file_page *page)
{
    struct wire_record record = page->records[page->nrecords - 1];
    size_t metered;

    if (record.nheaders > 0)
        record.headers = page->headers + (page->nheaders - record.nheaders);
    metered = wire_metered(&record);
    if (metered > WIRE_BATCH_BYTES - page->metered)
        return 0;
    page->metered += metered;
    return 1;
}

void file_page_undo(struct file_page *page)
{
    struct wire_record *record = &page->records[--page->nrecords];

    page->nheaders -= record->nheaders;
    page->bytes.n = page->mark;
}

void file_page_end(struct file_page *page)
{
    struct wire_header *header = page->headers;

    for (size_t i = 0; i < page->nrecords; i++) {
        if (page->records[i].nheaders == 0)
            continue;
        page->records[i].headers = header;
        header += page->records[i].nheaders;
    }
}

int file_page_name(struct file_page *page, const char *name, uint64_t made)
{
    struct slice to;
    struct slice s = {name, strlen(name) + 1};

    if (page->nnames == WIRE_BATCH_RECORDS || copy(page, &to, s) == 0)
        return 0;
    page->names[page->nnames] = to.p;
    page->made[page->nnames] = made;
    page->nnames++;
    return 1;
}
