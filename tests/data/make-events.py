#!/usr/bin/env python3
"""Write the bundled events: the same invented happenings on both wires.

make-events.py DIRECTORY   writes events-v1.jsonl and events-v2.jsonl there

Everything in them is made up from a fixed seed: accounts, texts, links.  The
shape is that of Jetstream's two wires.  The files are committed; this is how
they came to be.
"""
import json
import random
import sys

R = random.Random(20261122)
B32 = "234567abcdefghijklmnopqrstuvwxyz"
START = 1795370400000000  # us
COUNT = 480
WORDS = ("bread river lamp quiet orange ticket garden winter map copper cloud "
         "bicycle letter market stone window paper train morning soup").split()
SITES = {
    "ecommerce/amazon": ["www.amazon.com", "amazon.co.uk", "amzn.to"],
    "ecommerce/ebay": ["www.ebay.com", "ebay.de", "ebay.us"],
    "ecommerce/etsy": ["www.etsy.com", "littleshop.etsy.com", "etsy.me"],
    "social/facebook": ["www.facebook.com", "m.facebook.com", "fb.watch"],
    "social/reddit": ["old.reddit.com", "www.reddit.com", "redd.it"],
    "social/youtube": ["www.youtube.com", "youtu.be", "m.youtube.com"],
    "news/bbc": ["www.bbc.co.uk", "bbc.com", "bbc.in"],
    "news/cbc": ["www.cbc.ca", "cbc.ca"],
    "news/cnn": ["edition.cnn.com", "cnn.com", "cnn.it"],
}
WEIGHTS = {"social/youtube": 9, "social/reddit": 4, "social/facebook": 3,
           "news/bbc": 4, "news/cnn": 3, "ecommerce/amazon": 3}
OTHERS = ["notcnn.com", "betsy.com", "thebay.com", "blog.example",
          "youtube.com.example", "media.tenor.com", "example.org"]


def base32(n):
    return "".join(R.choice(B32) for _ in range(n))


def tid(us):
    value, out = us << 10 | R.randrange(1024), ""
    for _ in range(13):
        out = B32[value & 31] + out
        value >>= 5
    return out


def text():
    return " ".join(R.choice(WORDS) for _ in range(R.randint(3, 14)))


def url(host):
    path = R.choice(["", "/", "/%s" % base32(8), "/watch?v=%s" % base32(11),
                     "/r/%s/comments/%s/" % (R.choice(WORDS), base32(6))])
    return R.choice(["https", "https", "https", "http"]) + "://" + host + path


def facet(uri):
    return {"index": {"byteStart": 0, "byteEnd": 9}, "features": [
        {"$type": "app.bsky.richtext.facet#link", "uri": uri}]}


def external(uri):
    return {"$type": "app.bsky.embed.external", "external": {
        "uri": uri, "title": text(), "description": text()}}


def post(n):
    record = {"$type": "app.bsky.feed.post",
              "createdAt": "2026-11-22T%02d:%02d:%02d.000Z" % (
                  18, n // 60 % 60, n % 60)}
    site = R.choices(list(SITES), [WEIGHTS.get(s, 2) for s in SITES])[0]
    shape = R.random()
    record["text"] = text()
    record["langs"] = R.choice([["en"]] * 6 + [["en-US"], ["en-GB", "cy"],
                                               ["pt"], ["ja"], ["de", "en"]])
    if R.random() < .06:
        del record["langs"]
    if shape < .35:
        record["facets"] = [facet(url(R.choice(SITES[site])))]
    elif shape < .55:
        record["embed"] = external(url(R.choice(SITES[site])))
    elif shape < .63:
        link = url(R.choice(SITES[site]))
        record["facets"] = [facet(link)]
        record["embed"] = external(link)
    elif shape < .68:
        record["embed"] = {
            "$type": "app.bsky.embed.recordWithMedia",
            "media": external(url(R.choice(SITES[site]))),
            "record": {"record": {
                "uri": "at://did:plc:%s/app.bsky.feed.post/%s" % (
                    base32(24), tid(START)), "cid": "bafyrei" + base32(52)}}}
    elif shape < .74:
        other = R.choice(list(SITES))
        record["facets"] = [facet(url(R.choice(SITES[site]))),
                            facet(url(R.choice(SITES[other])))]
    elif shape < .86:
        record["facets"] = [facet(url(R.choice(OTHERS)))]
    return record


def commit(n, us, did):
    kind = R.random()
    if kind < .45 or n < 40:
        collection, record, rkey = "app.bsky.feed.post", post(n), tid(us)
    elif kind < .85:
        collection, rkey = "app.bsky.feed.like", tid(us)
        record = {"$type": collection, "createdAt": "2026-11-22T18:00:00Z",
                  "subject": {"cid": "bafyrei" + base32(52),
                              "uri": "at://did:plc:%s/app.bsky.feed.post/%s"
                              % (base32(24), tid(us))}}
    else:
        collection, rkey = "app.bsky.graph.follow", tid(us)
        record = {"$type": collection, "createdAt": "2026-11-22T18:00:00Z",
                  "subject": "did:plc:" + base32(24)}
    c = {"rev": tid(us), "operation": "create", "collection": collection,
         "rkey": rkey, "record": record, "cid": "bafyrei" + base32(52)}
    if R.random() < .03:
        c["operation"] = "delete"
        del c["record"], c["cid"]
    return c


def stamp(us):
    s = us // 1000000 - 1795370400
    return "2026-11-22T18:%02d:%02d.%06dZ" % (s // 60, s % 60, us % 1000000)


def main(directory):
    us, v1, v2 = START, [], []
    accounts = ["did:plc:" + base32(24) for _ in range(90)]
    for n in range(COUNT):
        us += R.choice([0, 400, 21000, 60000])
        seq, did = 5000000 + n, R.choice(accounts)
        head = {"did": did, "time_us": us, "cursor": seq}
        name = "network.bsky.jetstream.subscribeEvents#"
        if R.random() < .03:
            what = {"did": did, "handle": "user%d.example" % n, "seq": n,
                    "time": stamp(us)}
            v1.append({**head, "kind": "identity", "identity": what})
            v2.append({"$type": name + "identity", "did": did,
                       "identity": what, "seq": seq, "time": stamp(us)})
            continue
        c = commit(n, us, did)
        v1.append({**head, "kind": "commit", "commit": c})
        v2.append({"$type": name + "commit", **c, "did": did, "seq": seq,
                   "time": stamp(us)})
    dump = dict(ensure_ascii=False, separators=(",", ":"))
    with open(directory + "/events-v1.jsonl", "w") as f:
        f.writelines(json.dumps(e, **dump) + "\n" for e in v1)
    with open(directory + "/events-v2.jsonl", "w") as f:
        f.writelines(json.dumps({"$type": "message", "payload": e}, **dump)
                     + "\n" for e in v2)


main(sys.argv[1])
