# A story for tests: events of Jetstream as JSON lines, the same ones in the
# same order on either wire for the same seed.
#
#   awk -v seed=1 -v n=1000 -v wire=1 -v start=1700000000000000 -f story.awk
#
#   seed     which story [1]
#   n        how many events [1000]
#   wire     1 or 2 [1]
#   start    time of the first event, us [1700000000000000]
#   step_us  how far apart events are on average, us [50000]
#   first    the first event's sequence number [1000000]
#
# Seven events in ten are posts in English with links to one or two of the nine
# default sites; the others are posts in other languages, posts with links to
# other sites or without, likes, deletes, and news of accounts and identities.
# Times go up, in groups of one to five that have the same, but one group in
# forty is dated up to 30 s before its time.  A post was made at most 20 s
# before its event; no two events have the same did, rkey and cid.

# A number from 0 to k - 1: the minimal standard generator, exact in doubles.
function pick(k) {
    random = random * 16807 % 2147483647
    return random % k
}

function letters(k,    s) {
    while (k-- > 0)
        s = s substr(BASE32, pick(32) + 1, 1)
    return s
}

# A record key: 11 digits of time and two of a clock's id.
function tid(us,    s, i) {
    for (i = 0; i < 11; i++) {
        s = substr(BASE32, us % 32 + 1, 1) s
        us = int(us / 32)
    }
    return s letters(2)
}

# us as RFC 3339 with that many digits of fraction, 3 or 6.
function rfc3339(us, digits,    s, days, y, m, doy, era, part) {
    s = int(us / 1000000)
    part = us - s * 1000000
    if (digits == 3)
        part = int(part / 1000)
    days = int(s / 86400)
    s -= days * 86400
    # Days since 1 March of the year 0, in eras of 400 years (146,097 days).
    days += 719468
    era = int(days / 146097)
    days -= era * 146097
    y = int((days - int(days / 1460) + int(days / 36524) - int(days / 146096)) \
        / 365)
    doy = days - (365 * y + int(y / 4) - int(y / 100))
    y += era * 400
    m = int((5 * doy + 2) / 153)
    days = doy - int((153 * m + 2) / 5) + 1
    m = m < 10 ? m + 3 : m - 9
    if (m <= 2)
        y++
    return sprintf("%04d-%02d-%02dT%02d:%02d:%02d.%0" digits "dZ", y, m, days,
        int(s / 3600), int(s % 3600 / 60), s % 60, part)
}

function url(host) {
    return "https://" host "/" letters(6)
}

function site(    k, host) {
    k = split(SITE[pick(SITES) + 1], host, " ")
    return url(host[pick(k) + 1])
}

function facet(uri) {
    return "\"facets\":[{\"index\":{\"byteStart\":0,\"byteEnd\":9}," \
        "\"features\":[{\"$type\":\"app.bsky.richtext.facet#link\"," \
        "\"uri\":\"" uri "\"}]}]"
}

function external(uri) {
    return "{\"$type\":\"app.bsky.embed.external\",\"external\":{\"uri\":\"" \
        uri "\",\"title\":\"a title\",\"description\":\"\"}}"
}

# The links of a post that is to be kept.
function links(    shape) {
    shape = pick(10)
    if (shape < 4)
        return "," facet(site())
    if (shape < 7)
        return ",\"embed\":" external(site())
    if (shape < 8)
        return ",\"embed\":{\"$type\":\"app.bsky.embed.recordWithMedia\"," \
            "\"media\":" external(site()) ",\"record\":{\"record\":{\"uri\":" \
            "\"at://did:plc:a/app.bsky.feed.post/b\",\"cid\":\"c\"}}}"
    return "," facet(site()) ",\"embed\":" external(site())
}

function post(us, langs, rest) {
    return "{\"$type\":\"app.bsky.feed.post\",\"createdAt\":\"" \
        rfc3339(us, 3) "\",\"text\":\"" letters(12) "\",\"langs\":[" langs \
        "]" rest "}"
}

