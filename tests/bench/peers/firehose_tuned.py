"""firehose.py tuned by hand: firehose_tuned.py URL N [S2_ENDPOINT BASIN]

The same work, with what Bytewax does for each message and S2 for each append
done for as many as possible at once.
"""

import asyncio
import json
import sys
from datetime import timedelta

import bytewax.operators as op
import websockets
from bytewax.dataflow import Dataflow
from bytewax.inputs import batch_async
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.run import cli_main
from filter import STREAMS, english_post, records
from firehose import Jetstream, JetstreamSource
from s2 import PooledS2

GATHER = 0.1  # seconds: how long a batch of events grows


async def batches(url, count):
    """Lists of messages, count in all.

    batch_async makes a task of each item: an item is a list, which costs a
    third of an item for each message.
    """
    loop = asyncio.get_running_loop()
    async with websockets.connect(
        url, compression=None, close_timeout=0
    ) as socket:
        while count:
            batch = [await socket.recv()]
            end = loop.time() + GATHER
            while len(batch) < count and loop.time() < end:
                batch.append(await socket.recv())
            count -= len(batch)
            yield batch


class TunedJetstream(Jetstream):
    def __init__(self, url, count):
        self.batches = batch_async(
            batches(url, count), timedelta(seconds=0.5), 1
        )

    def next_batch(self):
        return [message for batch in next(self.batches) for message in batch]


class TunedSource(JetstreamSource):
    partition = TunedJetstream


class Append(StatelessSinkPartition):
    """Appends to all streams at once."""

    def __init__(self, sink):
        self.sink = sink

    def write_batch(self, items):
        s2 = self.sink.s2
        if s2:
            streams = {}
            for stream, timestamp, record in items:
                body = json.dumps(
                    record, separators=(",", ":"), ensure_ascii=False
                )
                row = {"timestamp": timestamp, "body": body}
                streams.setdefault(stream, []).append(row)
            list(s2.threads.map(s2.append, streams, streams.values()))
        self.sink.count += len(items)


class RecordSink(DynamicSink):
    def __init__(self, s2):
        self.s2 = s2
        self.count = 0
        if s2:
            for stream, *_ in STREAMS:
                s2.create(stream)

    def build(self, step_id, worker_index, worker_count):
        return Append(self)


def found(message):
    event = json.loads(message)
    return records(event) if english_post(event) else ()


def main():
    url, count, *basin = sys.argv[1:]
    sink = RecordSink(PooledS2(*basin, len(STREAMS)) if basin else None)
    flow = Dataflow("firehose")
    messages = op.input("jetstream", flow, TunedSource(url, int(count)))
    op.output("s2", op.flat_map("records", messages, found), sink)
    cli_main(flow)
    print(sink.count)


if __name__ == "__main__":
    main()
