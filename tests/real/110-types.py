"""Every type, at its limits, bit for bit."""
import struct

from cdctest import *

V2 = F('vec', 'FloatVector', dim=2)
PK = F('pk', 'Int64', primary=True)
TEXTS = ['', ' ', 'a', '"', "'", '\\', '\\\\"', '\n', '\r\n', '\t', '\b\f', '\x01\x1f\x7f', '\u00e9', 'e\u0301', '\u2028\u2029',
         '\u0440\u0443', '\u4e2d\u6587', '\u05d0\u05d1', '\ufeff', '\ufffd', '\U0001f600', '\U0010ffff', '{"a": 1}', '[1]', 'null',
         '</script>', '%s%n', '$meta', 'pk in [1]', '\\u0041', ' trailing  ', 'x' * 5000, '\u00e9' * 2000, '0', 'true']
JSONS = [b'{}', b'{ }', b'{"a":1}', b'{"a" : 1}', b'{"a":1.0}', b'{"a":1e5,"b":1E+05,"c":-0,"d":-0.0}', b'{"a":123456789012345678901234567890}',
         b'{"a":0.1000000000000000055511151231257827}', b'{"a":1,"a":2}', b'{"b":1,"a":2}', b'{"a":"\\u00e9","b":"\xc3\xa9"}',
         b'{"a":"\\/","b":"/"}', b'{"\\ud83d\\ude00":"\xf0\x9f\x98\x80"}', b'{"a":{"b":{"c":[[],{},[1,[2,[3]]]]}}}', b'\t{\n"a"\r: null }\n',
         b'{"":""}', b'{"a":"\\"\\\\\\n\\u0000"}', b'{"long":"' + b'y' * 5000 + b'"}', b'{"t":true,"f":false,"n":null}',
         b'{"k":"\xe2\x80\xa8"}', b'null']  # 2.3.5 takes nothing else that is no object
F32 = [0.0, -0.0, 1.5, -1.5, 1e-45, -1e-45, 1.1754942e-38, 1.17549435e-38, 3.4028234663852886e38, -3.4028234663852886e38,
       0.1, 1 / 3, 16777216.0, 1e-7, 123456.79]
F64 = [0.0, -0.0, 5e-324, -5e-324, 2.225073858507201e-308, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308,
       0.1, 1 / 3, 9007199254740993.0, 1e-7, 1e22, 1e23, 123456789.12345679]


def cycle(values, n):
    return [values[i % len(values)] for i in range(n)]


def two(n):
    return [vec(i, -i) for i in range(n)]


class Types:
    """Collections made in one database, all loaded, all with rows; the first key of each is deleted, the second upserted."""

    def __init__(self, case):
        self.case, self.db, self.made = case, case.db, []

    def add(self, name, fields, data, load=True, upsert=True, **how):
        a, n = self.case.src, len(next(iter(data.values())))
        a.create(self.db, name, fields, **how)
        v = next(f for f in fields if f.type in (DT.FloatVector, DT.BinaryVector))
        if v.type == DT.FloatVector:
            a.index(self.db, name, v.name)
        else:
            a.index(self.db, name, v.name, index_type='BIN_FLAT', metric_type='HAMMING', params='{}')
        a.load(self.db, name)
        answer = a.insert(self.db, name, data)
        pk = next(f for f in fields if f.primary)
        keys = list(answer.IDs.int_id.data or answer.IDs.str_id.data)
        assert len(keys) == n, f'{name}: {len(keys)} keys for {n} rows'
        if upsert:
            self.case.src.upsert(self.db, name, {k: [v[1], v[0]] for k, v in data.items()}
                                 | {pk.name: [keys[1], keys[2]]})
        first = str(keys[0]) if pk.type == DT.Int64 else quote(keys[0])
        a.delete(self.db, name, f'{pk.name} in [{first}]')
        self.made.append((name, n - 1))


