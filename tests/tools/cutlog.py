#!/usr/bin/env python3
"""cutlog.py kafka.jsonl.gz [NAME...]: of a recording of the streaming log, what
unit tests need, as lines of JSON {t, o, h, b64}: topic, offset, headers, payload.

A recording has a line a record: {topic, partition, offset, key_b64, value_b64,
headers [[name, base64]...]}. Left out are collections whose name matches NAME (* at
its end stands for any), records of over 8 KiB, and most of what comes often: of
ticks and segments the first few, of the rows of a collection the first ones, of
transactions, whosever, a few of each shape, whole. All else stays, in order.

cutlog.py truth.jsonl.gz [NAME...]: of what the client called, what changed the
catalogue, as {call, args, kw}. There, op begins with words that CALLS has.
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


CALLS = {
    "create_database": "create_database", "alter_database": "alter_database",
    "drop_database_properties": "drop_database_properties", "drop_database": "drop_database",
    "create_collection imp2": None, "create_collection": "create_collection",
    "re-create": "create_collection", "drop_collection_properties": "drop_collection_properties",
    "drop_collection": "drop_collection", "drop ren3": "drop_collection", "truncate": "truncate",
    "rename": "rename_collection", "alter_collection_properties": "alter_collection",
    "alter consistency": "alter_collection", "alter description": "alter_collection",
    "enable dynamic": "alter_collection", "alter_collection_field": "alter_field",
    "alter field": "alter_field", "add_collection_field": "add_field", "add field": "add_field",
    "re-add field": "add_field", "drop field": "drop_field", "create_partition": "create_partition",
    "drop_partition": "drop_partition", "create_index": "create_index", "index": "create_index",
    "drop_index_properties": "alter_index", "drop_index": "drop_index", "create_alias": "create_alias",
    "alias": "create_alias", "alter_alias": "create_alias", "drop_alias": "drop_alias",
    "drop alias": "drop_alias", "create_user": "create_user", "update_password": "create_user",
    "update_user": "create_user", "drop_user": "drop_user", "create_role": "create_role",
    "alter_role": "create_role", "drop_role": "drop_role", "grant_role": "grant_role",
    "revoke_role": "revoke_role", "grant_privilege_v2": "grant", "grant_privilege": "grant_old",
    "grant": "grant", "revoke_privilege": "revoke_old", "revoke": "revoke",
    "create_privilege_group": "create_group", "create pg2": "create_group",
    "add_privileges_to_group": "extend_group", "add priv": "extend_group",
    "remove_privileges_from_group": "shrink_group", "drop_privilege_group": "drop_group",
    "drop pg": "drop_group",
}


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


def calls(lines, names):
    for line in lines:
        j = json.loads(line)
        words = [w for w in CALLS if j["op"].startswith(w)]
        call = CALLS[max(words, key=len)] if words else None
        named = j["args"][0] if j["args"] else None
        if call and j["ok"] and not (isinstance(named, str) and any(fnmatch.fnmatch(named, n) for n in names)):
            yield {"call": call, "args": j["args"], "kw": j["kw"]}


def main():
    if sys.argv[1].endswith("truth.jsonl.gz"):
        with gzip.open(sys.argv[1], "rt") as f:
            for c in calls(f, sys.argv[2:]):
                print(json.dumps(c, separators=(",", ":")))
        return
    with gzip.open(sys.argv[1], "rt") as f:
        records = [Record(line) for line in f]
    records.sort(key=lambda r: (r.topic, r.offset))
    for r in cut(records, sys.argv[2:]):
        print(r.line())


if __name__ == "__main__":
    main()
