"""What the streaming log of Milvus 2.6 and 3.0 looks like, written: lib/format/FORMATS 5. Nothing here is code of lib/."""
import base64
import struct

DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'
BOOL, INT64, DOUBLE, VARCHAR, JSON, FLOATVEC = 1, 5, 11, 21, 23, 101
# Message types, and the version of each.
TICK, INSERT, DELETE, FLUSH, CREATE_COLL, DROP_COLL, CREATE_PART, DROP_PART, MANUAL_FLUSH, CREATE_SEGMENT = range(1, 11)
ALTER_COLL, LOAD, RELEASE, CREATE_DB, ALTER_DB, DROP_DB, ALTER_ALIAS, DROP_ALIAS = range(13, 21)
CREATE_INDEX, DROP_INDEX, FLUSH_ALL, TRUNCATE, BEGIN, COMMIT, ROLLBACK = 34, 36, 37, 38, 900, 901, 902
OLD = {TICK: 1200, INSERT: 400, DELETE: 401, CREATE_COLL: 100, DROP_COLL: 101, CREATE_PART: 200, DROP_PART: 201}


def varint(n):
    n &= (1 << 64) - 1
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def pb(*pairs):
    """A message of (number, value); 0, '' and None are absent, b'' is there."""
    out = b''
    for n, v in pairs:
        if v is None or v is False or v == 0 and not isinstance(v, bytes) or v == '':
            continue
        if isinstance(v, int):
            out += varint(n << 3) + varint(v)
        else:
            v = v.encode() if isinstance(v, str) else v
            out += varint(n << 3 | 2) + varint(len(v)) + v
    return out


def packed(numbers):
    return b''.join(map(varint, numbers))


def base36(n):
    out = ''
    while n or not out:
        n, out = n // 36, DIGITS[n % 36] + out
    return out


def base(kind, ts=0):
    return pb((1, OLD[kind]), (3, ts), (4, 1 if ts else 0))


def kvs(number, d):
    return [(number, pb((1, k), (2, v))) for k, v in d.items()]


def default_value(kind, v):
    if v is None:
        return None
    if kind == DOUBLE:
        return varint(5 << 3 | 1) + struct.pack('<d', v)  # ValueField.double_data
    return pb(({INT64: 3, VARCHAR: 6, JSON: 7}[kind], v))  # long_data, string_data, bytes_data


class Field:
    def __init__(self, fid, name, kind, params=(), primary=False, nullable=False, default=None, partition_key=False, dynamic=False):
        self.id, self.name, self.kind, self.params = fid, name, kind, dict(params)
        self.primary, self.nullable, self.default = primary, nullable, default
        self.partition_key, self.dynamic = partition_key, dynamic

    def schema(self):
        return pb((1, self.id), (2, self.name), (3, self.primary), (5, self.kind), *kvs(6, self.params),
                  (11, default_value(self.kind, self.default)), (12, self.dynamic), (13, self.partition_key), (15, self.nullable))

    def data(self, values):
        """FieldData. Nulls of scalars have a place, and a zero in it."""
        valid = [v is not None for v in values]
        if self.kind == FLOATVEC:
            flat = b''.join(struct.pack('<f', x) for v in values for x in v)
            return pb((1, self.kind), (2, self.name), (4, pb((1, len(values[0])), (2, pb((1, flat))))), (5, self.id))
        zero = {BOOL: False, INT64: 0, DOUBLE: 0.0, VARCHAR: '', JSON: b''}[self.kind]
        filled = [zero if v is None else v for v in values]
        if self.kind == BOOL:
            inner = (1, pb((1, bytes(filled))))
        elif self.kind == INT64:
            inner = (3, pb((1, packed(filled))))
        elif self.kind == DOUBLE:
            inner = (5, pb((1, struct.pack('<%dd' % len(filled), *filled))))
        else:
            texts = [v.encode() if isinstance(v, str) else v for v in filled]
            inner = (6 if self.kind == VARCHAR else 9, b''.join(varint(10) + varint(len(t)) + t for t in texts))
        return pb((1, self.kind), (2, self.name), (3, pb(inner)), (5, self.id), (6, self.dynamic),
                  (7, bytes(valid) if self.nullable else None))


SYSTEM = [pb((2, 'RowID'), (4, 'row id'), (5, INT64)), pb((1, 1), (2, 'Timestamp'), (4, 'time stamp'), (5, INT64))]


def schema(name, fields, db, properties=(), dynamic=False, version=0):
    return pb((1, name), *[(4, f.schema()) for f in fields], *[(4, s) for s in SYSTEM], (5, dynamic),
              *kvs(6, dict(properties)), (8, db), (10, version))


def insert(coll, part, fields, rows, vchannel, ts, row_ids):
    """msg.proto InsertRequest of rows {field id: value}; the timestamps are the proxy's."""
    return pb((1, base(INSERT, ts)), (2, vchannel), (3, coll.db), (4, coll.name), (5, coll.part_name(part)), (7, coll.id), (8, part),
              (10, packed([ts] * len(rows))), (11, packed(row_ids)),
              *[(13, f.data([r.get(f.id) for r in rows])) for f in fields], (14, len(rows)), (15, 1))


def delete(coll, part, keys, vchannel, ts, call_id):
    ids = pb((1, pb((1, packed(keys))))) if isinstance(keys[0], int) else pb((2, pb(*[(1, k.encode()) for k in keys])))
    return pb((1, pb((1, 401), (2, call_id), (3, ts), (4, 1))), (2, vchannel), (3, coll.db), (4, coll.name),
              (5, coll.part_name(part)), (7, coll.id), (8, part), (10, packed([ts] * len(keys))), (11, len(keys)), (12, ids))


def headers(kind, header, tt, vchannel=None, confirmed=None, term=None, broadcast=None, txn=None, keepalive=10000):
    """Kafka's headers of a record, {name: text}."""
    def b64(b):
        return base64.b64encode(b).decode()
    out = {'_v': '1' if kind in OLD else '2', '_t': str(kind), '_tt': base36(tt), '_h': b64(header)}
    if confirmed is None:
        out['_lcs'] = ''
    else:
        out['_lc'] = base36(confirmed)
    if vchannel:
        out['_vc'] = vchannel
    if term:
        out['_wt'] = base36(term)
    if broadcast:
        out['_bh'] = b64(broadcast)
    if txn:
        out['_tx'] = b64(pb((1, txn), (2, keepalive)))
    return out