def all_types(case):
    case.make_db()
    t = Types(case)
    pipe = case.pipeline().start()

    # Keys.  A query does not show the greatest int64 (2.3.5), nor can the least be deleted; both are in the count.
    keys = [7, 8, 9, 0, -1, 2**53, 2**53 + 1, -2**53 - 1, 2**63 - 2, 2**63 - 1, -2**63 + 1, -2**63]
    t.add('int_keys', [PK, V2], {'pk': keys, 'vec': two(len(keys))}, shards=3)
    t.add('text_keys', [F('id', 'VarChar', primary=True, max_length=65535), V2],
          {'id': ['first', 'second', 'third'] + TEXTS, 'vec': two(len(TEXTS) + 3)}, shards=2)
    t.add('auto_int', [F('pk', 'Int64', primary=True, auto_id=True), V2], {'vec': two(20)}, upsert=False)
    t.add('auto_text', [F('pk', 'VarChar', primary=True, auto_id=True, max_length=64), V2], {'vec': two(20)}, upsert=False)

    # Numbers, text
    n = 30
    t.add('scalars', [PK, V2, F('b', 'Bool'), F('i8', 'Int8'), F('i16', 'Int16'), F('i32', 'Int32'), F('i64', 'Int64'),
                      F('f', 'Float'), F('d', 'Double')],
          {'pk': list(range(n)), 'vec': two(n), 'b': cycle([True, False, False], n),
           'i8': cycle([-128, 127, 0, -1, 1], n), 'i16': cycle([-2**15, 2**15 - 1, 0, -1, 1], n),
           'i32': cycle([-2**31, 2**31 - 1, 0, -1, 1], n),
           'i64': cycle([-2**63, 2**63 - 1, 0, -1, 1, 2**53 + 1, -2**53 - 1], n), 'f': cycle(F32, n), 'd': cycle(F64, n)})
    n = len(TEXTS)
    t.add('text', [PK, V2, F('s', 'VarChar', max_length=65535)], {'pk': list(range(n)), 'vec': two(n), 's': TEXTS})
    n = len(JSONS)
    t.add('json', [PK, V2, F('j', 'JSON')], {'pk': list(range(n)), 'vec': two(n), 'j': JSONS})
    n = len(JSONS)
    t.add('dynamic', [PK, V2, F('j', 'JSON')],
          {'pk': list(range(n)), 'vec': two(n), 'j': JSONS, '$meta': JSONS[::-1]}, dynamic=True)

    # Arrays
    n = 12
    kinds = {'Bool': [True, False], 'Int8': [-128, 127, 0], 'Int16': [-2**15, 2**15 - 1], 'Int32': [-2**31, 2**31 - 1],
             'Int64': [-2**63, 2**63 - 1, 2**53 + 1], 'Float': F32, 'Double': F64, 'VarChar': TEXTS[:25]}
    fields, data = [PK, V2], {'pk': list(range(n)), 'vec': two(n)}
    for kind, values in kinds.items():
        more = {'max_length': 100} if kind == 'VarChar' else {}
        fields.append(F(f'a_{kind}', 'Array', element=kind, max_capacity=100, **more))
        data[f'a_{kind}'] = cycle([values, [], values[:1], values * 2], n)
    t.add('arrays', fields, data)

    # Vectors
    def vectors(dim):
        bits = [struct.pack('<f', x) for x in F32]
        return [b''.join(bits[(i + j) % len(bits)] for j in range(dim)) for i in range(20)]

    for dim in 1, 3, 128, 1536:
        t.add(f'vec{dim}', [PK, F('vec', 'FloatVector', dim=dim)], {'pk': list(range(20)), 'vec': vectors(dim)})
    for dim in 8, 24, 1536:
        t.add(f'bin{dim}', [PK, F('vec', 'BinaryVector', dim=dim)],
              {'pk': list(range(20)), 'vec': [bytes((i * j + i) % 256 for j in range(dim // 8)) for i in range(20)]})

    # Collections
    for level in 'Strong', 'Session', 'Bounded', 'Eventually', 'Customized':
        t.add(f'level_{level}', [PK, V2], {'pk': [1, 2, 3, 4], 'vec': two(4)}, consistency=level)
    t.add('ttl', [PK, V2], {'pk': [1, 2, 3, 4], 'vec': two(4)}, properties={'collection.ttl.seconds': 86400})
    n = 100
    t.add('key_int', [PK, V2, F('k', 'Int64', key=True)],
          {'pk': list(range(n)), 'vec': two(n), 'k': [i % 17 - 8 for i in range(n)]}, partitions=5)
    t.add('key_text', [F('id', 'VarChar', primary=True, max_length=10), V2, F('k', 'VarChar', key=True, max_length=100)],
          {'id': [f'i{i}' for i in range(n)], 'vec': two(n), 'k': cycle(TEXTS[:25], n)}, partitions=3, shards=2)

    pipe.catch_up()
    for name, rows in t.made:
        found = diff(case.src, case.dst, case.db, name)
        there = case.dst.count(case.db, name)
        if not tap.ok(not found and there == rows, name, *found, f'{there} rows, want {rows}'):
            case.show()
    case.same('the database is equal', rows=False)
    pipe.stop()


main(all_types)
