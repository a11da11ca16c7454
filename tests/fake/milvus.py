#!/usr/bin/env python3
"""A Milvus in memory for tests of cdc-apply: milvus.py serve FILE [PORT [CERT KEY]] | dump FILE

serve writes its port to FILE.port when it listens, a line for each call to FILE.log, the login of each that has one to
FILE.logins, and keeps what it holds in FILE, so that another one on the same FILE goes on where a killed one was. The messages are pymilvus's, so cdc-apply's own encoding is
read by somebody else's decoder. dump prints the rows, sorted.

FILE.born is when it was made, as ListDatabases says it, unix nanoseconds.

FILE.faults is a list of {"method": M, "skip": N, "times": N, ...} that is read at every call; the first that fits a call and
is not used up decides what happens to it:
  "code": C, "reason": R   answers such a Status          "grpc": S, "text": T   ends with that gRPC status
  "sleep": SEC             waits first                     "after": true          does what was asked before all of this
  "jitter": SEC            waits up to so long first, by chance
  "answer": {FIELD: VALUE}   says so in the answer, whatever was done
  "ignore": true                           says ok and does nothing
  "die": true              the process ends, no answer     "rows": N              refuses more rows than that at a time
"""
import base64
import concurrent.futures
import itertools
import json
import os
import pickle
import random
import re
import sys
import threading
import time

import grpc
from columns import BadColumn, column, default_of, inner, varint
from pymilvus.grpc_gen import common_pb2, milvus_pb2 as pb, schema_pb2
from users import Refused, Users

PREFIX = '/milvus.proto.milvus.MilvusService/'
TYPE = schema_pb2.DataType
NULLABLE, FUNCTION_OUTPUT = 15, 16  # of FieldSchema, which this pymilvus does not know
MARK = re.compile(r'in \[(\d{19}|"cdc-came-from-[0-9a-f]{16}")\]$')  # a Delete of cdc-apply's own is a "Mark" here


class Gone(Exception):
    """The call ends without an answer of ours."""


