"""16 collections of 10,000 rows of 128 dimensions, there before the task: they arrive whole, in bounded memory."""
import signal

import numpy

from cdctest import *

COLLECTIONS, ROWS, DIM = 16, 10000, 128
LIMIT_MB = 256
IDLE_S = 0.1  # of processor time in 10 s
FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=DIM)]


def sanitized(program):
    with open(os.path.join(BUILD, program), 'rb') as f:
        return b'__asan_init' in f.read()


def bulk(case):
    db = case.make_db()
    for c in range(COLLECTIONS):
        case.src.create(db, f'c{c}', FIELDS, shards=1 + c % 2)
        case.src.index(db, f'c{c}', 'vec')
        case.src.load(db, f'c{c}')
        v = numpy.random.default_rng(c).random((ROWS, DIM), dtype='float32')
        for i in range(0, ROWS, 5000):
            case.src.insert(db, f'c{c}', {'pk': list(range(i, i + 5000)), 'vec': floats(v[i:i + 5000])})
    began = time.monotonic()
    pipe = case.pipeline().start()
    pipe.catch_up(240)
    took = time.monotonic() - began
    diag(f'{COLLECTIONS * ROWS} rows in {took:.1f} s, {COLLECTIONS * ROWS / took:.0f} rows/s')
    for p in pipe.chain.programs:
        p.sample()
        tap.ok(0 < p.peak_kb < LIMIT_MB * 1024, f'{p.name} stays below {LIMIT_MB} MB', f'{p.peak_kb} kB')
        diag(f'{p.name}: {p.peak_kb // 1024} MB at most')
    case.same('all has arrived')
    tap.ok(sum(case.dst.count(db, f'c{c}') for c in range(COLLECTIONS)) == COLLECTIONS * ROWS, 'every row')

    # And nothing to do costs nothing.
    pipe.catch_up()
    limit = IDLE_S * (2 if sanitized('cdc-read') else 1)
    for _ in range(6):  # a machine that is busy with something else inflates this: the best of six counts
        before = [p.cpu() for p in pipe.chain.programs]
        time.sleep(10)
        used = {p.name: round(p.cpu() - b, 3) for p, b in zip(pipe.chain.programs, before)}
        if sum(used.values()) < limit:
            break
    tap.ok(sum(used.values()) < limit, f'idle: under {limit * 10:.0f} % of a core', f'seconds of 10: {used}')
    diag(f'idle, seconds of 10: {used}')
    pipe.stop(signal.SIGTERM)


def idle_backup(case):
    case.make_db()
    case.src.create(case.db, 'c', FIELDS)
    case.backup(case.path('before'))
    for _ in range(6):  # a source that still digests what was dropped before this ticks late: the best of six counts
        began = time.monotonic()
        case.backup(case.path('out'))
        took = time.monotonic() - began
        if took < 2:
            break
    tap.ok(took < 2, 'a bounded read of an idle source ends within two seconds', f'{took:.2f} s')
    diag(f'{took:.2f} s')


main(bulk, idle_backup)
