#!/usr/bin/env python3
"""Words into records of a streaming log, as words for mkmsg, which hands them on; other lines stay as they are.

    +tick TOPIC TS                             TOPIC and TS as mkmsg has them; the control channel is on topic 0
    +insert|delete TOPIC TS coll=1 part=11 keys=5,6 [tx=7] [v=TEXT] [big=BYTES]
    +begin|commit|rollback TOPIC TS tx=7       +any TOPIC TS t=700 [v=2]       a type with nothing in it
    a change has a copy on the control channel and on each of the topics on=0,1, but not on lack=1:
    +create TS b=9 coll=7 name=b part=71       +rename|drop TS b=9 coll=7 name=b
    +mkpart|rmpart TS b=9 coll=7 part=72 name=p
    +alias TS b=9 coll=7 name=x                +noalias TS b=9 name=x
Anywhere: wt=TERM, keep=MS of a transaction [10000], hdr=NAME=VALUE.
"""
import base64
import struct
import sys


def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def num(field, n):
    return varint(field << 3) + varint(n)


def sub(field, b):
    b = b.encode() if isinstance(b, str) else b
    return varint(field << 3 | 2) + varint(len(b)) + b


def b64(b):
    return base64.b64encode(b).decode()


def base36(n):
    text = ""
    while n:
        n, r = divmod(n, 36)
        text = "0123456789abcdefghijklmnopqrstuvwxyz"[r] + text
    return text or "0"


def stamp(text):
    ms, _, logical = text.partition("+")
    return (int(ms) << 18) + int(logical or 0)


def topic(n):
    return "by-dev-rootcoord-dml_" + n if n.isdigit() else n


def base(kind):
    return sub(1, num(1, kind))


def column(kind, name, ident, of, field, data):
    return sub(13, num(1, kind) + sub(2, name) + sub(of, sub(field, data)) + num(5, ident))


def insert(w):
    keys = [int(k) for k in w["keys"].split(",")]
    texts = b"".join(sub(1, "x" * int(w["big"]) if "big" in w else w.get("v", "x")) for _ in keys)
    vectors = b"".join(struct.pack("<f", i) for i in range(2 * len(keys)))
    vec = sub(13, num(1, 101) + sub(2, "vec") + sub(4, num(1, 2) + sub(2, sub(1, vectors))) + num(5, 102))
    return (base(400) + num(7, int(w["coll"])) + num(8, int(w.get("part", 0))) +
            sub(10, b"".join(varint(1) for _ in keys)) +
            column(5, "pk", 100, 3, 3, sub(1, b"".join(varint(k) for k in keys))) +
            column(21, "v", 101, 3, 6, texts) + vec + num(14, len(keys)) + num(15, 1))


def delete(w):
    keys = [int(k) for k in w["keys"].split(",")]
    return (base(401) + num(7, int(w["coll"])) + num(8, int(w.get("part", 0))) +
            sub(10, b"".join(varint(1) for _ in keys)) + num(11, len(keys)) +
            sub(12, sub(1, sub(1, b"".join(varint(k) for k in keys)))))


def record(where, ts, kind, v, body, w, **props):
    words = ["!record", topic(where), b64(body) or "CAA=", "@%d" % (ts >> 18),
             "_v=%d" % v, "_t=%d" % kind, "_tt=" + base36(ts)]
    words += ["%s=%s" % p for p in props.items() if p[1]]
    if "wt" in w:
        words.append("_wt=" + base36(int(w["wt"])))
    if "tx" in w:
        words.append("_tx=" + b64(num(1, int(w["tx"])) + num(2, int(w.get("keep", 10000)))))
    print(" ".join(words + w["hdr"]))


def schema(name):
    def field(ident, name, kind, *more):
        params = b"".join(sub(6, sub(1, k) + sub(2, v)) for k, v in more)
        return sub(4, num(1, ident) + sub(2, name) + num(3, ident == 100) + num(5, kind) + params)
    return sub(1, name) + field(100, "pk", 5) + field(101, "v", 21, ("max_length", "65535")) + \
        field(102, "vec", 101, ("dim", "2"))


def change(word, w):
    """Its type, version, header and body."""
    coll, part, name = int(w.get("coll", 0)), int(w.get("part", 0)), w.get("name", "items")
    db, db_id = w.get("db", "default"), int(w.get("db_id", 1))
    vchannels = b"".join(sub(9, v) for v in data_channels(w))
    if word == "create":
        return 5, 1, num(1, coll), (base(100) + sub(2, db) + sub(3, name) + num(5, db_id) + num(6, coll) + vchannels +
                                    num(11, part) + sub(12, "_default") + sub(13, schema(name)))
    if word == "drop":
        return 6, 1, num(1, coll), base(101) + sub(2, db) + sub(3, name) + num(4, db_id) + num(5, coll)
    if word in ("mkpart", "rmpart"):
        kind = 200 if word == "mkpart" else 201
        return kind - 193, 1, num(1, coll), base(kind) + sub(4, name) + num(6, coll) + num(7, part)
    if word == "rename":
        return 13, 2, num(1, db_id) + num(2, coll) + sub(3, sub(1, "collection_name")), sub(1, sub(3, name))
    if word == "alias":
        return 19, 2, num(1, db_id) + sub(2, db) + num(3, coll) + sub(5, name), b""
    if word == "noalias":
        return 20, 2, num(1, db_id) + sub(2, db) + sub(3, name), b""
    raise SystemExit("wal26: " + word)


def data_channels(w):
    if "coll" not in w or "on" not in w:
        return []
    return ["%s_%sv%d" % (topic(t), w["coll"], i) for i, t in enumerate(w["on"].split(","))]


def broadcast(word, ts, w):
    kind, v, header, body = change(word, w)
    channels = [topic("0") + "_vcchan"] + data_channels(w)
    bh = b64(num(1, int(w["b"])) + b"".join(sub(2, c) for c in channels))
    for i, channel in enumerate(channels):
        where = channel[:channel.rindex("_")]
        if where not in [topic(t) for t in w.get("lack", "").split(",")] or i == 0:
            record(where, ts + i, kind, v, body, w, _vc=channel, _h=b64(header), _bh=bh)


def words(line):
    word, *rest = line[1:].split()
    w = {k: v for k, _, v in (x.partition("=") for x in rest if "=" in x)}
    w["hdr"] = [x[4:] for x in rest if x.startswith("hdr=")]
    place = [x for x in rest if "=" not in x]
    if len(place) == 1:
        return broadcast(word, stamp(place[0]), w)
    where, ts = place[0], stamp(place[1])
    channel = w.get("vc", "%s_%sv0" % (topic(where), w.get("coll", "1")))
    if word == "tick":
        return record(where, ts, 1, 1, base(1200), w)
    if word in ("insert", "delete"):
        body = insert(w) if word == "insert" else delete(w)
        return record(where, ts, 2 if word == "insert" else 3, 1, body, w, _vc=channel, _h=b64(num(1, int(w["coll"]))))
    kind = {"begin": 900, "commit": 901, "rollback": 902}.get(word) or int(w["t"])
    return record(where, ts, kind, int(w.get("v", 2)), base64.b64decode(w.get("body", "")), w, _vc=channel)


for text in sys.stdin:
    if text.startswith("+"):
        words(text)
    else:
        sys.stdout.write(text)
