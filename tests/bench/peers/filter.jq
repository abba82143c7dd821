# English posts with a link to one of nine sites, one record for each post and
# site, as "bsky2s2 -n -i" prints it.  The program runs once and takes all
# events, so that the table of sites is made once.

def routes: "
ecommerce/amazon amazon.com amazon.ca amazon.co.uk amazon.de amazon.fr
  amazon.it amazon.es amazon.nl amazon.se amazon.pl amazon.ie amazon.com.be
  amazon.com.tr amazon.ae amazon.sa amazon.eg amazon.in amazon.co.jp amazon.sg
  amazon.com.au amazon.com.mx amazon.com.br amazon.co.za amzn.to amzn.com
  amzn.eu amzn.asia amzn.in a.co
ecommerce/ebay ebay.com ebay.ca ebay.co.uk ebay.de ebay.fr ebay.it ebay.es
  ebay.ie ebay.at ebay.ch ebay.nl ebay.be ebay.pl ebay.ph ebay.com.au
  ebay.com.hk ebay.com.sg ebay.com.my ebay.us ebay.to
ecommerce/etsy etsy.com etsy.me
social/facebook facebook.com fb.com fb.watch fb.me fb.gg
social/reddit reddit.com redd.it
social/youtube youtube.com youtu.be youtube-nocookie.com
news/bbc bbc.com bbc.co.uk bbc.in
news/cbc cbc.ca
news/cnn cnn.com cnn.it
" | gsub("\n  "; " ") | split("\n") | map(split(" ")) | map(select(.[0])) |
    map(. as $words | .[1:][] |
        {key: ., value: {stream: $words[0], offsite: $words[1]}}) |
    from_entries;

def host: split("/") |
    select(.[0] | . == "https:" or . == "http:" or
        (ascii_downcase | . == "https:" or . == "http:")) |
    # Of an empty string, split makes nothing at all.
    (.[2] // "") + "?" | split("?")[0] + "#" | split("#")[0] |
    "@" + . | split("@")[-1] + ":" | split(":")[0] |
    rtrimstr(".") | ascii_downcase;

def site($sites): $sites[.] //
    (index(".") as $dot |
        if $dot then .[$dot + 1:] | site($sites) else null end);

routes as $sites | (., inputs) |
select(.kind == "commit") | . as $event | .commit |
select(.collection == "app.bsky.feed.post" and .operation == "create") |
. as $commit | .record |
select(any(.langs[]?;
    . == "en" or (split("-")[0] | ascii_downcase == "en"))) |
. as $post |
# Of several links to one site the first counts.
reduce (.facets[]?.features[]?.uri?, .embed.external.uri?,
    .embed.media.external.uri? | strings) as $uri ([];
    ($uri | first(host, "") | site($sites)) as $site |
    if $site == null or any(.[]; .stream == $site.stream) then .
    else . + [$site + {uri: $uri}] end) |
.[] | {
    stream: .stream,
    timestamp: ($event.time_us / 1000 | floor),
    record: {
        did: $event.did,
        rkey: $commit.rkey,
        created_at: $post.createdAt,
        observed_at: (($event.time_us / 1000000 | floor |
            strftime("%Y-%m-%dT%H:%M:%S.")) +
            ("00000\($event.time_us % 1000000)")[-6:] + "+00:00"),
        cid: $commit.cid,
        offsite: .offsite,
        offsite_uri: .uri
    }
}
