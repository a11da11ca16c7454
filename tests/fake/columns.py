"""Columns of a request as values, by the bytes: this pymilvus does not know all that a newer Milvus takes."""
import struct

from pymilvus.grpc_gen import schema_pb2

from asked import walk

TYPE = schema_pb2.DataType
# VectorField: dim 1, and for each type its member, and bytes of a row by dim
FLOAT, BINARY, F16, BF16, SPARSE, INT8 = 101, 100, 102, 103, 104, 105
VECTORS = {FLOAT: (2, lambda dim: 4 * dim), BINARY: (3, lambda dim: dim // 8), F16: (4, lambda dim: 2 * dim),
           BF16: (5, lambda dim: 2 * dim), SPARSE: (6, None), INT8: (7, lambda dim: dim)}


class BadColumn(Exception):
    pass


def inner(message, *path):
    """A field inside a message, of which this pymilvus need not know anything; None if it is not there."""
    data = message.SerializeToString()
    for field in path:
        data = next((v for n, v in walk(data) if n == field), None)
        if data is None:
            return None
    return data


def default_of(field):
    """schema.proto FieldSchema: default_value 11, a ValueField: bool 1, int 2, long 3, float 4, double 5, string 6."""
    data = inner(field, 11)
    if not data:
        return None
    (member, v), = walk(data)
    if member in (4, 5):
        return struct.unpack('<f' if member == 4 else '<d', v)[0]
    return v.decode() if member == 6 else bool(v) if member == 1 else v - (1 << 64) if v >> 63 else v


def varint(n):
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def scalars(f):
    kind = f.scalars.WhichOneof('data')
    data = list(getattr(f.scalars, kind).data) if kind else []
    if f.type == TYPE.Array:
        return [list(getattr(a, a.WhichOneof('data')).data) if a.WhichOneof('data') else [] for a in data]
    return [d.decode('utf-8', 'surrogateescape') if isinstance(d, bytes) else d for d in data]


def vectors(f):
    member, width = VECTORS[f.type]
    raw = inner(f, 4, member)
    if f.type == SPARSE:
        return [v for n, v in walk(raw or b'') if n == 1]
    if f.type == FLOAT:
        raw = next((v for n, v in walk(raw or b'') if n == 1), b'')
    size = width(f.vectors.dim)
    rows = [raw[i:i + size] for i in range(0, len(raw or b''), size)]
    if f.type == FLOAT:
        return [list(struct.unpack('<%df' % f.vectors.dim, r)) for r in rows]
    return [list(r) for r in rows] if f.type == BINARY else rows


def column(f, n):
    """The n values of a FieldData: a vector of floats or bits is a list, any other its bytes; a null is None."""
    values = vectors(f) if f.type >= 100 else scalars(f)
    valid = inner(f, 7)
    if valid is not None and len(values) != n:
        there = iter(values)
        values = [next(there) if v else None for v in valid]
    elif valid is not None:
        values = [x if v else None for x, v in zip(values, valid)]
    if len(values) != n:
        raise BadColumn(f'field {f.field_name}: {len(values)} values for {n} rows')
    return values
