"""A basin of S2, over its v1 HTTP API: what the pipelines need of it."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import requests
import urllib3
from sseclient import SSEClient

APPEND_MAX = 1000  # records, S2's limit
TIMEOUT = 30  # seconds


def records_path(stream):
    return "/" + quote(stream, safe="") + "/records"


class S2:
    def __init__(self, endpoint, basin):
        self.url = endpoint + "/v1/streams"
        self.headers = {
            "S2-Basin": basin,
            "Authorization": "Bearer " + os.environ.get("S2_ACCESS_TOKEN", "-"),
        }
        self.connect()

    def connect(self):
        self.session = requests.Session()
        self.session.headers.update(self.headers)

    def get(self, path, query):
        """The status and the body of the answer; post is alike."""
        reply = self.session.get(
            self.url + path, params=query, timeout=TIMEOUT
        )
        return reply.status_code, reply.content

    def post(self, path, body):
        reply = self.session.post(self.url + path, json=body, timeout=TIMEOUT)
        return reply.status_code, reply.content

    def create(self, stream):
        check(self.post("", {"stream": stream}), 201, 409)

    def append(self, stream, rows):
        path = records_path(stream)
        for i in range(0, len(rows), APPEND_MAX):
            check(self.post(path, {"records": rows[i : i + APPEND_MAX]}))

    def streams(self, prefix):
        names = []
        more = True
        while more:
            after = names[-1] if names else ""
            query = {"prefix": prefix, "start_after": after}
            page = json.loads(check(self.get("", query)))
            names += [stream["name"] for stream in page["streams"]]
            more = page["has_more"]
        # Checkpoints are no data; s2tail leaves them out, too.
        return [name for name in names if not name.startswith("_bsky2s2/")]

    def read(self, stream, seq_num):
        """Lists of records, to the tail."""
        with self.session.get(
            self.url + records_path(stream),
            params={"seq_num": seq_num, "wait": 0},
            headers={"Accept": "text/event-stream"},
            stream=True,
            timeout=TIMEOUT,
        ) as reply:
            if reply.status_code == 416:  # nothing is there
                return
            if reply.status_code != 200:
                check((reply.status_code, reply.content))
            for event in SSEClient(reply).events():
                if event.event == "batch":
                    yield json.loads(event.data)["records"]
                elif event.event == "error":
                    raise RuntimeError(f"S2: {event.data}")


class PooledS2(S2):
    """The same for the tuned pipelines: less in the way, and threads."""

    def __init__(self, endpoint, basin, connections):
        self.connections = connections
        self.threads = ThreadPoolExecutor(connections)
        super().__init__(endpoint, basin)

    def connect(self):
        self.http = urllib3.PoolManager(
            maxsize=self.connections,
            headers=self.headers | {"Content-Type": "application/json"},
            retries=False,
            timeout=TIMEOUT,
        )

    def get(self, path, query):
        reply = self.http.request("GET", self.url + path, fields=query)
        return reply.status, reply.data

    def post(self, path, body):
        reply = self.http.request(
            "POST", self.url + path, body=json.dumps(body)
        )
        return reply.status, reply.data


def check(answer, *good):
    status, body = answer
    if status not in (good or (200,)):
        raise RuntimeError(f"S2: {status} {body.decode()}")
    return body
