"""Milvus by its bare gRPC requests, so that a test sees the bytes that are on the wire and nothing is cached or retried.

Rows go in as columns: {'pk': [1, 2], 'vec': [bytes, bytes]}; a vector is the bytes of one row (little endian), a JSON
value and $meta are bytes of JSON text, an Array is a list.  They come out the same way, see Milvus.rows().
"""
import collections
import contextlib
import struct

import grpc
import numpy
from pymilvus.grpc_gen import common_pb2, milvus_pb2 as pb, milvus_pb2_grpc, schema_pb2

DT = schema_pb2.DataType
INTS = (DT.Int8, DT.Int16, DT.Int32)
GONE = 100        # code: collection not found
NO_INDEX = 700
NO_PARTITION = 200

Field = collections.namedtuple('Field', 'name type primary auto_id key element params')


def F(name, type, primary=False, auto_id=False, key=False, element='None', **params):
    """One field: F('pk', 'Int64', primary=True), F('v', 'FloatVector', dim=4), F('a', 'Array', element='Int8', max_capacity=4)."""
    return Field(name, DT.Value(type), primary, auto_id, key, DT.Value(element), params)


class MilvusError(Exception):
    def __init__(self, method, status):
        self.code = status.code or status.error_code
        self.reason = status.reason
        super().__init__(f'{method}: code {status.code}, {status.reason}')


def kv(pairs):
    return [common_pb2.KeyValuePair(key=k, value=str(v)) for k, v in pairs.items()]


def dict_of(pairs):
    return {p.key: p.value for p in pairs}


def vec(*numbers):
    return struct.pack(f'<{len(numbers)}f', *numbers)


def floats(array):
    """The rows of a numpy array as FloatVector values."""
    return [row.tobytes() for row in numpy.ascontiguousarray(array, dtype='<f4')]


def scalar(type, values):
    """A ScalarField of these values (for an Array: of the elements of one row)."""
    s = schema_pb2.ScalarField()
    if type == DT.Bool:
        s.bool_data.data.extend(values)
    elif type in INTS:
        s.int_data.data.extend(values)
    elif type == DT.Int64:
        s.long_data.data.extend(values)
    elif type == DT.Float:
        s.float_data.data.extend(values)
    elif type == DT.Double:
        s.double_data.data.extend(values)
    elif type == DT.VarChar:
        s.string_data.data.extend(values)
    elif type == DT.JSON:
        s.json_data.data.extend(values)
    else:
        raise ValueError(type)
    return s


def column(field, values):
    d = schema_pb2.FieldData(type=field.type, field_name=field.name)
    if field.type == DT.FloatVector:
        d.vectors.dim = int(field.params['dim'])
        raw = b''.join(values)
        # The wire form of packed floats is the raw bytes: no float passes through Python, NaN bits stay.
        d.vectors.float_vector.MergeFromString(b'\x0a' + varint(len(raw)) + raw)
    elif field.type == DT.BinaryVector:
        d.vectors.dim = int(field.params['dim'])
        d.vectors.binary_vector = b''.join(values)
    elif field.type == DT.Array:
        d.scalars.array_data.element_type = field.element
        d.scalars.array_data.data.extend(scalar(field.element, v) for v in values)
    else:
        d.scalars.CopyFrom(scalar(field.type, values))
    return d


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def packed_tail(message, size):
    """The payload of a message that holds one packed repeated field of fixed-size numbers."""
    raw = message.SerializeToString()
    return raw[len(raw) - size:]


def element_bits(s):
    """The elements of one Array row, as bytes that are equal only if all elements are, bit for bit."""
    kind = s.WhichOneof('data')
    if kind is None:
        return ()
    data = getattr(s, kind).data
    if kind == 'string_data':
        return tuple(v.encode() for v in data)
    if kind in ('float_data', 'double_data'):
        width = '<f' if kind == 'float_data' else '<d'
        return tuple(struct.pack(width, v) for v in data)
    return tuple(int(v) for v in data)


def values_of(d, n):
    """The n values of a FieldData, each comparable by ==, floats as bytes."""
    if d.type in (DT.FloatVector, DT.BinaryVector):
        if d.type == DT.FloatVector:
            width = d.vectors.dim * 4
            raw = packed_tail(d.vectors.float_vector, n * width)
        else:
            width = d.vectors.dim // 8
            raw = d.vectors.binary_vector
        assert len(raw) == n * width, f'{d.field_name}: {len(raw)} bytes, want {n} x {width}'
        return [raw[i * width:(i + 1) * width] for i in range(n)]
    s = d.scalars
    kind = s.WhichOneof('data')
    if kind is None:
        out = []
    elif kind == 'array_data':
        out = [element_bits(v) for v in s.array_data.data]
    elif kind == 'float_data':
        out = [struct.pack('<f', v) for v in s.float_data.data]
    elif kind == 'double_data':
        out = [struct.pack('<d', v) for v in s.double_data.data]
    else:
        out = list(getattr(s, kind).data)
    assert len(out) == n, f'{d.field_name}: {len(out)} values, want {n}'
    return out


