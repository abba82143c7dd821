#include "check.h"

#include <stdlib.h>

#include "base/toml.h"

/* What was told, as lines PATH=KIND[VALUE], a dot between keys. */
static struct buf told = BUF_INIT(1 << 20);
static struct err err;

static int tell(void *arg, const struct toml_item *item, struct err *e)
{
    static const char *const kinds[] = {"string ", "bool ", "table", "list",
                                        "other"};

    for (size_t i = 0; i < item->path.n; i++)
        buf_addf(&told, "%c", item->path.p[i] == '\0' ? '.' : item->path.p[i]);
    buf_addf(&told, "=%s", kinds[item->kind]);
    if (item->kind == TOML_STRING)
        buf_addslice(&told, item->string);
    if (item->kind == TOML_BOOL)
        buf_addstr(&told, item->truth ? "true" : "false");
    buf_addstr(&told, "\n");
    if (arg != NULL && slice_eq(item->path, slice_str(arg)))
        return err_set(e, ERR_CONFIG, "not this one");
    return 0;
}

/* Reads ${n} bytes out of a block of their own length, so that reading on is
 * noticed. */
static int read_bytes(const char *p, size_t n, char *refused)
{
    struct buf text = BUF_INIT(1 << 20);
    int rc;

    buf_reset(&told);
    err_clear(&err);
    text.p = malloc(n > 0 ? n : 1);
    if (text.p == NULL)
        return -1;
    memcpy(text.p, p, n);
    text.n = text.cap = n;
    rc = toml_read("f", &text, tell, refused, &err);
    buf_release(&text);
    CHECK_INT(err.code, rc == 0 ? ERR_NONE : ERR_CONFIG);
    return rc;
}

/* ${text} is read as ${want}. */
static void reads(const char *text, const char *want)
{
    CHECK(read_bytes(text, strlen(text), NULL) == 0);
    CHECK_STR(err.text, "");
    CHECK_STR(buf_str(&told), want);
}

/* ${text} is refused with ${want}. */
static void refuses(const char *text, const char *want)
{
    CHECK(read_bytes(text, strlen(text), NULL) == -1);
    CHECK_STR(err.text, want);
}

static void test_as_the_cli_writes(void)
{
    reads("auth_method = \"access_token\"\n"
          "account_endpoint = \"http://127.0.0.1:9\"\n"
          "ssl_no_verify = true\n"
          "\n"
          "[stored_access_token]\n"
          "credential_id = \"aeb2f0b5\"\n"
          "credential_store = \"file\"\n"
          "\n"
          "[[pending_access_token_cleanup]]\n"
          "credential_id = \"2672f599\"\n"
          "[oauth]\n"
          "issuer = \"x\"\n",
          "auth_method=string access_token\n"
          "account_endpoint=string http://127.0.0.1:9\n"
          "ssl_no_verify=bool true\n"
          "stored_access_token=table\n"
          "stored_access_token.credential_id=string aeb2f0b5\n"
          "stored_access_token.credential_store=string file\n"
          "pending_access_token_cleanup=list\n"
          "oauth=table\n"
          "oauth.issuer=string x\n");
}

static void test_keys(void)
{
    reads("a.b.c = true", "a.b.c=bool true\n");
    reads("a . \"b c\" .'d\"' = true", "a.b c.d\"=bool true\n");
    reads("\"\\u00e9\" = true", "\xc3\xa9=bool true\n");
    reads("-_9 = false", "-_9=bool false\n");
    reads("\"\" = false", "=bool false\n");
    reads("[ a . b ]\nc.d=true\n[e]\nf=true",
          "a.b=table\na.b.c.d=bool true\ne=table\ne.f=bool true\n");
    refuses("= 1", "f:1: more on the line than belongs there");
    refuses("a. = 1", "f:1: no key where one is due");
    refuses("a b = 1", "f:1: a key without =");
    refuses("a\n", "f:1: a key without =");
    refuses("[]", "f:1: no key where one is due");
    refuses("[a", "f:1: a table's name without its end");
    refuses("[[a]", "f:1: a table's name without its end");
    refuses("[a] b", "f:1: more on the line than belongs there");
    refuses("[a]\n[b]]", "f:2: more on the line than belongs there");
}

