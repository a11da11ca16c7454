"""What is left out of a comparison, of which recording, and why. All else of a recording is compared.

The names are patterns of DB.NAME, as judge.py and cdc-read's --exclude take them. Of these the catalogue is compared, the
rows are not: `roll`, `roll2` and `wide`, as the truth does not have them one by one (142 counts the upserts); `imp` and `sn_r`,
as they came from files, which a line `import` says. At a target, properties of databases and which key is a server's own
(auto_id: a target keeps keys) are not compared either.
"""

STRUCTS = 'struct arrays are not read'
GEOMETRY = 'Geometry is not read'
TIMES = 'Timestamptz is not read'
TEXT = 'Text is not read'
NAMESPACES = 'namespaces are not read'
LATER = 'made when the log had been cut off: its catalogue is of later'

COLLECTIONS = {
    '2.6.20': {'default.struct': STRUCTS, 'default.geo': GEOMETRY, 'default.tz': TIMES},
    '2.6.20-more': {
        'default.st1': STRUCTS, 'default.st2': STRUCTS, 'default.ttl': TIMES,
        'default.race*': LATER, 'default.seal*': LATER},
    '3.0.0': {
        'default.struct': STRUCTS, 'default.st1': STRUCTS, 'default.st2': STRUCTS,
        'default.evo': STRUCTS + '; until it has one, by itself: see 142',
        'default.geo': GEOMETRY, 'default.tz': TIMES, 'default.ttl': TIMES, 'default.nulls': GEOMETRY + ', and ' + TIMES,
        'default.text': TEXT, 'default.ns1': NAMESPACES, 'default.ns2': NAMESPACES, 'default.ns3': NAMESPACES,
        'default.ext1': 'external collections are not read', 'default.imp2': 'its schema is not in the truth',
        'default.race*': LATER, 'default.seal*': LATER}}

# And at a target.
FUNCTIONS = 'a collection with functions is made by hand at the target'
TARGETS = {
    '2.5.27': {'default.bm25': FUNCTIONS}, '2.6.20': {'default.bm25': FUNCTIONS}, '2.6.20-more': {'default.bm': FUNCTIONS},
    '3.0.0': {'default.bm25': FUNCTIONS, 'default.bm': FUNCTIONS, 'default.mh': FUNCTIONS}}

# And at a Milvus 2.3.5.
TYPES_OF_24 = 'has Float16Vector, BFloat16Vector and SparseFloatVector, which are of 2.4'
OLD = {
    '2.4.24': {'default.all': TYPES_OF_24}, '2.5.27': {'default.all': TYPES_OF_24},
    '2.6.20': {
        'default.all': TYPES_OF_24, 'default.nullvec': 'has nullable fields, which are of 2.5',
        'default.trunc': 'is truncated, which cdc-apply leaves to a person'}}
OLD_OPS = 'alter_database'  # it does not know the call

# Calls that came to nothing at the server, though it said yes.
CALLS = {'2.4.24': {26: "this version changes a field's max_length in its memory only; its etcd and its log do not have it"}}


def out(version, target=None):
    """target: None, or 'fake', which takes all types, or the version of a real one."""
    more = [TARGETS] if target == 'fake' else [TARGETS, OLD] if target else []
    return {p: why for table in [COLLECTIONS, *more] for p, why in table.get(version, {}).items()}