def quote(s):
    """A string literal of the expression language (no surrogate escapes: it refuses them)."""
    out = s.replace('\\', '\\\\').replace('"', '\\"')
    return '"' + ''.join(f'\\u{ord(c):04x}' if c < ' ' else c for c in out) + '"'


class Milvus:
    def __init__(self, uri, token=None, tls=None):
        """tls: the contents of PEM files, by name: root_certificates, private_key, certificate_chain."""
        self.uri = uri
        address = uri.split('://')[-1]
        options = [('grpc.max_receive_message_length', -1), ('grpc.max_send_message_length', -1)]
        self.channel = (grpc.secure_channel(address, grpc.ssl_channel_credentials(**tls), options) if tls else
                        grpc.insecure_channel(address, options))
        self.stub = milvus_pb2_grpc.MilvusServiceStub(self.channel)
        self.metadata = None
        if token:
            import base64
            self.metadata = [('authorization', base64.b64encode(token.encode()).decode())]
        self.fields = {}  # what create() was told, for insert()
        self.pinned = None

    def call(self, method, timeout=120, **request):
        types = {'Insert': 'InsertRequest', 'AlterAlias': 'AlterAliasRequest'}
        cls = getattr(pb, types.get(method, method + 'Request'))
        answer = getattr(self.stub, method)(cls(**request), timeout=timeout, metadata=self.metadata)
        status = answer if isinstance(answer, common_pb2.Status) else answer.status
        if status.code or status.error_code:
            raise MilvusError(method, status)
        return answer

    # Databases and collections

    def create_db(self, db):
        self.call('CreateDatabase', db_name=db)

    def drop_db(self, db):
        self.call('DropDatabase', db_name=db)

    def dbs(self):
        return set(self.call('ListDatabases').db_names)

    def create(self, db, coll, fields, shards=1, dynamic=False, consistency='Bounded', properties=None,
               partitions=0, description=''):
        schema = schema_pb2.CollectionSchema(name=coll, description=description, enable_dynamic_field=dynamic)
        for f in fields:
            schema.fields.add(name=f.name, data_type=f.type, is_primary_key=f.primary, autoID=f.auto_id,
                              is_partition_key=f.key, element_type=f.element, type_params=kv(f.params))
        self.call('CreateCollection', db_name=db, collection_name=coll, schema=schema.SerializeToString(),
                  shards_num=shards, consistency_level=common_pb2.ConsistencyLevel.Value(consistency),
                  properties=kv(properties or {}), num_partitions=partitions)
        self.fields[db, coll] = list(fields)

    def drop(self, db, coll):
        self.call('DropCollection', db_name=db, collection_name=coll)

    def rename(self, db, old, new, new_db=None):
        # An empty newDBName is the default database, not the same one.
        self.call('RenameCollection', db_name=db, oldName=old, newName=new, newDBName=new_db or db)
        if (db, old) in self.fields:
            self.fields[new_db or db, new] = self.fields.pop((db, old))

    def alter(self, db, coll, properties):
        self.call('AlterCollection', db_name=db, collection_name=coll, properties=kv(properties))

    def colls(self, db):
        return set(self.call('ShowCollections', db_name=db).collection_names)

    def describe(self, db, coll):
        return self.call('DescribeCollection', db_name=db, collection_name=coll)

    def exists(self, db, coll):
        return coll in self.colls(db)

    def alias(self, db, coll, alias):
        self.call('CreateAlias', db_name=db, collection_name=coll, alias=alias)

    def alter_alias(self, db, coll, alias):
        self.call('AlterAlias', db_name=db, collection_name=coll, alias=alias)

    def drop_alias(self, db, alias):
        self.call('DropAlias', db_name=db, alias=alias)

    def create_partition(self, db, coll, part):
        self.call('CreatePartition', db_name=db, collection_name=coll, partition_name=part)

    def drop_partition(self, db, coll, part):
        self.call('DropPartition', db_name=db, collection_name=coll, partition_name=part)

    def partitions(self, db, coll):
        return set(self.call('ShowPartitions', db_name=db, collection_name=coll).partition_names)

    # Indexes, loads

    def index(self, db, coll, field, name='', **params):
        self.call('CreateIndex', db_name=db, collection_name=coll, field_name=field, index_name=name,
                  extra_params=kv(params or {'index_type': 'FLAT', 'metric_type': 'L2', 'params': '{}'}))

    def drop_index(self, db, coll, field='', name=''):
        self.call('DropIndex', db_name=db, collection_name=coll, field_name=field, index_name=name)

    def indexes(self, db, coll):
        """{name: (field, params)}"""
        try:
            found = self.call('DescribeIndex', db_name=db, collection_name=coll).index_descriptions
        except MilvusError as e:
            if e.code in (NO_INDEX, 25):
                return {}
            raise
        return {i.index_name: (i.field_name, dict_of(i.params)) for i in found}

    def load(self, db, coll, replicas=1):
        self.call('LoadCollection', db_name=db, collection_name=coll, replica_number=replicas)

    def load_partitions(self, db, coll, parts, replicas=1):
        self.call('LoadPartitions', db_name=db, collection_name=coll, partition_names=parts, replica_number=replicas)

    def release(self, db, coll):
        self.call('ReleaseCollection', db_name=db, collection_name=coll)

    def release_partitions(self, db, coll, parts):
        self.call('ReleasePartitions', db_name=db, collection_name=coll, partition_names=parts)

    def load_state(self, db, coll, parts=()):
        return common_pb2.LoadState.Name(
            self.call('GetLoadState', db_name=db, collection_name=coll, partition_names=parts).state)[9:]

    def loaded_parts(self, db, coll):
        """The partitions that are loaded or on their way: a set, empty if the collection is released."""
        return {p for p in self.partitions(db, coll) if self.load_state(db, coll, [p]) in ('Loaded', 'Loading')}

    def flush(self, db, *colls):
        return self.call('Flush', db_name=db, collection_names=colls)

    def is_stored(self, flush):
        """Is all that this answer of flush() names in storage?"""
        ids = [i for lists in (flush.coll_segIDs, flush.flush_coll_segIDs) for v in lists.values() for i in v.data]
        return self.call('GetFlushState', segmentIDs=ids).flushed

    # Rows

    def _columns(self, db, coll, data):
        fields = {f.name: f for f in self.fields[db, coll]}
        out = []
        for name, values in data.items():
            if name == '$meta':
                d = column(F('$meta', 'JSON'), values)
                d.is_dynamic = True
            else:
                d = column(fields[name], values)
            out.append(d)
        return out

    def write(self, method, db, coll, data, part=''):
        n = len(next(iter(data.values())))
        return self.call(method, db_name=db, collection_name=coll, partition_name=part, num_rows=n,
                         fields_data=self._columns(db, coll, data))

    def insert(self, db, coll, data, part=''):
        return self.write('Insert', db, coll, data, part)

    def upsert(self, db, coll, data, part=''):
        return self.write('Upsert', db, coll, data, part)

    def delete(self, db, coll, expr, part=''):
        return self.call('Delete', db_name=db, collection_name=coll, partition_name=part, expr=expr)

    def now(self):
        """A hybrid timestamp: later than all that was answered before."""
        return self.call('AllocTimestamp').timestamp

    @contextlib.contextmanager
    def still(self):
        """Queries within see all that was done before.  A Strong one would each wait for the next tick."""
        self.pinned = self.now()
        try:
            yield
        finally:
            self.pinned = None

    def query(self, db, coll, expr, output, parts=()):
        level = {'consistency_level': common_pb2.Strong}
        if self.pinned:
            level = {'consistency_level': common_pb2.Customized, 'guarantee_timestamp': self.pinned}
        return self.call('Query', db_name=db, collection_name=coll, expr=expr, output_fields=output,
                         partition_names=parts, **level).fields_data

    def count(self, db, coll):
        return self.query(db, coll, '', ['count(*)'])[0].scalars.long_data.data[0]

    def keys(self, db, coll, pk, parts=()):
        """All keys.  Without a limit, as a limited answer may be any part of the rows; 100 MB are allowed."""
        # The least int64 cannot be written in an expression.
        expr = f'{pk.name} >= ""' if pk.data_type == DT.VarChar else f'{pk.name} <= 0 or {pk.name} > 0'
        d, = self.query(db, coll, expr, [pk.name], parts)
        s = d.scalars
        return list(s.string_data.data if pk.data_type == DT.VarChar else s.long_data.data)

    def rows(self, db, coll, schema, keys):
        """{field: {key: value}} of these keys; a key that is not there, or is there twice, is an AssertionError."""
        pk = next(f for f in schema.fields if f.is_primary_key)
        names = [f.name for f in schema.fields] + (['$meta'] if schema.enable_dynamic_field else [])
        if pk.data_type == DT.VarChar:
            expr = f'{pk.name} in [{",".join(map(quote, keys))}]'
        else:
            least = -2**63
            expr = f'{pk.name} in [{",".join(str(k) for k in keys if k != least)}]'
            if least in keys:
                expr += f' or {pk.name} < {least + 1}'
        got = {d.field_name or '$meta': d for d in self.query(db, coll, expr, names)}
        s = got[pk.name].scalars
        order = list(s.string_data.data if pk.data_type == DT.VarChar else s.long_data.data)
        assert sorted(order) == sorted(keys), f'{len(order)} rows for {len(keys)} keys'
        return {n: dict(zip(order, values_of(got[n], len(order)))) for n in names}
