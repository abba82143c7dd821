/*
 * The prefilter, clause by clause.  In the tables ' stands for ".
 */
#include "peekworld.h"

#define HEAD1 "{'did':'did:plc:a','time_us':"
#define NOW1 HEAD1 "1795372744737147"
#define COMMIT ",'kind':'commit','commit':{'rev':'r','operation':"
#define POST "'create','collection':'app.bsky.feed.post'"
#define LIKE "'create','collection':'app.bsky.feed.like'"
#define LINKED                                                                 \
    "{'facets':[{'features':[{'uri':'https://bbc.com'}]}],'langs':['en']}"
#define TAIL1 ",'rkey':'k','record':" LINKED ",'cid':'c'}}"
#define REST1 COMMIT POST TAIL1
#define HEAD2                                                                  \
    "{'$type':'message','payload':{'$type':"                                   \
    "'network.bsky.jetstream.subscribeEvents#commit',"
#define MADE "'collection':'app.bsky.feed.post','did':'d','operation':'create',"
#define TIME2 "'time':'2026-11-22T18:39:04.737147Z'"
#define KEYS2 "'rev':'r','rkey':'k',"
#define TAIL2 KEYS2 "'seq':7," TIME2 "}}"
#define RECORD2(record) HEAD2 "'cid':'c'," MADE "'record':" record "," TAIL2
#define HUGE "98765432109876543210"

#define UNKNOWN EVENT_PEEK_UNKNOWN
#define OTHER EVENT_PEEK_OTHER
#define TAKEN EVENT_PEEK_POST