/* A quoted dot does not make a path, nor does an empty key. */
static void test_paths_are_unambiguous(void)
{
    CHECK(read_bytes("\"a.b\" = 'x'", 11, NULL) == 0);
    CHECK_STR(buf_str(&told), "a.b=string x\n");
    CHECK(read_bytes("a = {'' = 'x'}", 14, NULL) == 0);
    CHECK_STR(buf_str(&told), "a=table\na.=string x\n");
    refuses("\"a\\u0000b\" = 'x'", "f:1: a character's number that is none");
}

static void test_strings(void)
{
    reads("a = \"\"\nb = ''", "a=string \nb=string \n");
    reads("a = 'c:\\n\"'", "a=string c:\\n\"\n");
    reads("a = \"\\b\\t\\f\\r\\\"\\\\\"", "a=string \b\t\f\r\"\\\n");
    reads("a = \"\\u0041\\u00E9\\u20ac\\U0001F600\\U00000042\"",
          "a=string A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"
          "B\n");
    reads("a = \"#\" # \"", "a=string #\n");
    refuses("a = \"x", "f:1: a string without its end");
    refuses("a = \"x\n\"", "f:1: a string without its end");
    refuses("a = 'x\"", "f:1: a string without its end");
    refuses("a = \"\\", "f:1: a backslash before what it does not escape");
    refuses("a = \"\\x41\"", "f:1: a backslash before what it does not escape");
    refuses("a = \"\\u12\"", "f:1: a character's number has too few digits");
    refuses("a = \"\\u12", "f:1: a character's number has too few digits");
    refuses("a = \"\\ud800\"", "f:1: a character's number that is none");
    refuses("a = \"\\U00110000\"", "f:1: a character's number that is none");
    refuses("a = \"\\Uffffffff\"", "f:1: a character's number that is none");
    refuses("\n\na = \"\"\"x\"\"\"",
            "f:3: a string over several lines is not read here");
    refuses("a = '''x'''", "f:1: a string over several lines is not read here");
    refuses("a = \"x\"y", "f:1: more on the line than belongs there");
}

static void test_other_values(void)
{
    reads("a = 1\nb = -0x1F\nc = +1_000.5e-7\nd = inf\ne = -nan\n"
          "f = 1979-05-27T07:32:00.9-07:00\ng = 1979-05-27 07:32:00Z # x\n"
          "h = 07:32:00\n",
          "a=other\nb=other\nc=other\nd=other\ne=other\nf=other\ng=other\n"
          "h=other\n");
    refuses("a = ", "f:1: no value where one is due");
    refuses("a = # x", "f:1: no value where one is due");
    refuses("a = yes", "f:1: no value where one is due");
    refuses("a = True", "f:1: no value where one is due");
    refuses("a = truely", "f:1: no value where one is due");
    refuses("a = -", "f:1: no value where one is due");
    refuses("a = +i", "f:1: no value where one is due");
    refuses("a = 1 2", "f:1: more on the line than belongs there");
    refuses("a = true b = 1", "f:1: more on the line than belongs there");
}

