/*
 * Memory for one page of records or of names, used again and again.
 *
 * A record is put together in steps: file_page_record, file_page_header for
 * each header, file_page_keep.  Functions that return an int return 1, 0 when
 * the page has no room for that (then file_page_undo takes back the record
 * that was begun), -1 when memory is out.
 */
#ifndef BASIN_FILE_PAGE_H
#define BASIN_FILE_PAGE_H

#include "s2/wire.h"

struct file_page {
    struct buf bytes; /* grown to its maximum before use: it never moves */
    size_t mark;      /* its length before the last record */
    struct wire_record *records; /* headers are set by file_page_end */
    size_t nrecords;
    size_t metered; /* of the records that are kept */
    struct wire_header *headers;
    size_t nheaders, headers_cap;
    const char **names;
    uint64_t *made; /* of each name */
    size_t nnames;
};

/* file_page_init(page), file_page_release(page): no memory is taken before
 * file_page_begin. */
void file_page_init(struct file_page *page);
void file_page_release(struct file_page *page);

/* file_page_begin(page): empty the page; what borrows from it dies. */
int file_page_begin(struct file_page *page);

/* file_page_record(page, record): begin a copy of ${record}, without its
 * headers; there is room for WIRE_BATCH_RECORDS. */
int file_page_record(struct file_page *page, const struct wire_record *record);

/* file_page_header(page, name, value): a copy of a header for the record
 * that was begun. */
int file_page_header(struct file_page *page, struct slice name,
                     struct slice value);

/* file_page_keep(page): the record is complete: 0 when the page would pass
 * WIRE_BATCH_BYTES metered. */
int file_page_keep(struct file_page *page);

/* file_page_undo(page): take back the record that was begun. */
void file_page_undo(struct file_page *page);

/* file_page_end(page): after the last record; page->records is whole. */
void file_page_end(struct file_page *page);

/* file_page_name(page, name, made): add a copy of ${name}, and which creation
 * of it this is. */
int file_page_name(struct file_page *page, const char *name, uint64_t made);

#endif