static const struct peek_row rows_v1[] = {
    {NOW1 ",'cursor':7" REST1, TAKEN},
    {NOW1 REST1, TAKEN},
    {HEAD1 "0,'cursor':0" REST1, TAKEN},
    {NOW1 ",'cursor':7" COMMIT LIKE TAIL1, OTHER},
    {NOW1 COMMIT LIKE TAIL1, OTHER},
    {NOW1 ",'cursor':7" COMMIT
          "'update','collection':'app.bsky.feed.post'" TAIL1,
     OTHER},
    {NOW1 ",'cursor':7" COMMIT
          "'delete','collection':'app.bsky.feed.post','rkey':'k'}}",
     OTHER},
    {NOW1 ",'cursor':7" COMMIT
          "'Create','collection':'app.bsky.feed.post'" TAIL1,
     OTHER},
    {NOW1 ",'cursor':7" COMMIT
          "'create','collection':'app.bsky.feed.pos'" TAIL1,
     OTHER},
    {NOW1 ",'cursor':7" COMMIT
          "'create','collection':'app.bsky.feed.postgate'" TAIL1,
     OTHER},
    {NOW1 ",'cursor':7,'kind':'identity','identity':{}}", OTHER},
    {NOW1 ",'kind':'account','account':{'seq':5}}", OTHER},
    {NOW1 ",'cursor':7,'kind':'','x':{}}", OTHER},
    {NOW1 ",'cursor':7,'kind':'commits','commit':{}}", OTHER},
    {NOW1 ",'cursor':7,'kind':'commit','commit':{}}", UNKNOWN},
    {NOW1 ",'cursor':7,'kind':'commit','x':{}}", UNKNOWN},
    {NOW1 ",'cursor':7,'kind':7,'x':{}}", UNKNOWN},
    {NOW1 ",'cursor':7,'x':{}}", UNKNOWN},
    {NOW1
     ",'cursor':7,'x':'commit','commit':{'rev':'r','operation':" POST TAIL1,
     UNKNOWN},
    /* Escapes. */
    {NOW1 ",'cursor':7,'kind':'comm\\u0069t','commit':{'operation':" POST TAIL1,
     UNKNOWN},
    {NOW1 ",'cursor':7" COMMIT
          "'cre\\u0061te','collection':'app.bsky.feed.post'" TAIL1,
     UNKNOWN},
    {NOW1 ",'cursor':7" COMMIT
          "'create','collection':'app.bsky.f\\u0065ed.post'" TAIL1,
     UNKNOWN},
    {"{'did':'a\\'b','time_us':5,'cursor':7" REST1, UNKNOWN},
    {"{'did':'a\\\\','time_us':5,'cursor':7" REST1, UNKNOWN},
    {"{'d\\u0069d':'a','time_us':5,'cursor':7" REST1, UNKNOWN},
    {NOW1 ",'\\u0063ursor':7" REST1, UNKNOWN},
    /* Order and spaces. */
    {"{'time_us':5,'did':'a','cursor':7" REST1, UNKNOWN},
    {"{'did':'a','cursor':7,'time_us':5" REST1, UNKNOWN},
    {"{ 'did':'a','time_us':5,'cursor':7" REST1, UNKNOWN},
    {HEAD1 "5 ,'cursor':7" REST1, UNKNOWN},
    {NOW1 ",'cursor':7,'kind':'commit','commit':{'operation':" POST
          ",'rev':'r'" TAIL1,
     UNKNOWN},
    {NOW1 ",'cursor':7,'kind':'commit','commit':{'rev':'r',"
          "'collection':'app.bsky.feed.post','operation':'create'" TAIL1,
     UNKNOWN},
    {NOW1 ",'cursor':7" COMMIT "null,'collection':'x'" TAIL1, UNKNOWN},
    {NOW1 ",'cursor':7" COMMIT "'create','collection':null" TAIL1, UNKNOWN},
    /* Numbers. */
    {HEAD1 ",'cursor':7" REST1, UNKNOWN},
    {HEAD1 "007,'cursor':7" REST1, UNKNOWN},
    {HEAD1 "00,'cursor':7" REST1, UNKNOWN},
    {HEAD1 "-5,'cursor':7" REST1, UNKNOWN},
    {HEAD1 "5.0,'cursor':7" REST1, UNKNOWN},
    {HEAD1 "5e3,'cursor':7" REST1, UNKNOWN},
    {HEAD1 "'5','cursor':7" REST1, UNKNOWN},
    {HEAD1 "null,'cursor':7" REST1, UNKNOWN},
    {HEAD1 "9007199254740991,'cursor':7" REST1, TAKEN},
    {HEAD1 "9007199254740992,'cursor':7" REST1, PEEK_ANY},
    {HEAD1 "9007199254740993,'cursor':7" REST1, PEEK_ANY},
    {HEAD1 "253402300799999999,'cursor':7" REST1, PEEK_ANY},
    {HEAD1 "253402300800000000,'cursor':7" REST1, UNKNOWN},
    {HEAD1 "253402300800000000,'cursor':7,'kind':'x','x':{}}", UNKNOWN},
    {HEAD1 "1000000000000000000,'cursor':7" REST1, UNKNOWN},
    {NOW1 ",'cursor':9007199254740991" REST1, TAKEN},
    {NOW1 ",'cursor':999999999999999999" REST1, PEEK_ANY},
    {NOW1 ",'cursor':1000000000000000000" REST1, PEEK_ANY},
    {NOW1 ",'cursor':9223372036854775808,'kind':'x','x':{}}", PEEK_ANY},
    {NOW1 ",'cursor':-1" REST1, UNKNOWN},
    {NOW1 ",'cursor':null" REST1, UNKNOWN},
    {NOW1 ",'cursor':1.0" REST1, UNKNOWN},
    /* A number that fits nowhere makes reals of all. */
    {NOW1 ",'cursor':7,'kind':'x','x':{'a':" HUGE "}}", OTHER},
    {HEAD1 "9007199254740991,'cursor':7,'kind':'x','x':{'a':" HUGE "}}", OTHER},
    {HEAD1 "9007199254740992,'cursor':7,'kind':'x','x':{'a':" HUGE "}}",
     PEEK_ANY},
    {HEAD1 "9007199254740993,'cursor':7,'kind':'x','x':{'a':" HUGE "}}",
     PEEK_ANY},
    {HEAD1 "9007199254740994,'cursor':7,'kind':'x','x':{'a':" HUGE "}}",
     PEEK_ANY},
    {NOW1 ",'cursor':9007199254740993,'kind':'x','x':{'a':" HUGE "}}",
     PEEK_ANY},
    {NOW1 ",'cursor':999999999999999999,'kind':'x','x':{'a':" HUGE "}}",
     PEEK_ANY},
    /* What follows the commit, or stands in its place. */
    {NOW1 ",'kind':'identity','identity':{},'cursor':5}", UNKNOWN},
    {NOW1 ",'kind':'identity','cursor':5,'identity':{}}", PEEK_ANY},
    {NOW1 ",'kind':'identity','identity':{},'cursor':5,'z':{}}", PEEK_ANY},
    {NOW1 ",'kind':'identity','identity':{},'c\\u0075rsor':5,'z':{}}",
     PEEK_ANY},
    {NOW1 COMMIT LIKE ",'rkey':'k'},'cursor':5,'z':{}}", PEEK_ANY},
    {NOW1 COMMIT POST ",'rkey':'k','record':{},'cid':'c'},'cursor':5,'z':{}}",
     PEEK_ANY},
    {NOW1 COMMIT LIKE ",'x':'}'},'cursor':5,'z':{}}", PEEK_ANY},
    {NOW1 ",'cursor':7" REST1 "\n", TAKEN},
    {NOW1 ",'cursor':7,'kind':'x','x':{} }", OTHER},
    {NOW1 ",'cursor':7,'kind':'x'}", OTHER},
    {NOW1 REST1 "\n", TAKEN},
    {NOW1 ",'kind':'x','x':{} }", OTHER},
    {NOW1 ",'kind':'x'}", OTHER},
    {NOW1 ",'kind':'x','x':['cursors','curso','ursor','c']}", OTHER},
    {NOW1 ",'kind':'x','x':{'cursor':5}}", PEEK_ANY},
    {NOW1 ",'kind':'x','cursor':5}", UNKNOWN},
    {NOW1 ",'kind':'x','cursor' : 5}", UNKNOWN},
    {NOW1 ",'kind':'x','curso\\u0072':5}", UNKNOWN},
    {NOW1 ",'kind':'x','\\u0063\\u0075\\u0072\\u0073\\u006f\\u0072':5}",
     UNKNOWN},
    {"}}", UNKNOWN},
    {"}", UNKNOWN},
    {"{}", UNKNOWN},
    {"", UNKNOWN},
    {"[{'did':'a'}]", UNKNOWN},
    {"{'did':'}}", UNKNOWN},
    {"{'did':'a','time_us':5,'cursor':7,'kind':'}}", UNKNOWN},
};

