#!/usr/bin/env python3
"""cutlog.py KAFKA.jsonl.gz [NAME...]: of a recording of the streaming log, what
unit tests need, as lines of JSON {t, o, h, b64}: topic, offset, headers, payload.

A recording has a line a record: {topic, partition, offset, key_b64, value_b64,
headers [[name, base64]...]}. Left out are collections whose name matches NAME (* at
its end stands for any), records of over 8 KiB, and most of what comes often: of
ticks and segments the first few, of the rows of a collection the first ones, of
transactions, whosever, a few of each shape, whole. All else stays, in order.
"""
import base64
import collections
import fnmatch
import gzip
import json
import sys

BYTES = 8 << 10
FEW = 3
TICK, INSERT, DELETE, FLUSH, CREATE, SEGMENT = "1", "2", "3", "4", "5", "10"
TXN = {"2": "I", "3": "D", "900": "B", "901": "C", "902": "R"}


def fields(data):
    """Of a protobuf message: (number, an integer or bytes) of each field."""
    i = 0

    def varint():
        nonlocal i
        v = shift = 0
        while True:
            c = data[i]
            i += 1
            v |= (c & 127) << shift
            shift += 7
            if c < 128:
                return v

    while i < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
            continue
        n = varint() if key & 7 == 2 else 8 if key & 7 == 1 else 4
        yield key >> 3, data[i:i + n]
        i += n


class Record:
    def __init__(self, line):
        j = json.loads(line)
        self.topic, self.offset = j["topic"], j["offset"]
        self.value = j["value_b64"] or ""
        self.headers = {k: base64.b64decode(v or "").decode() for k, v in j["headers"]}
        self.type = self.headers["_t"]
        self.bytes = base64.b64decode(self.value)

    def ids(self):
        """Numbers and names of its header, one of which is the collection's id."""
        got = {v for _, v in fields(base64.b64decode(self.headers.get("_h", "")))}
        vchannel = self.headers.get("_vc", "").rpartition("_")[2].partition("v")[0]
        return got | ({int(vchannel)} if vchannel.isdigit() else set())

    def txn(self):
        if "_tx" not in self.headers:
            return None
        return self.topic, next(fields(base64.b64decode(self.headers["_tx"])))[1]

    def line(self):
        return json.dumps({"t": self.topic, "o": self.offset, "h": dict(sorted(self.headers.items())),
                           "b64": self.value}, separators=(",", ":"))


def unwanted_ids(records, names):
    ids = set()
    for r in records:
        if r.type == CREATE:
            body = dict(fields(r.bytes))
            if any(fnmatch.fnmatch(body[3].decode(), n) for n in names):
                ids.add(body[6])
    return ids


def cut(records, names):
    unwanted = unwanted_ids(records, names)
    txns = collections.defaultdict(list)
    seen = collections.Counter()
    for r in records:
        if r.txn():
            txns[r.txn()].append(r)
    for key, members in txns.items():
        shape = "".join(TXN[r.type] for r in members)
        whole = all(len(r.bytes) <= BYTES for r in members)
        seen[shape] += whole
        if not whole or seen[shape] > FEW:
            txns[key] = []
    for r in records:
        if r.txn():
            if r in txns[r.txn()]:
                yield r
            continue
        if r.type in (TICK, SEGMENT, FLUSH):
            key = r.type, "_wt" in r.headers, "_lcs" in r.headers
        elif r.ids() & unwanted or len(r.bytes) > BYTES:
            continue
        elif r.type in (INSERT, DELETE):
            key = r.type, r.headers["_vc"]
        else:
            yield r
            continue
        seen[key] += 1
        if seen[key] <= FEW:
            yield r


def main():
    with gzip.open(sys.argv[1], "rt") as f:
        records = [Record(line) for line in f]
    records.sort(key=lambda r: (r.topic, r.offset))
    for r in cut(records, sys.argv[2:]):
        print(r.line())


if __name__ == "__main__":
    main()
