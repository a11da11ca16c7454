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


def imported(case, name):
    p = subprocess.run([os.path.join(BUILD, 'cdc-task'), 'status', name, '--json', '--offline'], env=case.env, capture_output=True, text=True,
                       timeout=PATIENCE)
    return [(c['name'], c['imports'], c['rows']) for c in json.loads(p.stdout)['imported']]


def run(case, name):
    return Program(case.folder, 'run', [os.path.join(BUILD, 'cdc-task'), 'run', name], subprocess.DEVNULL, subprocess.DEVNULL, case.env)


def told(case, db):
    """What the catalogue, the run that has ended, and the displays say of the import at the source."""
    text = case.run('cdc-meta', '--etcd', case.etcd, '--root', os.environ['CDC_ROOT'], '-k', 'import', f'{db}.*')
    lines = [json.loads(x) for x in text.splitlines()]
    lines = [(x['state'], x['rows'], len(x['files'])) for x in lines if x['kind'] == 'import']
    tap.ok(lines == [('completed', 50, 1)], 'the catalogue has the import', lines)
    eventually(lambda: imported(case, 'seen') == [(f'{db}.a', 1, 50)], what='the import in the checkpoint')
    tap.ok(True, '  and the checkpoint')


def kept(case, db, runner):
    """The run has ended: what it has said stays, and an import that nobody was there to see is seen by the next."""
    warning = f"has put 50 rows into '{db}.a' at the source, which are in no log: the target lacks them until the same files"
    tap.ok(runner.stderr().count(warning) == 1, 'the run has said it once', runner.stderr())
    text = case.run('cdc-task', 'status', '-v', 'seen', status=1)
    tap.ok(f"IMPORTED at the source, in no log: '{db}.a' 50 rows, last 20" in text, 'status -v says it when the run has ended', text)
    status, text = doctor(case, 'seen', '-k', 'lost')
    tap.ok(re.search(rf'^warn +lost .*imported at the source, in no log: {db}\.a \(50 rows\)', text) and 'import the same files' in text,
           'doctor, too', status, text)
    bulk(case.src, case, db, 'b', range(200, 230))
    runner = run(case, 'seen')
    try:
        want = [(f'{db}.a', 1, 50), (f'{db}.b', 1, 30)]
        eventually(lambda: len(imported(case, 'seen')) == 2, what='the import that was made while nothing ran')
        tap.ok(imported(case, 'seen') == want, 'an import while nothing ran is told by the next run, the other not again', imported(case, 'seen'))
    finally:
        runner.kill()
        runner.process.wait(PATIENCE)
    tap.ok(runner.stderr().count(' has put ') == 1, '  once', runner.stderr())


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
    runner = run(case, 'seen')
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
        told(case, db)
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
    kept(case, db, runner)
    case.run('cdc-task', 'delete', 'seen')
    create(case, 'blind', '--paused')
    status, text = doctor(case, 'blind', '-k', 'rows')
    tap.ok(status == 0 and re.search(r"^unknown +rows +the task does not say where the source's Milvus is; cdc-task create -S", text),
           'nobody can count at a source that has no address', status, text)


main(unseen)