static const struct peek_row rows_v2[] = {
    {RECORD2(LINKED), TAKEN},
    {HEAD2 MADE "'record':{}," TAIL2, TAKEN},
    {HEAD2 "'collection':'app.bsky.feed.post','did':'d','operation':'delete'"
           "," TAIL2,
     OTHER},
    {HEAD2 "'cid':'c','collection':'app.bsky.feed.like','did':'d',"
           "'operation':'create','record':{}," TAIL2,
     OTHER},
    {HEAD2 "'cid':'c','collection':'app.bsky.feed.post','did':'d',"
           "'operation':'update','record':{}," TAIL2,
     OTHER},
    {"{'$type':'message','payload':{'$type':'x.y#commit'," MADE
     "'record':{}," TAIL2,
     UNKNOWN},
    {"{'$type':'message','payload':{'$type':'x.y#info','name':'a',"
     "'message':{}}}",
     UNKNOWN},
    {"{'$type':'error','error':'a','message':{}}", UNKNOWN},
    /* Records. */
    {RECORD2("{'text':'}}'}"), TAKEN},
    {RECORD2("{'text':'{'}"), TAKEN},
    {RECORD2("{'text':'\\\\'}"), TAKEN},
    {RECORD2("{'text':'\\'}'}"), TAKEN},
    {RECORD2("{'text':'\\\\\\'}'}"), TAKEN},
    {RECORD2("{'text':'\\\\\\\\'}"), TAKEN},
    {RECORD2("{'text':'\\'\\'','x':'\\\\\\'\\\\'}"), TAKEN},
    {RECORD2("{'a':{'b':[{},{'c':[[]]}]},'d':{}}"), TAKEN},
    {RECORD2("{'rev':'x','seq':9,'time':'x','kind':'x'}"), TAKEN},
    {RECORD2("{'text':'},\\'rev\\':\\'r\\',\\'rkey\\':'}"), TAKEN},
    {RECORD2("null"), UNKNOWN},
    {RECORD2("null,'z':{}"), UNKNOWN},
    {RECORD2("[{}]"), UNKNOWN},
    {RECORD2("'x'"), UNKNOWN},
    {RECORD2(" {}"), UNKNOWN},
    {RECORD2("{} "), UNKNOWN},
    {RECORD2("}{"), PEEK_ANY},
    {RECORD2("'x'{}"), PEEK_ANY},
    {HEAD2 MADE "'record':{'a':'}}", UNKNOWN},
    {HEAD2 MADE "'record':{'a':{'b':{}}", UNKNOWN},
    /* Strings, order, numbers and times. */
    {HEAD2 "'cid':'\\u0063'," MADE "'record':{}," TAIL2, UNKNOWN},
    {HEAD2 "'cid':'c' ," MADE "'record':{}," TAIL2, UNKNOWN},
    {HEAD2 "'cid':null," MADE "'record':{}," TAIL2, UNKNOWN},
    {HEAD2 "'collection':'app.bsky.f\\u0065ed.post','did':'d','operation':"
           "'create','record':{}," TAIL2,
     UNKNOWN},
    {HEAD2 "'cid':'c','collection':'app.bsky.feed.post','did':'d','operation':"
           "'cre\\u0061te','record':{}," TAIL2,
     UNKNOWN},
    {HEAD2 "'cid':'c','collection':'app.bsky.feed.post','did':'d','operation':"
           "null,'record':{}," TAIL2,
     UNKNOWN},
    {HEAD2 "'cid':'c','collection':null,'did':'d','operation':'create',"
           "'record':{}," TAIL2,
     UNKNOWN},
    {HEAD2 "'collection':'app.bsky.feed.post','did':'d\\u0061','operation':"
           "'create','record':{}," TAIL2,
     UNKNOWN},
    {HEAD2 MADE "'record':{},'rev':'\\u0061','rkey':'k','seq':7," TIME2 "}}",
     UNKNOWN},
    {HEAD2 MADE "'record':{},'rev':'r','rkey':'\\u0061','seq':7," TIME2 "}}",
     UNKNOWN},
    {HEAD2 MADE "'record':{}," KEYS2 TIME2 ",'seq':7}}", UNKNOWN},
    {HEAD2 MADE "'record':{}," KEYS2 TIME2 "}}", UNKNOWN},
    {HEAD2 MADE "'record':{}," KEYS2 "'seq':-1," TIME2 "}}", UNKNOWN},
    {HEAD2 MADE "'record':{}," KEYS2 "'seq':1.0," TIME2 "}}", UNKNOWN},
    {HEAD2 MADE "'record':{}," KEYS2 "'seq':null," TIME2 "}}", UNKNOWN},
    {HEAD2 MADE "'record':{}," KEYS2 "'seq':" HUGE "," TIME2 "}}", UNKNOWN},
    {HEAD2 MADE "'record':{}," KEYS2 "'seq':0," TIME2 "}}", TAKEN},
    {HEAD2 "'cid':'c'," MADE "'record':{'x':" HUGE "}," KEYS2
           "'seq':9007199254740993," TIME2 "}}",
     PEEK_ANY},
    {HEAD2 "'cid':'c'," MADE "'record':{}," KEYS2
           "'seq':7,'time':'2026-02-29T00:00:00Z'}}",
     UNKNOWN},
    {HEAD2 "'collection':'x','did':'d','operation':'create'," KEYS2
           "'seq':7,'time':''}}",
     UNKNOWN},
    {HEAD2 "'cid':'c'," MADE "'record':{}," KEYS2
           "'seq':7,'time':'2026-11-22T00:00:00+01:00'}}",
     TAKEN},
    {HEAD2 MADE "'record':{}," KEYS2
                "'seq':7,'time':'2026-11-22T00:00:00\\u005a'}}",
     UNKNOWN},
    {HEAD2 MADE "'record':{}," KEYS2 "'seq':7," TIME2 ",'x':{}}}", UNKNOWN},
    {HEAD2 MADE "'record':{}," KEYS2 "'seq':7," TIME2 "},'kind':{}}", UNKNOWN},
    {HEAD2 MADE "'record':{}," KEYS2 "'seq':7," TIME2 "}} }}", UNKNOWN},
};

