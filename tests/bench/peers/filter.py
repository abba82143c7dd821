"""Count the records that JSON lines of Jetstream on stdin make.

The decision is here, for the pipelines too: English posts with a link to one of
nine sites, one record for each post and site.
"""

import json
import re
import sys
from datetime import datetime, timezone

# A stream, and its domains: the first is the site's own name.
ROUTES = """
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
"""
STREAMS = [
    line.split()
    for line in ROUTES.strip().replace("\n  ", " ").splitlines()
]
SITES = {
    domain: (words[0], words[1])
    for words in STREAMS
    for domain in words[1:]
}

HOST = re.compile(
    r"https?://(?:[^/?#]*@)?([a-z0-9._-]+?)\.?(?::[0-9]*)?(?:[/?#]|$)", re.I
)


def site_of(uri):
    """The stream and the site's name that a link belongs to, or None."""
    match = HOST.match(uri)
    if not match:
        return None
    host = match[1].lower()
    while host:
        if host in SITES:
            return SITES[host]
        host = host.partition(".")[2]
    return None


def links(post):
    for facet in post.get("facets") or ():
        for feature in facet.get("features") or ():
            if "uri" in feature:
                yield feature["uri"]
    embed = post.get("embed")
    if embed:
        for holder in (embed, embed.get("media") or {}):
            external = holder.get("external")
            if external and "uri" in external:
                yield external["uri"]


def observed_at(time_us):
    seconds, micros = divmod(time_us, 1000000)
    time = datetime.fromtimestamp(seconds, timezone.utc)
    return time.replace(microsecond=micros).isoformat(timespec="microseconds")


def english_post(event):
    """Whether an event is a new post that says it is in English."""
    if event["kind"] != "commit":
        return False
    commit = event["commit"]
    return (
        commit["operation"] == "create"
        and commit["collection"] == "app.bsky.feed.post"
        and any(
            lang.split("-")[0].lower() == "en"
            for lang in commit["record"].get("langs") or ()
        )
    )


def records(event):
    """What a post makes: (stream, milliseconds, body) for each site."""
    commit = event["commit"]
    post = commit["record"]
    found = {}
    for uri in links(post):
        site = site_of(uri)
        if site and site not in found:
            found[site] = uri
    time_us = event["time_us"]
    return [
        (
            stream,
            time_us // 1000,
            {
                "did": event["did"],
                "rkey": commit["rkey"],
                "created_at": post.get("createdAt"),
                "observed_at": observed_at(time_us),
                "cid": commit["cid"],
                "offsite": offsite,
                "offsite_uri": uri,
            },
        )
        for (stream, offsite), uri in found.items()
    ]


def main():
    sys.stdin.reconfigure(encoding="utf-8")
    events = map(json.loads, sys.stdin)
    print(sum(len(records(event)) for event in events if english_post(event)))


if __name__ == "__main__":
    main()
