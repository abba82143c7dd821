/*
 * What came of an operation on a basin, whatever kind it is.
 */
#ifndef S2_OUTCOME_H
#define S2_OUTCOME_H

enum outcome {
    OUTCOME_OK,        /* done; creating what exists is done as well */
    OUTCOME_MISMATCH,  /* an append named a number that is not the next */
    OUTCOME_FENCED,    /* an append named a token that is not in force */
    OUTCOME_UNWRITTEN, /* a read at or past the tail */
    OUTCOME_NO_STREAM,
    OUTCOME_NO_BASIN,
    OUTCOME_RETRY,   /* had no effect; may succeed later */
    OUTCOME_UNKNOWN, /* may or may not have had an effect; may succeed later */
    OUTCOME_FAILED   /* trying again is useless */
};

#endif