static void check_rows(const struct peek_row *rows, size_t n)
{
    struct peekcheck seen;
    char text[2048];

    for (size_t i = 0; i < n; i++) {
        struct slice json = peek_unquoted(rows[i].text, text, sizeof(text));

        if (!peek_agrees(json, PEEK_ENGLISH, &seen))
            check_bad = true;
        if (rows[i].want == PEEK_ANY || (int)seen.peek == rows[i].want)
            continue;
        check_bad = true;
        printf("# the verdict is %d, not %d\n", (int)seen.peek, rows[i].want);
        peek_show(json);
    }
}

static void test_v1(void)
{
    check_rows(rows_v1, sizeof(rows_v1) / sizeof(rows_v1[0]));
}

static void test_v2(void)
{
    check_rows(rows_v2, sizeof(rows_v2) / sizeof(rows_v2[0]));
}

/* Every message that is one step from a sound one. */
static void check_neighbours(const char *text)
{
    static const char bytes[] = "\\\"{}[]:,.-+ \n07eEuUhH/?#\x01\xFF";
    char sound[2048], near[2048];
    size_t n = peek_unquoted(text, sound, sizeof(sound)).n;

    for (size_t i = 0; i < n; i++) {
        const struct slice ends[] = {{sound, i}, {near, i + 2}, {near, n - 1}};

        memcpy(near, sound, n);
        memcpy(near + i, "}}", 2);
        CHECK(peek_agrees(ends[0], PEEK_ENGLISH, NULL));
        CHECK(peek_agrees(ends[1], PEEK_ENGLISH, NULL));
        memcpy(near + i, sound + i + 1, n - i - 1);
        CHECK(peek_agrees(ends[2], PEEK_ENGLISH, NULL));
        for (size_t j = 0; j < sizeof(bytes); j++) {
            memcpy(near, sound, i);
            near[i] = bytes[j];
            memcpy(near + i + 1, sound + i, n - i);
            CHECK(peek_agrees((struct slice){near, n + 1}, PEEK_ENGLISH, NULL));
            memcpy(near, sound, n);
            near[i] = bytes[j];
            CHECK(peek_agrees((struct slice){near, n}, PEEK_ENGLISH, NULL));
        }
    }
}

static void test_neighbours(void)
{
    check_neighbours(NOW1 ",'cursor':7" REST1);
    check_neighbours(NOW1 ",'kind':'x','x':{}}");
    check_neighbours(RECORD2(LINKED));
    check_neighbours(RECORD2("{'text':'\\\\\\''}"));
}

int main(void)
{
    peek_init();
    RUN(test_v1);
    RUN(test_v2);
    RUN(test_neighbours);
    peek_release();
    return check_done();
}