class Fake(Users):
    def __init__(self, path):
        self.path, self.lock, self.rules, self.used = path, threading.Lock(), '', {}
        self.dbs = {'default': {}}
        self.ids = itertools.count(int(time.time() * 1000))
        if os.path.exists(path):
            self.dbs = pickle.load(open(path, 'rb'))
        if not os.path.exists(path + '.born'):
            with open(path + '.born', 'w') as f:
                f.write(str(time.time_ns()))
        self.load_users(path + '.users')
        self.log = open(path + '.log', 'a', buffering=1)
        self.logins = open(path + '.logins', 'a', buffering=1)

    def save(self):
        with open(self.path + '.new', 'wb') as f:
            pickle.dump(self.dbs, f)
        os.replace(self.path + '.new', self.path)

    def db(self, name):
        if (name or 'default') not in self.dbs:
            raise Refused(65535, f'database:{name} not found')
        return self.dbs[name or 'default']

    def coll(self, r):
        db = self.db(r.db_name)
        for name, c in db.items():
            if name == r.collection_name or r.collection_name in c['aliases']:
                return c
        raise Refused(100, f"can't find collection {r.collection_name}")

    # what is asked, by the name of the call

    def GetVersion(self, r):
        return pb.GetVersionResponse(version='v2.3.5-fake')

    def ReplicateMessage(self, r):
        raise Refused(1900, 'deny to use the replicate message in the normal instance')

    def ListDatabases(self, r):
        answer = pb.ListDatabasesResponse(db_names=list(self.dbs))
        times = b''.join(varint(int(open(self.path + '.born').read()) + i) for i in range(len(self.dbs)))
        answer.MergeFromString(b'\x1a' + varint(len(times)) + times)  # created_timestamp 3, which this pymilvus does not know
        return answer

    def CreateDatabase(self, r):
        if r.db_name in self.dbs:
            raise Refused(65535, 'database already exist')
        self.dbs[r.db_name] = {}

    def DropDatabase(self, r):
        if self.dbs.get(r.db_name):
            raise Refused(65535, 'database not empty')
        self.dbs.pop(r.db_name, None)

    def CreateCollection(self, r):
        db = self.db(r.db_name)
        schema = schema_pb2.CollectionSchema.FromString(r.schema)
        assert schema.name == r.collection_name
        there = db.get(r.collection_name)
        if there and (there['schema'], there['shards']) == (r.schema, r.shards_num):
            return None
        if there:
            raise Refused(65535, 'create duplicate collection with different parameters')
        db[r.collection_name] = {'id': next(self.ids), 'schema': r.schema, 'shards': r.shards_num, 'aliases': [], 'parts': {'_default'},
                                 'rows': {}, 'index': {}, 'params': {}, 'loaded': False,
                                 'level': r.consistency_level, 'num_partitions': r.num_partitions,
                                 'props': {p.key: p.value for p in r.properties}}

    def DescribeCollection(self, r):
        db = self.db(r.db_name)
        c = self.coll(r)
        name = next(n for n in db if db[n] is c)
        schema = schema_pb2.CollectionSchema.FromString(c['schema'])
        if schema.enable_dynamic_field:
            schema.fields.add(name='$meta', data_type=TYPE.JSON, is_dynamic=True)
        for i, f in enumerate(schema.fields):
            f.fieldID = 100 + i
        return pb.DescribeCollectionResponse(
            schema=schema, collectionID=c['id'], collection_name=name, shards_num=c['shards'], aliases=c['aliases'],
            consistency_level=c['level'], num_partitions=c['num_partitions'],
            properties=[common_pb2.KeyValuePair(key=k, value=v) for k, v in c['props'].items()])

    def ShowCollections(self, r):
        db = self.db(r.db_name)
        return pb.ShowCollectionsResponse(collection_names=list(db), collection_ids=[c['id'] for c in db.values()])

    def RenameCollection(self, r):
        if r.newName in self.db(r.newDBName):
            raise Refused(65535, 'duplicated new collection name')
        self.coll(pb.DropCollectionRequest(db_name=r.db_name, collection_name=r.oldName))
        self.db(r.newDBName)[r.newName] = self.db(r.db_name).pop(r.oldName)

    def DropCollection(self, r):
        db = self.db(r.db_name)
        if r.collection_name in db and db[r.collection_name]['aliases']:
            raise Refused(65535, 'unable to drop the collection, aliases exist: drop the alias first')
        db.pop(r.collection_name, None)

    def TruncateCollection(self, r):
        self.coll(r)['rows'] = {}

    def AlterDatabase(self, r):
        self.db(r.db_name)
        return common_pb2.Status(), [f'{k.decode()}={v.decode()}' for k, v in re.findall(
            rb'\x22.\x0a.([\w.]+)\x12.([\w.]+)', r.SerializeToString())] + self.gone(r, b'\x2a')

    def AddCollectionField(self, r):
        c = self.coll(r)
        schema = schema_pb2.CollectionSchema.FromString(c['schema'])
        field = schema.fields.add()
        field.ParseFromString(inner(r, 5))
        if field.name in [f.name for f in schema.fields][:-1]:
            raise Refused(1100, f'duplicated field name: {field.name}')
        if not inner(field, NULLABLE):
            raise Refused(1100, 'added field must be nullable')
        c['schema'] = schema.SerializeToString()
        for row in c['rows'].values():
            row[field.name] = default_of(field)
        return common_pb2.Status(), [field.name]

    def AlterCollectionSchema(self, r):
        c = self.coll(r)
        name = inner(r, 5, 2, 1).decode()
        schema = schema_pb2.CollectionSchema.FromString(c['schema'])
        at = [f.name for f in schema.fields].index(name)
        del schema.fields[at]
        c['schema'] = schema.SerializeToString()
        for row in c['rows'].values():
            del row[name]
        return common_pb2.Status(), [name]

    def AlterCollection(self, r):
        if any(p.key == 'dynamicfield.enabled' for p in r.properties):
            schema = schema_pb2.CollectionSchema.FromString(self.coll(r)['schema'])
            schema.enable_dynamic_field = True
            self.coll(r)['schema'] = schema.SerializeToString()
            return None
        c = self.coll(r)
        for p in r.properties:
            if p.key == 'consistency_level':
                c['level'] = common_pb2.ConsistencyLevel.Value(p.value)
            elif p.key == 'collection.description':
                schema = schema_pb2.CollectionSchema.FromString(c['schema'])
                schema.description = p.value
                c['schema'] = schema.SerializeToString()
            else:
                c['props'][p.key] = p.value
        gone = self.gone(r)
        for k in gone:
            self.coll(r)['props'].pop(k[1:], None)
        return (common_pb2.Status(), gone) if gone else None

    def CreateAlias(self, r):
        c = self.coll(r)
        if any(r.alias in x['aliases'] for x in self.db(r.db_name).values() if x is not c):
            raise Refused(1602, f'{r.alias} is alias to another collection')
        if r.alias not in c['aliases']:
            c['aliases'].append(r.alias)

    def AlterAlias(self, r):
        self.coll(r)
        self.DropAlias(r)
        self.CreateAlias(r)

    def DropAlias(self, r):
        for c in self.db(r.db_name).values():
            if r.alias in c['aliases']:
                c['aliases'].remove(r.alias)

    def CreatePartition(self, r):
        self.coll(r)['parts'].add(r.partition_name)

    def DropPartition(self, r):
        c = self.coll(r)
        c['parts'].discard(r.partition_name)
        c.get('released', set()).discard(r.partition_name)
        c['rows'] = {k: v for k, v in c['rows'].items() if k[1] != r.partition_name}

    def CreateIndex(self, r):
        self.coll(r)['index'][r.field_name] = r.index_name
        self.coll(r)['params'][r.index_name] = {p.key: p.value for p in r.extra_params}

    def DropIndex(self, r):
        c = self.coll(r)
        c['index'] = {f: n for f, n in c['index'].items() if n != r.index_name}
        c['params'].pop(r.index_name, None)

    def gone(self, r, tag=b'\x32'):
        """What an alter takes away: field 6, which pymilvus 2.3 does not know."""
        return [f'-{g.decode()}' for g in re.findall(re.escape(tag) + rb'.([\w.]+)', r.SerializeToString())]

    def altered(self, r):
        return common_pb2.Status(), [f'{p.key}={p.value}' for p in r.extra_params] + self.gone(r)

    def AlterIndex(self, r):
        if r.index_name not in self.coll(r)['index'].values():
            raise Refused(700, f'index not found[{r.index_name}]')
        answer = self.altered(r)
        params = self.coll(r)['params'][r.index_name]
        params.update({p.key: p.value for p in r.extra_params})
        for k in self.gone(r):
            params.pop(k[1:], None)
        return answer

    def AlterCollectionField(self, r):
        c = self.coll(r)
        schema = schema_pb2.CollectionSchema.FromString(c['schema'])
        params = next(f for f in schema.fields if f.name == r.index_name).type_params
        for p in r.extra_params:
            (next((x for x in params if x.key == p.key), None) or params.add(key=p.key)).value = p.value
        c['schema'] = schema.SerializeToString()
        return self.altered(r)

    def LoadCollection(self, r):
        if not self.coll(r)['index']:
            raise Refused(700, 'index not found')
        self.coll(r).update(loaded=True, released=set())

    def ReleaseCollection(self, r):
        self.coll(r).update(loaded=False, released=set())

    def ReleasePartitions(self, r):
        c = self.coll(r)
        c['released'] = c.get('released', set()) | set(r.partition_names)

    def GetLoadState(self, r):
        c = self.coll(r)
        there = c['loaded'] and not set(r.partition_names) & c.get('released', set())
        return pb.GetLoadStateResponse(state=3 if there else 1)

    def GetReplicas(self, r):
        return pb.GetReplicasResponse(replicas=[pb.ReplicaInfo()])

    def ShowPartitions(self, r):
        return pb.ShowPartitionsResponse(partition_names=sorted(self.coll(r)['parts']))

    def LoadPartitions(self, r):
        c = self.coll(r)
        c.update(loaded=True, released=c.get('released', set()) - set(r.partition_names))

    def GetCollectionStatistics(self, r):
        return pb.GetCollectionStatisticsResponse(
            stats=[common_pb2.KeyValuePair(key='row_count', value=str(len(self.coll(r)['rows'])))])

    def Flush(self, r):
        return pb.FlushResponse()

    def rows(self, r):
        c = self.coll(r)
        schema = schema_pb2.CollectionSchema.FromString(c['schema'])
        part = r.partition_name or '_default'
        if part not in c['parts']:
            raise Refused(200, f'partition not found[partition={part}]')
        want = {f.name for f in schema.fields if not inner(f, FUNCTION_OUTPUT)} | ({'$meta'} if schema.enable_dynamic_field else set())
        got = [f.field_name for f in r.fields_data]
        if sorted(got) != sorted(want):
            raise Refused(1100, f'fields {got}, want {sorted(want)}')
        try:
            columns = {f.field_name: column(f, r.num_rows) for f in r.fields_data}
        except BadColumn as e:
            raise Refused(1100, str(e))
        pk = next(f.name for f in schema.fields if f.is_primary_key)
        if len(set(columns[pk])) != r.num_rows:
            raise Refused(1100, 'a key twice in one request')
        for i, key in enumerate(columns[pk]):
            c['rows'][key, part] = {k: v[i] for k, v in columns.items()}
        return pb.MutationResult(upsert_cnt=r.num_rows, insert_cnt=r.num_rows), columns[pk]

    Upsert = Insert = rows

    def Delete(self, r):
        c = self.coll(r)
        if r.partition_name and r.partition_name not in c['parts']:
            raise Refused(200, f'partition not found[partition={r.partition_name}]')
        text = re.fullmatch(r'\w+ in (\[.*\])', r.expr, re.S).group(1)
        keys = json.loads(text.replace('(-9223372036854775807 - 1)', str(-2 ** 63)))
        for k in keys:
            for part in [r.partition_name] if r.partition_name else c['parts']:
                c['rows'].pop((k, part), None)
        return pb.MutationResult(delete_cnt=len(keys)), keys

    # around a call

    def fault(self, method):
        try:
            text = open(self.path + '.faults').read()
            rules = json.loads(text)
        except (OSError, ValueError):
            return {}
        if text != self.rules:
            self.rules, self.used = text, {}
        for i, f in enumerate(rules):
            if f['method'] not in (method, '*'):
                continue
            n = self.used[i] = self.used.get(i, 0) + 1
            if f.get('skip', 0) < n <= f.get('skip', 0) + f.get('times', 1):
                return f
        return {}

    def note(self, method, r, said):
        what = [getattr(r, a) for a in ('db_name', 'collection_name', 'partition_name') if getattr(r, a, '')]
        what += [','.join(r.partition_names)] if getattr(r, 'partition_names', ()) else []
        self.log.write(f'{time.monotonic():.3f} {method} {"/".join(what)} {said}\n')

    def call(self, method, data, context):
        # calls that pymilvus 2.3 does not know, by others whose messages have the same numbers
        request = {'Upsert': 'UpsertRequest', 'Insert': 'InsertRequest', 'Delete': 'DeleteRequest',
                   'AlterCollectionField': 'AlterIndexRequest', 'AlterDatabase': 'CreateDatabaseRequest', 'OperatePrivilegeV2': 'ListCredUsersRequest',
                   **dict.fromkeys(('TruncateCollection', 'AddCollectionField', 'AlterCollectionSchema'), 'DropCollectionRequest')}.get(method)
        if request is None:
            request = method + 'Request'
        r = getattr(pb, request).FromString(data)
        name = 'Mark' if method == 'Delete' and MARK.search(r.expr) else method
        with self.lock:
            f = self.fault(name)
            for k, v in context.invocation_metadata():
                if k == 'authorization':
                    self.logins.write(base64.b64decode(v).decode('utf-8', 'replace') + '\n')
        time.sleep(0 if f.get('after') else f.get('sleep', 0) + random.uniform(0, f.get('jitter', 0)))
        with self.lock:
            said, keys, answer = 'ok', None, None
            try:
                if f and not f.get('after'):
                    self.harm(f, r, context)
                if not hasattr(self, method):
                    context.abort(grpc.StatusCode.UNIMPLEMENTED, f'unknown method {method}')
                answer = None if f.get('ignore') else getattr(self, method)(r)
                if isinstance(answer, tuple):
                    answer, keys = answer
                self.save()
                for field, value in f.get('answer', {}).items():
                    if isinstance(value, list):
                        getattr(answer, field).extend(value)
                    else:
                        setattr(answer, field, value)
            except Refused as e:
                said = f'refused {e.code}'
                answer = common_pb2.Status(code=e.code, error_code=1, reason=e.reason)
            finally:
                self.note(name, r, said if keys is None else f'{said} {json.dumps(keys, separators=(",", ":"))}'[:200])
        if f.get('after'):
            time.sleep(f.get('sleep', 0))
            self.harm(f, r, context)
        return self.wrap(method, answer)

    def harm(self, f, r, context):
        if f.get('die'):
            os._exit(9)
        if 'grpc' in f:
            code = next(c for c in grpc.StatusCode if c.value[0] == f['grpc'])
            context.abort(code, f.get('text', 'a fault'))
        if 'rows' in f and r.num_rows > f['rows']:
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, 'grpc: received message larger than max (9 vs. 8)')
        if 'code' in f:
            raise Refused(f['code'], f.get('reason', 'a fault'))

    @staticmethod
    def wrap(method, answer):
        """A Status alone is the answer of most calls, and field 1 of the others."""
        inside = method in ('TruncateCollection', 'AlterCollectionSchema', 'Upsert', 'Insert', 'Delete', 'DescribeCollection', 'Flush', 'ShowCollections', 'ListDatabases', 'GetVersion',
                            'ReplicateMessage', 'GetLoadState', 'GetReplicas', 'ShowPartitions', 'GetCollectionStatistics', 'ListCredUsers')
        if answer is None:
            answer = common_pb2.Status()
        if isinstance(answer, common_pb2.Status) and inside:
            return pb.MutationResult(status=answer).SerializeToString()
        return answer.SerializeToString()


