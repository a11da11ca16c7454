"""The rows of a target by its own log: RocksMQ, a RocksDB whose values are the messages."""
from milvusapi import values_of
from pymilvus.grpc_gen import common_pb2, msg_pb2
from rocksdict import AccessType, Options, Rdict

COLUMNS = ('ver', 'vec', 'payload')


def messages(folder):
    """The inserts and deletes; nobody else has the log open."""
    kinds = {common_pb2.MsgType.Insert: msg_pb2.InsertRequest, common_pb2.MsgType.Delete: msg_pb2.DeleteRequest}
    db = Rdict(folder, Options(raw_mode=True), access_type=AccessType.read_only())
    try:
        it = db.iter()
        it.seek_to_first()
        while it.valid():
            head = common_pb2.MsgHeader()
            head.ParseFromString(it.value())
            if head.base.msg_type in kinds:
                m = kinds[head.base.msg_type]()
                m.ParseFromString(it.value())
                yield m
            it.next()
    finally:
        db.close()


def rows_of(m):
    """(key, what it becomes) of a message; a deleted one becomes None."""
    if isinstance(m, msg_pb2.DeleteRequest):
        return [(k, None) for k in m.primary_keys.str_id.data or m.primary_keys.int_id.data]
    fields = {f.field_name: f for f in m.fields_data}
    s = fields['pk'].scalars
    keys = list(s.string_data.data or s.long_data.data)
    return list(zip(keys, zip(*(values_of(fields[n], len(keys)) for n in COLUMNS))))


def rows_by_log(folder, collections, partitions):
    """{collection: {key: row}} of those collections and partitions, all numbers, at the log's end."""
    last = {}  # (timestamp, is it there, row): an upsert deletes and inserts with one timestamp
    for m in messages(folder):
        if m.collectionID not in collections or m.partitionID > 0 and m.partitionID not in partitions:
            continue
        for ts, (key, row) in zip(m.timestamps, rows_of(m)):
            where, new = (m.collectionID, key), (ts, row is not None, row)
            if where not in last or new[:2] >= last[where][:2]:
                last[where] = new
    out = {c: {} for c in collections}
    for (c, key), (_, there, row) in last.items():
        if there:
            out[c][key] = row
    return out
