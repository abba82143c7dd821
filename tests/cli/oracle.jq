# What the streams are to hold, for the events of story.awk: written from the
# rules, not from the tool.  Lines STREAM<TAB>BODY in the order of the events;
# run with -r.

def sites: [
    ["ecommerce/amazon", "amazon.com", "amzn.to"],
    ["ecommerce/ebay", "ebay.com", "ebay.de"],
    ["ecommerce/etsy", "etsy.com", "etsy.me"],
    ["social/facebook", "facebook.com", "fb.watch"],
    ["social/reddit", "reddit.com", "redd.it"],
    ["social/youtube", "youtube.com", "youtu.be"],
    ["news/bbc", "bbc.com", "bbc.co.uk"],
    ["news/cbc", "cbc.ca"],
    ["news/cnn", "cnn.com"]
];

def pad: tostring | ("000000" + .)[-6:];

def observed:
    if type == "string" then sub("Z$"; "+00:00")
    else (. / 1000000 | floor | strftime("%Y-%m-%dT%H:%M:%S")) + "." +
        (. % 1000000 | pad) + "+00:00"
    end;

def site: capture("^https://(?<host>[^/]*)").host as $host |
    first(sites[] | select(any(.[1:][]; . as $domain |
        $host == $domain or ($host | endswith("." + $domain)))));

(.payload // . + .commit) | select(.operation == "create" and
    .collection == "app.bsky.feed.post") |
. as $event | .record |
select(any(.langs[]; split("-")[0] == "en")) | . as $post |
[.facets[]?.features[].uri, .embed.external.uri?, .embed.media.external.uri? |
    strings | select(utf8bytelength <= 8192) | {uri: ., site: site}] |
# Of several links to one site the first counts.
reduce .[] as $link ([];
    if any(.[]; .site[0] == $link.site[0]) then . else . + [$link] end) |
.[] | .site[0] + "\t" + ({
    did: $event.did,
    rkey: $event.rkey,
    created_at: $post.createdAt,
    observed_at: ($event.time_us // $event.time | observed),
    cid: $event.cid,
    offsite: .site[1],
    offsite_uri: .uri
} | tojson)
