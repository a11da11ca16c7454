#!/usr/bin/env python3
"""asked.py KEYS FILE [WORD]: a Milvus that answers questions about its catalogue, made of what a genuine one had in etcd.

KEYS: tests/data/streaming/etcd-*.ndjson. The port goes to FILE when it listens. Messages are read and written here, by
the field numbers of milvus.proto. WORD: a version that it says it is, instead of 2.6.20; `login`: it wants root:secret;
`gone`: the first collection is dropped behind the first listing; `restless`: one more or less in every listing; `loaded`:
the first partition of collection `pkey` is loaded, with 2 replicas; `denied`: it does not tell who its users are;
`lost`: it lost a channel of a collection, and so cannot tell of indexes.
"""
import base64
import collections
import concurrent.futures
import json
import os
import sys

PREFIX = '/milvus.proto.milvus.MilvusService/'


def varint(n):
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def num(field, n):
    return varint(field << 3) + varint(n)


def text(field, b):
    b = b.encode() if isinstance(b, str) else b
    return varint(field << 3 | 2) + varint(len(b)) + b


def packed(field, numbers):
    return text(field, b''.join(map(varint, numbers)))


def walk(b):
    """The fields of a message: (number, value)."""
    i = 0

    def number():
        nonlocal i
        n = shift = 0
        while True:
            c, i = b[i], i + 1
            n |= (c & 127) << shift
            shift += 7
            if c < 128:
                return n

    while i < len(b):
        tag = number()
        if tag & 7 == 0:
            yield tag >> 3, number()
        else:
            n = {1: 8, 5: 4}.get(tag & 7) or number()
            yield tag >> 3, b[i:i + n]
            i += n


def fields(b):
    """{number: [value]} of a message."""
    out = collections.defaultdict(list)
    for n, value in walk(b):
        out[n].append(value)
    return out


def as_fields(b):
    """Of what may be no message at all."""
    try:
        return fields(b)
    except IndexError:
        return None


class Refused(Exception):
    pass


