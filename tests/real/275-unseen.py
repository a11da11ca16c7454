"""Rows that were never in the log: a bulk import at the source, and keys that it has twice."""
import re

import numpy

from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]
COMPLETED = 6


def rows(keys):
    return {'pk': list(keys), 'vec': floats(numpy.zeros((len(keys), 4), dtype='float32'))}


def collection(case, db, coll):
    case.src.create(db, coll, FIELDS)
    case.src.index(db, coll, 'vec')
    case.src.load(db, coll)


def bulk(m, case, db, coll, keys):
    """do_bulk_insert, as pymilvus does it: the server's storage is this machine's files."""
    path = case.path('rows.json')
    with open(path, 'w') as f:
        json.dump({'rows': [{'pk': k, 'vec': [0.5] * 4} for k in keys]}, f)
    task = m.call('Import', db_name=db, collection_name=coll, files=[path]).tasks[0]
    eventually(lambda: m.call('GetImportState', task=task).state == COMPLETED, what='the bulk insert')
    eventually(lambda: m.count(db, coll) >= len(keys), what='its rows')


def doctor(case, *more):
    p = subprocess.run([os.path.join(BUILD, 'cdc-task'), 'doctor', *more], env=case.env, capture_output=True, text=True, timeout=PATIENCE)
    return p.returncode, p.stdout + p.stderr


def holds(m, db, coll, n):
    try:
        return m.count(db, coll) == n
    except MilvusError:  # not made or loaded yet
        return False


def create(case, name, *more):
    case.run('cdc-task', 'create', name, '--etcd', case.etcd, '--root', os.environ['CDC_ROOT'], '--brokers', case.brokers,
             '--target', case.dst.uri, '--include', case.include[0], *more)


def unseen(case):
    db = case.make_db()
    collection(case, db, 'a')
    collection(case, db, 'b')
    case.src.insert(db, 'a', rows(range(20)))
    case.src.insert(db, 'b', rows(range(5)))
    case.src.create(db, 'cold', FIELDS)
    create(case, 'seen', '--source', case.src.uri)
    runner = Program(case.folder, 'run', [os.path.join(BUILD, 'cdc-task'), 'run', 'seen'], subprocess.DEVNULL, subprocess.DEVNULL, case.env)
    try:
        eventually(lambda: holds(case.dst, db, 'a', 20) and holds(case.dst, db, 'b', 5), what='the rows')
        status, text = doctor(case, 'seen', '-k', 'rows')
        tap.ok(status == 0 and re.search(r'^ok +rows +count\(\*\) of 2 collections is the same on both sides; 1 are not loaded', text),
               'both sides count the same', text)
        bulk(case.src, case, db, 'a', range(100, 150))
        status, text = doctor(case, 'seen', '-k', 'rows')
        tap.ok(status == 1 and f"'{db}.a' has 70 rows at the source and 20 at the target" in text and f'{db}.b' not in text,
               'a bulk import is seen by its rows', status, text)
        tap.ok('import the same files at the target' in text, '  with what closes the gap', text)
        bulk(case.dst, case, db, 'a', range(100, 150))
        eventually(lambda: holds(case.dst, db, 'a', 70), what='the same import at the target')
        status, text = doctor(case, 'seen', '-k', 'rows')
        tap.ok(status == 0, '  which it does', text)
        case.src.insert(db, 'b', rows([1, 2, 7]))
        eventually(lambda: holds(case.dst, db, 'b', 6), what='one row a key')
        status, text = doctor(case, 'seen', '-k', 'rows')
        tap.ok(status == 1 and f"'{db}.b' has 8 rows at the source and 6 at the target" in text, 'keys that were inserted twice, too', text)
        p = subprocess.run([os.path.join(BUILD, 'cdc-verify'), '-S', case.src.uri, '-T', case.dst.uri, '-i', f'{db}.b'],
                           env=case.env, capture_output=True, text=True, timeout=PATIENCE)
        tap.ok(p.returncode == 0 and f"collection '{db}.b' has keys more than once at the source, 2 rows too many" in p.stderr,
               '  which cdc-verify counts, and calls no difference', p.returncode, p.stdout + p.stderr)
    finally:
        runner.kill()
        runner.process.wait(PATIENCE)
    case.run('cdc-task', 'delete', 'seen')
    create(case, 'blind', '--paused')
    status, text = doctor(case, 'blind', '-k', 'rows')
    tap.ok(status == 0 and re.search(r"^unknown +rows +the task does not say where the source's Milvus is; cdc-task create -S", text),
           'nobody can count at a source that has no address', status, text)


main(unseen)