class Handler(grpc.GenericRpcHandler):
    def __init__(self, fake):
        self.fake = fake

    def service(self, details):
        method = details.method.removeprefix(PREFIX)
        return grpc.unary_unary_rpc_method_handler(lambda data, context: self.fake.call(method, data, context))


def serve(path, port='0', cert=None, key=None):
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(32), handlers=[Handler(Fake(path))],
                         options=[('grpc.so_reuseport', 0), ('grpc.max_receive_message_length', 64 << 20)])
    if cert:
        pair = open(key, 'rb').read(), open(cert, 'rb').read()
        port = server.add_secure_port(f'127.0.0.1:{port}', grpc.ssl_server_credentials([pair]))
    else:
        port = server.add_insecure_port(f'127.0.0.1:{port}')
    server.start()
    with open(path + '.port.new', 'w') as f:
        f.write(str(port))
    os.replace(path + '.port.new', path + '.port')
    server.wait_for_termination()


def dump(path):
    for db, colls in sorted(pickle.load(open(path, 'rb')).items()):
        for name, c in sorted(colls.items()):
            for (_, part), row in sorted(c['rows'].items()):
                print(db, name, part, json.dumps(row, sort_keys=True))


{'serve': serve, 'dump': dump}[sys.argv[1]](*sys.argv[2:])
