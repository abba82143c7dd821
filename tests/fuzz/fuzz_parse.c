/*
 * Any text as a number, a duration and a time: what is taken is in range and
 * means what a second reading says; what is written is read again.
 */
#include "fuzz.h"

#include <ctype.h>

#include "base/parse.h"

#define NOW INT64_C(1795370912779000)

/* Digits as a number; -1 for what has another byte, is empty or too large. */
static double value_of(const char *digits, size_t n)
{
    double v = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)digits[i]))
            return -1;
        v = v * 10 + (digits[i] - '0');
    }
    return n > 0 ? v : -1;
}

/* Whether ${text} is digits, and as a number at most 2^64 - 1. */
static bool is_uint(const char *text)
{
    const char *most = "18446744073709551615";
    const char *digits = text + strspn(text, "0");
    size_t n = strlen(digits);

    return text[0] != '\0' && strspn(text, "0123456789") == strlen(text) &&
           (n < 20 || (n == 20 && strcmp(digits, most) <= 0));
}

static void check_uint(const char *text)
{
    uint64_t out = 7;
    struct err err = ERR_INIT;
    char again[24];

    PROMISE((parse_uint(text, 0, UINT64_MAX, &out, &err) == 0) ==
            is_uint(text));
    if (err.code != ERR_NONE) {
        PROMISE(err.code == ERR_USAGE && out == 7);
        return;
    }
    snprintf(again, sizeof(again), "%llu", (unsigned long long)out);
    PROMISE(strcmp(text + strspn(text, "0"), again) == 0 || out == 0);
    PROMISE((parse_uint(text, 10, 1000, &out, NULL) == 0) ==
            (out >= 10 && out <= 1000));
}

static double unit_of(const char *name)
{
    return strcmp(name, "ms") == 0  ? 1
           : strcmp(name, "s") == 0 ? 1e3
           : strcmp(name, "m") == 0 ? 60e3
           : strcmp(name, "h") == 0 ? 3600e3
           : strcmp(name, "d") == 0 ? 86400e3
                                    : -1;
}

static void check_duration(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    double v = value_of(text, digits) * unit_of(text + digits);
    bool good =
        digits > 0 && unit_of(text + digits) > 0 && v <= 1000.0 * 365 * 86400e3;
    int64_t ms = -7;
    struct err err = ERR_INIT;

    if (strcmp(text, "0") == 0) {
        good = true;
        v = 0;
    }
    PROMISE((parse_duration(text, &ms, &err) == 0) == good);
    PROMISE(good ? (double)ms == v : err.code == ERR_USAGE);
}

/* By the C library's calendar, from what was written. */
static void check_written(int64_t us)
{
    char text[PARSE_TIME_SIZE], expected[64];
    time_t s = (time_t)(us / 1000000);
    int64_t back = -1;
    struct tm tm;
    size_t n;

    parse_time_text(us, text);
    PROMISE(gmtime_r(&s, &tm) != NULL);
    n = strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(expected + n, sizeof(expected) - n, ".%06d+00:00",
             (int)(us % 1000000));
    PROMISE(strcmp(text, expected) == 0);
    PROMISE(parse_time(slice_str(text), &back) == 0 && back == us);
}

/* The zone's offset in us, as it is written. */
static int64_t offset_of(struct slice s)
{
    char text[7];
    int hours = 0, minutes = 0;

    if (s.p[s.n - 1] == 'Z')
        return 0;
    memcpy(text, s.p + s.n - 6, 6);
    text[6] = '\0';
    PROMISE(sscanf(text + 1, "%2d:%2d", &hours, &minutes) == 2);
    return (text[0] == '-' ? -1 : 1) * (hours * 60 + minutes) *
           INT64_C(60000000);
}

/* In its own zone the time is what the text says, so that there is such a
 * day and hour; a leap second is the one that follows. */
static void check_read(struct slice s, int64_t us)
{
    bool leap = s.p[17] == '6';
    int64_t there = us + offset_of(s) - (leap ? 1000000 : 0);
    char text[PARSE_TIME_SIZE];

    if (there < 0 || there > PARSE_TIME_MAX)
        return;
    parse_time_text(there, text);
    PROMISE(memcmp(text, s.p, 17) == 0);
    PROMISE(leap ? memcmp(s.p + 17, "60", 2) == 0
                 : memcmp(text + 17, s.p + 17, 2) == 0);
}

static void check_time(struct slice s)
{
    int64_t us = -7;

    if (parse_time(s, &us) != 0) {
        PROMISE(us == -7);
        return;
    }
    PROMISE(us >= 0 && us <= PARSE_TIME_MAX);
    PROMISE(s.n >= 20 && s.p[4] == '-' && s.p[10] == 'T');
    check_read(s, us);
    check_written(us);
}

static void check_when(const char *text)
{
    int64_t us = -7, other = -7;
    struct err err = ERR_INIT;

    if (parse_when(text, NOW, &us, &err) != 0) {
        PROMISE(err.code == ERR_USAGE);
        PROMISE(parse_time(slice_str(text), &other) != 0);
        PROMISE(parse_duration(text, &other, NULL) != 0);
        return;
    }
    PROMISE(us >= 0);
    if (parse_duration(text, &other, NULL) == 0)
        PROMISE(us == (NOW / 1000 < other ? 0 : NOW - other * 1000));
    else if (parse_time(slice_str(text), &other) == 0)
        PROMISE(us == other);
    else
        PROMISE(us == NOW || us == PARSE_EARLIEST);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct slice in = fuzz_input(data, n);
    struct slice all = in;
    uint64_t number = fuzz_number(&all, 8);
    char *text = fuzz_string(in);

    check_uint(text);
    check_duration(text);
    check_time(in);
    check_when(text);
    check_written((int64_t)(number % ((uint64_t)PARSE_TIME_MAX + 1)));
    free(text);
    return 0;
}
