"""The clock of the machine that writes the log runs behind or ahead of Milvus's timestamps: a start by time loses nothing.

The log is a real one, copied record by record into topics of another name whose Kafka times are off; the catalogue is the
source's, with the names of those topics.
"""
import re

from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]
OFF = 300000  # ms


def rows(keys):
    return {'pk': list(keys), 'vec': [vec(1, 2, 3, 4)] * len(keys)}


def copy(case, topics, name, ms):
    """The topics again, of cluster `name`, ms off."""
    for t in topics:
        to = name + t[len(os.environ['CDC_ROOT']):]
        subprocess.run([os.path.join(BUILD, 'tests', 'shiftlog'), case.brokers, t, to, str(ms)], check=True,
                       capture_output=True)


def read(case, catalogue, *more):
    """(status, keys of the inserts, stderr); what others wrote into these topics, and is gone, left out"""
    p = subprocess.run([os.path.join(BUILD, 'cdc-read'), '-b', case.brokers, *more], env=case.env, input=catalogue,
                       capture_output=True, text=True, timeout=PATIENCE)
    lines = [x for x in map(json.loads, p.stdout.splitlines()) if not x.get('gone')]
    keys = [int(r['pk']) for x in lines for r in x.get('rows', ())]
    return p.returncode, sorted(keys), p.stderr


def a_clock_that_is_off(case):
    db = case.make_db()
    case.src.create(db, 'a', FIELDS, shards=2)
    case.src.insert(db, 'a', rows(range(20)))
    middle = int(case.src.insert(db, 'a', rows(range(100, 101))).timestamp)
    last = int(case.src.insert(db, 'a', rows(range(200, 220))).timestamp)
    whole = case.run('cdc-meta', '-E', case.etcd, '-r', os.environ['CDC_ROOT'], f'{db}.*')
    root = os.environ['CDC_ROOT']
    topics = sorted({t for line in whole.splitlines() for t in re.findall(rf'{root}-rootcoord-dml_\d+', line)})
    # the ticks behind the last row are in the log
    eventually(lambda: read(case, whole, '-i', f'{db}.*', '--until', f'ts:{last}')[1] == [*range(20), 100, *range(200, 220)],
               what='the log')
    for how, ms in ('as it is', 0), ('behind', -OFF), ('ahead', OFF):
        name = f'off{case.tag}{how[0]}{how[-1]}'
        copy(case, topics, name, ms)
        catalogue = whole.replace(f'{root}-rootcoord-dml_', f'{name}-rootcoord-dml_')
        for text, start, want in (('a timestamp', f'ts:{middle}', [*range(200, 220)]),
                                  ('one before it', f'ts:{middle - 1}', [100, *range(200, 220)])):
            got = read(case, catalogue, '--cluster', name, '-i', f'{db}.*', '--from', start, '--until', 'end')
            tap.ok(got[:2] == (0, want), f'{how}: from {text}', *got)
        got = read(case, catalogue, '--cluster', name, '-i', f'{db}.*', '--from', 'now', '--until', 'end')
        tap.ok(got[:2] == (0, []), f'{how}: from now', *got)


main(a_clock_that_is_off)
