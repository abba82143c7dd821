"""Jetstream into S2, with Bytewax: firehose.py URL N [S2_ENDPOINT BASIN]

Takes N events of URL, and appends the records they make to their streams, over
S2's v1 HTTP API; without S2 they are counted only.  Prints how many records.
It is built as the users of bytewax-s2 had it.
"""

import json
import sys
from datetime import timedelta

import bytewax.operators as op
import websockets
from bytewax.dataflow import Dataflow
from bytewax.inputs import (
    FixedPartitionedSource,
    StatefulSourcePartition,
    batch_async,
)
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition
from bytewax.run import cli_main
from filter import STREAMS, english_post, records
from s2 import S2

# Those of bytewax-s2's example.
GATHER = timedelta(seconds=0.5)
BATCH = 1000  # messages


async def messages(url, count):
    async with websockets.connect(url) as socket:
        for _ in range(count):
            yield await socket.recv()


class Jetstream(StatefulSourcePartition):
    def __init__(self, url, count):
        self.batches = batch_async(messages(url, count), GATHER, BATCH)

    def next_batch(self):
        return next(self.batches)

    def snapshot(self):
        return None


class JetstreamSource(FixedPartitionedSource):
    partition = Jetstream

    def __init__(self, url, count):
        self.url = url
        self.count = count

    def list_parts(self):
        return ["jetstream"]

    def build_part(self, step_id, for_part, resume_state):
        return self.partition(self.url, self.count)


class Stream(StatefulSinkPartition):
    def __init__(self, sink, name):
        self.sink = sink
        self.name = name

    def write_batch(self, items):
        if self.sink.s2:
            self.sink.s2.append(self.name, items)
        self.sink.count += len(items)

    def snapshot(self):
        return None


class StreamsSink(FixedPartitionedSink):
    """A partition for each stream, whose name is the key of its items."""

    def __init__(self, s2):
        self.s2 = s2
        self.count = 0
        self.names = [stream for stream, *_ in STREAMS]
        self.index = {name: i for i, name in enumerate(self.names)}
        if s2:
            for name in self.names:
                s2.create(name)

    def list_parts(self):
        return self.names

    def part_fn(self, item_key):
        return self.index[item_key]

    def build_part(self, step_id, for_part, resume_state):
        return Stream(self, for_part)


def rows(post):
    return [
        (stream, {"timestamp": timestamp, "body": json.dumps(record)})
        for stream, timestamp, record in records(post)
    ]


def main():
    url, count = sys.argv[1], int(sys.argv[2])
    sink = StreamsSink(S2(*sys.argv[3:5]) if len(sys.argv) > 3 else None)
    flow = Dataflow("firehose")
    source = op.input("jetstream", flow, JetstreamSource(url, count))
    events = op.map("events", source, json.loads)
    posts = op.filter("english_posts", events, english_post)
    op.output("s2", op.flat_map("rows", posts, rows), sink)
    cli_main(flow)
    print(sink.count)


if __name__ == "__main__":
    main()