# A commit without its braces.
function commit(operation, collection, us, record) {
    return "\"rev\":\"" tid(us) "\",\"operation\":\"" operation \
        "\",\"collection\":\"" collection "\",\"rkey\":\"" tid(us) "\"" \
        (record == "" ? "" : ",\"record\":" record \
        ",\"cid\":\"bafyrei" letters(20) sprintf("%08d", number) "\"")
}

function some_commit(us,    kind) {
    kind = pick(100)
    us -= pick(20000000)
    if (kind < 75)
        return commit("create", POST, us, post(us, ENGLISH[pick(4) + 1],
            links()))
    if (kind < 82)
        return commit("create", POST, us, post(us, OTHER[pick(3) + 1],
            links()))
    if (kind < 87)
        return commit("create", POST, us, post(us, ENGLISH[1],
            pick(2) ? "" : "," facet(url(ELSEWHERE[pick(4) + 1]))))
    if (kind < 95)
        return commit("delete", POST, us, "")
    return commit("create", LIKE, us, "{\"$type\":\"" LIKE "\",\"createdAt\":" \
        "\"" rfc3339(us, 3) "\",\"subject\":{\"cid\":\"c\",\"uri\":\"at://d\"}}")
}

# Prints an event, a commit's fields or those of another kind.
function tell(kind, did, us, fields,    stamp) {
    if (wire == 1) {
        printf "{\"did\":\"%s\",\"time_us\":%.0f,\"cursor\":%.0f," \
            "\"kind\":\"%s\",\"%s\":{%s}}\n", did, us, first + number, kind,
            kind, fields
        return
    }
    stamp = sprintf("\"did\":\"%s\",\"seq\":%.0f,\"time\":\"%s\"", did,
        first + number, rfc3339(us, 6))
    if (kind != "commit")
        fields = "\"" kind "\":{" fields "}"
    printf "{\"$type\":\"message\",\"payload\":{\"$type\":" \
        "\"network.bsky.jetstream.subscribeEvents#%s\",%s,%s}}\n", kind,
        fields, stamp
}

function event(us,    did, other, kind) {
    did = "did:plc:" substr(ACCOUNTS, pick(200) * 24 + 1, 24)
    other = "\"did\":\"" did "\",\"seq\":" number ",\"time\":\"" \
        rfc3339(us, 3) "\""
    kind = pick(100)
    if (kind < 4)
        tell("identity", did, us, other ",\"handle\":\"h" number ".example\"")
    else if (kind < 6)
        tell("account", did, us, other ",\"active\":true")
    else
        tell("commit", did, us, some_commit(us))
    number++
}

BEGIN {
    BASE32 = "234567abcdefghijklmnopqrstuvwxyz"
    POST = "app.bsky.feed.post"
    LIKE = "app.bsky.feed.like"
    SITES = split("www.amazon.com amzn.to|ebay.de www.ebay.com|etsy.me " \
        "shop.etsy.com|m.facebook.com fb.watch|old.reddit.com redd.it|" \
        "www.youtube.com youtu.be|bbc.co.uk www.bbc.com|www.cbc.ca cbc.ca|" \
        "cnn.com edition.cnn.com", SITE, "|")
    split("\"en\"|\"en-US\"|\"en\",\"fr\"|\"ja\",\"en-GB\"", ENGLISH, "|")
    split("\"pt\"|\"ja\",\"de\"|", OTHER, "|")
    split("notcnn.com|betsy.com|youtube.com.example|example.org", ELSEWHERE,
        "|")
    if (seed == "") seed = 1
    if (n == "") n = 1000
    if (wire == "") wire = 1
    if (start == "") start = 1700000000000000
    if (step_us == "") step_us = 50000
    if (first == "") first = 1000000
    # Not 0, and far apart for seeds that are near each other.
    random = (seed * 69621 + 12345) % 2147483646 + 1
    for (i = 0; i < 20; i++)
        pick(2)
    ACCOUNTS = letters(200 * 24)
    us = start + 0
    number = 0
    while (number < n) {
        at = us
        if (number > 0 && pick(40) == 0)
            at -= pick(30000000)
        group = pick(3) == 0 ? pick(5) + 1 : 1
        for (i = 0; i < group && number < n; i++)
            event(at)
        # A group has 5/3 events on average.
        us += 1 + int(pick(2 * step_us) * 5 / 3)
    }
}