static void test_lists_and_tables(void)
{
    reads("a = []\nb = [1, 'x]', [\"]\", {c = 1}], ]\nd = true",
          "a=list\nb=list\nd=bool true\n");
    reads("a = [ # ]\n  1,\n\n  2 # x\n  ,\n]\nb = true",
          "a=list\nb=bool true\n");
    reads("a = {}\nb = { c = 'x', d.e = true , f = {g = 'y'} }\n",
          "a=table\nb=table\nb.c=string x\nb.d.e=bool true\nb.f=table\n"
          "b.f.g=string y\n");
    reads("[[a]]\nb = 1\n[a.c]\nd = 'x'\n[[a]]\n",
          "a=list\na.c=table\na.c.d=string x\na=list\n");
    refuses("a = [1", "f:1: a list without its end");
    refuses("a = [\n\n", "f:3: no value where one is due");
    refuses("a = [1 2]", "f:1: a list without its end");
    refuses("a = [,]", "f:1: no value where one is due");
    refuses("a = {b = 1", "f:1: a table without its end");
    refuses("a = {b = 1,}", "f:1: no key where one is due");
    refuses("a = {b = 1\n}", "f:1: a table without its end");
    refuses("a = {,}", "f:1: no key where one is due");
}

static void test_lines(void)
{
    reads("", "");
    reads("\n\r\n \t\n# x\r\n", "");
    reads("\xef\xbb\xbf"
          "a = true\r\nb = true",
          "a=bool true\nb=bool true\n");
    refuses("a = true\rb = true", "f:1: a control character");
    refuses("a = true\n\r", "f:2: a control character");
    refuses("a = true\n# \x01", "f:2: a control character");
    refuses("a = true\nb = '\x7f'", "f:2: a control character");
    refuses("\n\na = '\xff'", "f:3: not UTF-8");
    CHECK(read_bytes("a = '\0'", 7, NULL) == -1);
    CHECK_STR(err.text, "f:1: a control character");
}

static void test_bounds(void)
{
    char text[600];

    memset(text, 'k', 300);
    snprintf(text + 256, sizeof(text) - 256, " = true");
    CHECK(read_bytes(text, strlen(text), NULL) == 0);
    CHECK_INT(told.n, 256 + strlen("=bool true\n"));
    memset(text, 'k', 300);
    snprintf(text + 257, sizeof(text) - 257, " = true");
    refuses(text, "f:1: a key that is too long");
    snprintf(text, sizeof(text), "a = [[[[[[[[]]]]]]]]");
    CHECK(read_bytes(text, strlen(text), NULL) == 0);
    snprintf(text, sizeof(text), "a = [[[[[[[[[]]]]]]]]]");
    refuses(text, "f:1: nested too deeply");
}

/* The caller's error ends it, under the line of the item. */
static void test_a_caller_that_refuses(void)
{
    static const char text[] = "a = 1\nb = 2\nc = 3\n";
    char refused[] = "b";

    CHECK(read_bytes(text, strlen(text), refused) == -1);
    CHECK_STR(err.text, "f:2: not this one");
    CHECK_STR(buf_str(&told), "a=other\nb=other\n");
}

/* No error shows what is in the file: it may be a secret. */
static void test_every_cut(void)
{
    static const char text[] =
        "\"k\\u00e9\".l = \"hush\\u0021\"\n[t.'u']\nv = {a = 'hush', b = [1, "
        "'hush']} # hush\n[[w]]\nx = 1979-05-27 07:32:00\ny = true\n";

    for (size_t n = 0; n < sizeof(text); n++) {
        read_bytes(text, n, NULL);
        CHECK(strstr(err.text, "hush") == NULL);
    }
    for (size_t i = 0; i + 1 < sizeof(text); i++) {
        char changed[sizeof(text)];

        for (int c = 0; c < 256; c++) {
            memcpy(changed, text, sizeof(text));
            changed[i] = (char)c;
            read_bytes(changed, sizeof(text) - 1, NULL);
            CHECK(strstr(err.text, "hush") == NULL);
        }
    }
}

int main(void)
{
    RUN(test_as_the_cli_writes);
    RUN(test_keys);
    RUN(test_paths_are_unambiguous);
    RUN(test_strings);
    RUN(test_other_values);
    RUN(test_lists_and_tables);
    RUN(test_lines);
    RUN(test_bounds);
    RUN(test_a_caller_that_refuses);
    RUN(test_every_cut);
    buf_release(&told);
    return check_done();
}
