"""What two sides of a comparison have in common: the shape of a state, and how two of them differ.

A state is made of dicts:

  databases    name: properties
  collections  'db.name': schema, shards, consistency, properties, partitions (names), aliases (names),
               indexes (name: field, params), rows (key: fields by name, with 'partition'),
               written and deleted ((partition, key): how often)
  users        name: roles      roles  name: grants, each (object, object_name, privilege, db)

How each side comes to it is its own: see truth.py, of what a client did, and fold.py, of operation lines.
"""

TYPES = {1: 'Bool', 2: 'Int8', 3: 'Int16', 4: 'Int32', 5: 'Int64', 10: 'Float', 11: 'Double', 21: 'VarChar', 22: 'Array',
         23: 'JSON', 24: 'Geometry', 25: 'Text', 26: 'Timestamptz', 100: 'BinaryVector', 101: 'FloatVector',
         102: 'Float16Vector', 103: 'BFloat16Vector', 104: 'SparseFloatVector', 105: 'Int8Vector', 106: 'ArrayOfVector'}


class Any:
    """Equal to all: the client cannot know it."""

    def __repr__(self):
        return 'anything'


ANY = Any()


def new_state():
    return {'databases': {}, 'collections': {}, 'users': {}, 'roles': {}}


def new_collection(schema, shards, consistency, properties, num_partitions):
    return {'schema': schema, 'shards': shards, 'consistency': consistency, 'properties': dict(properties),
            'num_partitions': num_partitions, 'partitions': set(), 'aliases': set(), 'indexes': {}, 'rows': {},
            'written': {}, 'deleted': {}}


def count(counts, partition, key):
    counts[partition, key] = counts.get((partition, key), 0) + 1


def forget_partition(coll, partition):
    """With a partition go its rows and what was counted of it."""
    for counts in coll['written'], coll['deleted']:
        for k in [k for k in counts if k[0] == partition]:
            del counts[k]
    for k in [k for k, r in coll['rows'].items() if r['partition'] == partition]:
        del coll['rows'][k]


def shown(v):
    text = v.hex() if isinstance(v, bytes) else repr(sorted(v, key=repr)) if isinstance(v, (set, frozenset)) else repr(v)
    return text if len(text) <= 100 else text[:97] + '...'


def only(path, name, side):
    return '%s: %s: only in the %s' % (path, shown(name) if not isinstance(name, str) else name, side)


def by_kind(key):
    """Numbers by value, and then texts; others by how they look."""
    return (0, key, '') if isinstance(key, int) else (1, 0, key if isinstance(key, str) else repr(key))


def differences(want, got, path='', first='truth', second='stream'):
    """Lines, one for each value that differs; none if the states are equal."""
    if want is ANY or got is ANY:
        return
    if isinstance(want, dict) and isinstance(got, dict):
        for k in sorted(set(want) | set(got), key=by_kind):
            if k not in got:
                yield only(path, k, first)
            elif k not in want:
                yield only(path, k, second)
            else:
                yield from differences(want[k], got[k], '%s %s' % (path, k) if path else str(k), first, second)
    elif want != got:
        yield '%s: %s %s, %s %s' % (path, first, shown(want), second, shown(got))
