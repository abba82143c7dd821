/*
 * What a post can link to, by its text alone, link by link and key by key.
 * In the tables ' stands for ".
 */
#include "peekworld.h"

#define RECORD(members)                                                        \
    "{'did':'a','time_us':1795372744737147,'cursor':7,'kind':'commit',"        \
    "'commit':{'rev':'r','operation':'create',"                                \
    "'collection':'app.bsky.feed.post','rkey':'k',"                            \
    "'record':{'langs':['en']," members "},'cid':'c'}}"
#define FEATURE(members) RECORD("'facets':[{'features':[{" members "}]}]")
#define URI(uri) FEATURE("'uri':'" uri "'")

static const struct peek_row rows_links[] = {
    {RECORD("'x':1"), 0},
    {URI("https://youtube.com/"), 1},
    {URI("http://youtube.com"), 1},
    {URI("HTTP://m.BBC.com."), 1},
    {URI("http://u:p@cnn.com:80?x"), 1},
    {URI("https://notcnn.com"), 0},
    {URI("https://cnn.com.example/"), 0},
    {URI("https://example.com/https://cnn.com"), 0},
    {URI("ftp://bbc.com"), 0},
    {URI("x"), 0},
    {URI(""), 0},
    {URI("h"), 0},
    {URI("mailto:x@cnn.com"), 0},
    /* Where an authority ends, and what is escaped before that or after. */
    {URI("https:\\/\\/bbc.com"), 1},
    {URI("\\u0068ttps://bbc.com"), 1},
    {URI("at:\\/\\/bbc.com"), 0},
    {URI("h\\u0074tps://bbc.com"), 1},
    {URI("https://\\u0062bc.com"), 1},
    {URI("https://bbc\\u002Ecom"), 1},
    {URI("https://bbc.com\\/x"), 1},
    {URI("https://example\\u002Ecom"), 1},
    {URI("https://bbc.com/\\u0078"), 1},
    {URI("https://example.com/\\u0078"), 0},
    {URI("https://example.com?\\u0078"), 0},
    {URI("https://example.com#\\u0078"), 0},
    {URI("http://x/\\u0078"), 0},
    {URI("http:///bbc.com"), 0},
    {URI("https:///bbc.com"), 0},
    {URI("http://?bbc.com"), 0},
    {URI("http:///\\u0078"), PEEK_ANY},
    {URI("https:///\\u0078"), PEEK_ANY},
    {URI("https://bbc.com/\xC3\xA9?'"), PEEK_ANY},
    {URI("https://a@a@a/@bbc.com"), 0},
    /* Keys and spaces. */
    {FEATURE("'uri' \t\r\n: \t\r\n'https://bbc.com'"), 1},
    {FEATURE("'\\u0075ri':'https://bbc.com'"), 1},
    {FEATURE("'u\\u0072i':'https://bbc.com'"), 1},
    {FEATURE("'ur\\u0069':'https://bbc.com'"), 1},
    {RECORD("'text':'\\u0075'"), 1},
    {RECORD("'text':'\\u0072'"), 1},
    {RECORD("'text':'\\u0069'"), 1},
    {RECORD("'text':'\\u0055\\u0052\\u0049\\u0074\\n\\\\'"), 0},
    {RECORD("'text':'\\n\\u0068\\u0075'"), 1},
    {FEATURE("'URI':'https://bbc.com'"), 0},
    {FEATURE("'uri ':'https://bbc.com'"), 0},
    {FEATURE("'xuri':'https://bbc.com'"), 0},
    {FEATURE("'urix':'https://bbc.com'"), 0},
    {FEATURE("'ur':'https://bbc.com'"), 0},
    {FEATURE("'uri':7,'x':'https://bbc.com'"), 0},
    {FEATURE("'uri':['https://bbc.com']"), 0},
    {FEATURE("'uri':{'uri':'https://bbc.com'}"), 1},
    {FEATURE("'x':'uri','y':'https://bbc.com'"), 0},
    {RECORD("'text':'\\'uri\\':\\'https://bbc.com\\''"), 0},
    {RECORD("'text':'\\'uri':'https://bbc.com'"), PEEK_ANY},
    {RECORD("'a':['uri','https://bbc.com']"), 0},
    {RECORD("'uri':'https://x.example','embed':{'external':{'title':'',"
            "'uri':'https://bbc.com'}}"),
     1},
    {RECORD("'embed':{'media':{'external':{'uri':'https://bbc.com'}}}"), 1},
    /* Texts that end. */
    {"'uri':'https://bbc.com'", 1},
    {"'uri':'https://bbc.com", PEEK_ANY},
    {"'uri':'h", PEEK_ANY},
    {"'uri':'", PEEK_ANY},
    {"'uri':  ", 0},
    {"'uri':7https://bbc.com'", 0},
    {"'uri':", 0},
    {"'uri' ", 0},
    {"'uri'", 0},
    {"'ur", 0},
    {"'", 0},
    {"\\u0075", 1},
    {"\\u007", 0},
    {"\\", 0},
};

static const struct peek_row rows_unrouted[] = {
    {URI("https://example.com"), 1}, {URI("https://bbc.com"), 1},
    {URI("mailto:x@y"), 0},          {URI("https://"), 0},
    {URI("https://[::1]/"), 0},      {URI("https:///x"), 0},
    {URI("https://a b/"), 0},
};

static const struct peek_row rows_odd[] = {
    {URI("https://odd.example"), 1},
    {URI("https://x.odd.example"), 1},
    {URI("https://bbc.com"), 0},
};

static void check_links(const struct peek_row *rows, size_t n, int config)
{
    struct peekcheck seen;
    char text[2048];

    for (size_t i = 0; i < n; i++) {
        struct slice json = peek_unquoted(rows[i].text, text, sizeof(text));

        if (!peek_agrees(json, config, &seen))
            check_bad = true;
        if (rows[i].want == PEEK_ANY || seen.possible == (rows[i].want == 1))
            continue;
        check_bad = true;
        printf("# possible is %d, not %d\n", seen.possible, rows[i].want);
        peek_show(json);
    }
}

static void test_links(void)
{
    check_links(rows_links, sizeof(rows_links) / sizeof(rows_links[0]),
                PEEK_ENGLISH);
    check_links(rows_unrouted, sizeof(rows_unrouted) / sizeof(rows_unrouted[0]),
                PEEK_UNROUTED);
    check_links(rows_odd, sizeof(rows_odd) / sizeof(rows_odd[0]), PEEK_ODD);
}

int main(void)
{
    peek_init();
    RUN(test_links);
    peek_release();
    return check_done();
}