class Asked:
    def __init__(self, keys, word):
        self.word, self.listings = word, 0
        self.keys = {}
        for line in open(keys):
            for k, v in json.loads(line)['put'].items():
                self.keys[k.partition('/meta/')[2]] = base64.b64decode(v)

    def under(self, prefix):
        fields = as_fields
        return [(k[len(prefix):], fields(v), v) for k, v in sorted(self.keys.items()) if k.startswith(prefix)]

    def dbs(self):
        return {v[2][0].decode(): v for _, v, _ in self.under('root-coord/database/db-info/')}

    def live(self, db):
        id = self.dbs()[db][3][0]
        for k, v, raw in self.under('root-coord/database/collection-info/%d/' % id):
            if not v[13]:
                yield int(k), fields(v[2][0])[1][0].decode(), v

    def find(self, q):
        db = q[2][0].decode()
        for id, name, v in self.live(db):
            if id == (q[4] or [0])[0] or name == (q[3] or [b''])[0].decode():
                return db, id, name, v
        raise Refused(100, "can't find collection")

    def GetVersion(self, q):
        return text(2, self.word if '.' in self.word else '2.6.20')

    def AllocTimestamp(self, q):
        return num(2, 470824800000000000)

    def ListDatabases(self, q):
        dbs = self.dbs()
        return b''.join(text(2, n) for n in dbs) + packed(3, (v[5][0] for v in dbs.values()))

    def DescribeDatabase(self, q):
        v = self.dbs()[q[2][0].decode()]
        return text(2, v[2][0]) + num(3, v[3][0]) + num(4, v[5][0]) + b''.join(text(5, p) for p in v[6])

    def ShowCollections(self, q):
        found = [(id, name) for id, name, _ in self.live(q[2][0].decode())]
        if q[2][0] == b'default':
            self.listings += 1
            if self.word == 'gone' and self.listings == 2:
                del self.keys['root-coord/database/collection-info/1/%d' % found.pop(0)[0]]
            if self.word == 'restless' and self.listings % 2:
                found.pop()
        return b''.join(text(2, n) for _, n in found) + packed(3, (id for id, _ in found))

    def DescribeCollection(self, q):
        db, id, name, v = self.find(q)
        schema = v[2][0]
        for _, f, raw in self.under('root-coord/fields/%d/' % id):
            if f[1] and f[1][0] >= 100 and not f[12]:
                schema += text(4, raw)
        schema += b''.join(text(7, raw) for _, _, raw in self.under('root-coord/functions/%d/' % id))
        schema += b''.join(text(9, raw) for _, _, raw in self.under('root-coord/struct-array-fields/%d/' % id))
        aliases = [a.partition('/')[2] for a, x, _ in self.under('root-coord/database/aliases/') if x[2][0] == id]
        return (text(2, schema) + num(3, id) + b''.join(text(4, c) for c in v[7]) + b''.join(text(5, c) for c in v[8])
                + num(6, v[3][0]) + num(8, v[10][0]) + b''.join(text(9, a) for a in aliases) + b''.join(text(10, p) for p in v[11])
                + num(11, (v[12] or [0])[0])
                + text(12, name) + b''.join(text(13, p) for p in v[14]) + text(14, db) + num(18, v[16][0]))

    def parts(self, id):
        return [v for _, v, _ in self.under('root-coord/partitions/%d/' % id) if not v[5]]

    def ShowPartitions(self, q):
        v = self.parts(self.find(q)[1])
        return b''.join(text(2, p[2][0]) for p in v) + packed(3, (p[1][0] for p in v)) + packed(4, (p[3][0] for p in v))

    def DescribeIndex(self, q):
        _, id, _, _ = self.find(q)
        if self.word == 'lost':
            raise Refused(500, 'channel not found[channel=c]')
        names = {f[1][0]: f[2][0] for _, f, _ in self.under('root-coord/fields/%d/' % id) if f[1]}
        out = b''
        for _, x, _ in self.under('field-index/%d/' % id):
            i = fields(x[1][0])
            if not x[2]:
                out += text(2, text(1, i[3][0]) + num(2, i[4][0]) + b''.join(text(3, p) for p in i[12]) + text(4, names[i[2][0]]))
        if not out:
            raise Refused(700, 'index not found[collection=%d]' % id)
        return out

    def GetLoadState(self, q):
        _, id, name, _ = self.find({2: q[4], 3: q[2], 4: []})
        first = self.parts(id)[0][2][0]
        return num(2, 3 if self.word == 'loaded' and name == 'pkey' and q[3] in ([], [first]) else 1)

    def GetReplicas(self, q):
        return text(2, num(1, 1)) + text(2, num(1, 2))

    def SelectUser(self, q):
        if self.word == 'denied':
            raise Refused(65535, 'PrivilegeSelectUser: permission deny to nobody in the `default` database')
        roles = [k.split('/') for k, _, _ in self.under('root-coord/credential/user-role-mapping/')]
        return b''.join(text(2, text(1, text(1, u)) + b''.join(text(2, text(1, r)) for v, r in roles if v == u))
                        for u, _, _ in self.under('root-coord/credential/users/'))

    def SelectRole(self, q):
        return b''.join(text(2, text(1, text(1, r))) for r, _, _ in self.under('root-coord/credential/roles/'))

    def SelectGrant(self, q):
        entity = fields(q[2][0])
        assert entity[5] == [b'*']
        out = b''
        for k, _, id in self.under('root-coord/credential/grantee-privileges/%s/' % fields(entity[1][0])[1][0].decode()):
            kind, _, name = k.partition('/')
            db, _, name = name.partition('.')
            for p, _, user in self.under('root-coord/credential/grantee-id/%s/' % id.decode()):
                by = text(1, text(1, user)) + text(2, text(1, p.removeprefix('Privilege')))
                out += text(2, text(1, entity[1][0]) + text(2, text(1, kind)) + text(3, name) + text(4, by) + text(5, db))
        return out

    def ListPrivilegeGroups(self, q):
        return b''.join(text(2, raw) for _, _, raw in self.under('root-coord/privilege-group/'))

    def call(self, method, data):
        try:
            return getattr(self, method)(fields(data))
        except Refused as e:
            return text(1, num(1, 1) + text(2, e.args[1]) + num(3, e.args[0]))


def main(keys, file, word=''):
    import grpc
    asked = Asked(keys, word)

    def call(method, data, context):
        login = dict(context.invocation_metadata()).get('authorization')
        if word == 'login' and login != base64.b64encode(b'root:secret').decode():
            context.abort(grpc.StatusCode.UNAUTHENTICATED, 'auth check failure, please check username and password are correct')
        return asked.call(method, data)

    class Handler(grpc.GenericRpcHandler):
        def service(self, details):
            method = details.method.removeprefix(PREFIX)
            return grpc.unary_unary_rpc_method_handler(lambda data, context: call(method, data, context))

    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), handlers=[Handler()])
    port = server.add_insecure_port('127.0.0.1:0')
    server.start()
    with open(file + '.new', 'w') as f:
        print(port, file=f)
    os.replace(file + '.new', file)
    server.wait_for_termination()


if __name__ == '__main__':
    main(*sys.argv[1:])
