"""The state directory: full, read-only, torn, old, from the future, somebody else's, taken to another machine.

The next run goes on, or says in one line what is needed; it never skips.
"""
import queue

from smallfile import SANITIZER, strike, two_at_a_time
from statedir import (FIELDS, Disk, crc, damages, ends_with, goes_on, make, more, probe, read_bytes, said, small_task, state,
                      write_bytes)
from torture import *  # noqa: F401,F403
from torture import BUILD, Milvus, MilvusError, diag, drop_dbs, eventually

@scenario(short=0, long=10)
def disk_full(t):
    """The disk of the state directory is full in the middle of a load: the run says it, tries again, and goes on by itself."""
    with Disk(state(t), 1024) as disk:
        if not disk.mounted:
            return t.judge('this user may not mount: not tried', [])
        load = t.load()
        pipe = t.run_task()
        t.watch(pipe)
        for i in t.each_round():
            load.wait_rows(100)
            before = pipe.checkpoint()['ts']
            eventually(lambda: pipe.checkpoint()['ts'] != before, what='the checkpoint moves')
            left, told = t.random.choice([0, 0, 512, 4096, 8192]), full(pipe)
            t.fault(f'disk full but for {left}')
            disk.fill(left)
            written = pipe.checkpoint()['ts']
            # A little room may do.
            eventually(lambda: pipe.final is not None or full(pipe) > told or left and moved(pipe, written), what='a word of it')
            disk.free()
            eventually(lambda: pipe.final is not None or moved(pipe, written), what='it goes on by itself')
            t.judge(f'full but for {left}: no end', [] if pipe.final is None else [pipe.final, *said(pipe)])
            if pipe.final is not None:
                pipe.start()
        t.check(pipe, 'at the end')
        pipe.stop()


def full(pipe):
    """How often this run has said so."""
    return sum('No space' in line for line in said(pipe))


def moved(pipe, before):
    with contextlib.suppress(ValueError):  # it is being looked at on a full disk
        return before and pipe.checkpoint()['ts'] != before


WRITES = ['write enospc path=checkpoint bytes={n}', 'write eio path=checkpoint', 'fsync eio path=checkpoint',
          'rename enospc path=checkpoint nth=2', 'rename eio path=checkpoint', 'write enospc path=redo bytes={n}',
          'write short path=checkpoint bytes=7', 'write enospc path=targets bytes={n}', 'rename eio path=targets']


@scenario(short=0, long=27)
def failing_writes(t):
    """Each file of the state directory, refused at a byte of its own by the system."""
    load, struck = t.load(), 0
    pipe = t.run_task()
    t.watch(pipe)
    for i in t.each_round():
        pipe.stop()
        rule = WRITES[(i + t.seed) % len(WRITES)].format(n=t.random.randrange(2000))
        t.fault(rule)
        before = int(pipe.checkpoint()['ts'])
        pipe.start(killat=rule)
        load.wait_rows(60)
        # Either the rule has struck, or checkpoints are written and what is refused was not needed. A full disk may pass.
        eventually(lambda: pipe.final is not None or full(pipe) or int(pipe.checkpoint()['ts']) > before, what='an end or a checkpoint')
        if pipe.final is not None or full(pipe):
            struck += 1
            want = None if 'enospc' in rule else 1
            t.judge(f'{rule}: status {want}', [] if pipe.final == want and said(pipe) else [pipe.final, *said(pipe)])
        if pipe.final is None:
            pipe.stop()
        pipe.start()
        if i % 9 == 8:
            t.check(pipe, f'after {i + 1} times')
    diag(f'{struck} of {t.rounds} struck')
    t.check(pipe, 'at the end')
    pipe.stop()


@scenario(short=0, long=1)
def read_only(t):
    with Disk(state(t), 1024) as disk:
        if not disk.mounted:
            return t.judge('this user may not mount: not tried', [])
        load = t.load()
        pipe = t.run_task()
        load.wait_rows(100)
        eventually(lambda: pipe.checkpoint()['ts'] != '0', what='a checkpoint')
        pipe.stop()  # with files open for writing the system does not let it become so
        strike(t, 'read-only')
        disk.writable(False)
        pipe.start()
        ends_with(t, pipe, 'read-only', 'Read-only')
        disk.writable(True)
        goes_on(t, pipe, 'writable again')


@scenario(short=0, long=4)
def backup_on_a_full_disk(t):
    """cdc-read's status says it, the file is worth what stands in it, and the next one is whole."""
    db = t.make_db()
    make(t.src, db, 'c')
    for i in range(20):
        t.src.insert(db, 'c', {'pk': list(range(i * 100, i * 100 + 100)), 'ver': [i] * 100, 'vec': [vec(i, 1)] * 100})
    for _ in t.each_round():
        with Disk(t.path('small'), t.random.choice([16, 36, 64])) as disk:
            if not disk.mounted:
                return t.judge('this user may not mount: not tried', [])
            t.fault('a full disk')
            name = os.path.join(disk.path, 'backup')
            with open(name, 'wb') as out:
                c = t.chain(t.meta(), t.read('--until', 'now'), stdout=out)
            ends = c.wait()
            said = c['cdc-read'].stderr()
            t.judge('cdc-read: status 1 and its line',
                    [] if ends['cdc-read'] == 1 and 'No space' in said and len(said.splitlines()) == 1 else [ends, said])
            with open(name) as f:
                text = f.read()
            p = subprocess.run([os.path.join(BUILD, 'cdc-apply'), '-T', t.dst.uri, name], env=t.env, capture_output=True,
                               text=True)
            whole = text[:text.rfind('\n') + 1].splitlines()
            ticks = [json.loads(x)['ts'] for x in whole if x.startswith('{"op":"tick"')]
            acks = [json.loads(x)['ts'] for x in p.stdout.splitlines()]
            t.judge('cdc-apply: status 1, its ticks acknowledged',
                    [] if p.returncode == 1 and acks == ticks else [p.returncode, p.stderr, acks, ticks])
        t.backup(t.path('good'))
        t.restore(t.path('good'))
        t.verify('a good one behind it')
        drop_dbs(t.dst, [db])


@scenario(short=0, long=1)
def dead_file_on_a_full_disk(t):
    """A line that cannot be set aside is not acknowledged; with room it is, and the rest goes on."""
    db = t.make_db()
    for c in 'good', 'bad':
        t.src.create(db, c, FIELDS)
    t.src.insert(db, 'bad', {'pk': [1, 2], 'ver': [1, 1], 'vec': [vec(1, 1)] * 2})
    t.src.insert(db, 'good', {'pk': [1, 2], 'ver': [1, 1], 'vec': [vec(1, 1)] * 2})
    t.backup(t.path('file'))
    # The target has another collection of that name.
    t.dst.create_db(db)
    t.dst.create(db, 'bad', FIELDS[:1] + FIELDS[2:])
    with Disk(t.path('small'), 16) as disk:
        if not disk.mounted:
            return t.judge('this user may not mount: not tried', [])
        dead = os.path.join(disk.path, 'dead')
        strike(t, 'no room for what is set aside')
        disk.fill()
        argv = [os.path.join(BUILD, 'cdc-apply'), '-T', t.dst.uri, '--on-error', f'dead:{dead}', t.path('file')]
        p = subprocess.run(argv, env=t.env, capture_output=True, text=True)
        t.judge('status 1 and a line', [] if p.returncode == 1 and 'No space' in p.stderr else [p.returncode, p.stderr])
        t.judge('nothing is acknowledged behind it', [x for x in p.stdout.splitlines() if '"end":true' in x])
        disk.free()
        p = subprocess.run(argv, env=t.env, capture_output=True, text=True)
        with open(dead) as f:
            lines = f.read().splitlines()
        t.judge('with room: all of that collection is set aside',
                [] if '"end":true' in p.stdout and any('"rows"' in x for x in lines) else [p.returncode, p.stderr, *lines])
        t.judge('and the other one is there', [] if t.dst.exists(db, 'good') else ['it is not'])


# Checkpoints

BOTH = 200  # ways to damage both


@scenario(short=60, long=100000)
def torn_checkpoint(t):
    """checkpoint.json damaged at each byte, with the one before it whole; and then both, in ways chosen by the seed."""
    pipe = small_task(t)
    now, prev = pipe.task_path('checkpoint.json'), pipe.task_path('checkpoint.prev.json')
    good, older = read_bytes(now), read_bytes(prev)
    ts, older_ts = json.loads(good)['ts'], json.loads(older)['ts']
    t.judge('there are two checkpoints', [] if int(older_ts) < int(ts) else [older_ts, ts])
    copies = queue.SimpleQueue()
    for name in 'one', 'two':
        copies.put(shutil.copytree(state(t), t.path(name)))

    def damaged(how):
        what, data = how
        strike(t, what)
        copy = copies.get()
        write_bytes(now.replace(state(t), copy), data)
        status, at, words = probe(t, env=dict(t.env, CDC_STATE_DIR=copy))
        copies.put(copy)
        if status != 1 or at != older_ts or SANITIZER.search(words):
            return [f'{what}: goes on from {at}, want {older_ts}: {words}']
        return []

    t.judge('goes on from the one before', two_at_a_time(damages(t, good, t.rounds), damaged))
    out = []
    for what, data in damages(t, older, min(t.rounds // 10, BOTH)):
        strike(t, f'both, {what}')
        write_bytes(now, good[:t.random.randrange(len(good))])
        write_bytes(prev, data)
        status, at, words = probe(t)
        if status != 1 or at or len(words.splitlines()) != 1 or 'cdc-task set' not in words:
            out.append(f'both, {what}: {at} {words}')
    t.judge('of neither: one line that says what to do', out)
    for what, a, b in ('the newer one', good[:100], older), ('none', b'', b''):
        write_bytes(now, a)
        write_bytes(prev, b)
        strike(t, f'{what} torn, a run')
        more(t, 10 + len(a))
        if a:
            goes_on(t, pipe, f'{what} torn: a run goes on')
        else:
            pipe.start()
            ends_with(t, pipe, 'both torn: a run', 'cdc-task set')
    t.run('cdc-task', 'set', pipe.name, '--from', 'start')
    goes_on(t, pipe, 'and what it says helps')


@scenario(short=0, long=1)
def old_checkpoint(t):
    """An old one restored by hand: work is done again, none skipped.  One from the future is refused."""
    pipe = small_task(t)
    now, prev = pipe.task_path('checkpoint.json'), pipe.task_path('checkpoint.prev.json')
    old = read_bytes(prev)
    more(t, 30)
    pipe.start()
    pipe.catch_up()
    pipe.stop()
    strike(t, 'an old checkpoint alone')
    write_bytes(now, old)
    os.unlink(prev)
    more(t, 31)
    goes_on(t, pipe, 'an old checkpoint')
    strike(t, 'the newer one is named .prev')
    a, b = read_bytes(now), read_bytes(prev)
    write_bytes(now, b)
    write_bytes(prev, a)
    _, at, _ = probe(t)
    t.judge('the greater generation counts', [] if at == json.loads(a)['ts'] else [at, a])
    good = read_bytes(prev)
    os.unlink(prev)
    doc = json.loads(good)

    def try_one(what, change, word, status):
        strike(t, what)
        d = json.loads(good)
        change(d)
        write_bytes(now, crc(json.dumps(d, separators=(',', ':'))).encode())
        p = t.chain(t.meta('-w'), t.read('--from', f'task:{pipe.name}'), ['cat'])
        ends, text = p.wait(), p['cdc-read'].stderr()
        t.judge(f'{what}: refused', [] if ends['cdc-read'] in status and word in text else [ends, text])

    def offsets(d):
        for at in d['pos'].values():
            at['o'] += 10**6
            at['n'] += 10**6

    try_one('offsets that are not there yet', offsets, '', (4,))
    try_one('a newer version', lambda d: d.update(v=2), 'version', (1,))
    write_bytes(now, crc(json.dumps(doc, separators=(',', ':'))).encode())
    more(t, 32)
    goes_on(t, pipe, 'and the right one goes on')


@scenario(short=0, long=100000)
def torn_definition(t):
    """task.json and desired.json damaged; FORMAT of a newer release."""
    pipe = small_task(t)
    path = pipe.task_path('task.json')
    good, out = read_bytes(path), []
    for what, data in damages(t, good, t.rounds):
        strike(t, f'task.json: {what}')
        write_bytes(path, data)
        p = subprocess.run([os.path.join(BUILD, 'cdc-task'), 'show', pipe.name], env=t.env, capture_output=True, text=True,
                           errors='replace')
        bad = p.returncode not in (0, 1) or bool(SANITIZER.search(p.stderr))
        if what.startswith('cut') and len(data) < len(good) - 2:
            bad |= p.returncode != 1
        if bad or p.returncode == 1 and (len(p.stderr.splitlines()) != 1 or 'task.json' not in p.stderr):
            out.append(f'{what}: {p.returncode} {p.stderr}')
    t.judge('task.json: an error with its name, or a definition', out)
    write_bytes(path, good[:len(good) // 2])
    pipe.start()
    ends_with(t, pipe, 'task.json torn', 'task.json')
    write_bytes(path, good)
    strike(t, 'desired.json torn')
    write_bytes(pipe.task_path('desired.json'), b'{"v":1,"desi')
    more(t, 40)
    goes_on(t, pipe, 'a wish that is torn changes nothing')
    strike(t, 'a newer FORMAT')
    write_bytes(os.path.join(state(t), 'FORMAT'), b'milvus-cdc state 2\n')
    for argv in (['cdc-task', 'list'], ['cdc-task', 'status'], ['cdc-task', 'run', pipe.name], ['cdc-task', 'commit', pipe.name],
                 ['cdc-task', 'create', 'x'], ['cdc-task', 'pause', pipe.name]):
        p = subprocess.run([os.path.join(BUILD, argv[0]), *argv[1:]], env=t.env, capture_output=True, text=True, input='')
        t.judge(f'a newer FORMAT: {" ".join(argv)}',
                [] if p.returncode in (1, 2) and 'newer release' in p.stderr and len(p.stderr.splitlines()) == 1
                else [p.returncode, p.stderr])


@scenario(short=0, long=3)
def two_writers(t):
    """One writes, the other ends with status 3 and names the holder.  What a dead one left in a lock holds nobody up."""
    load = t.load()
    pipe = t.run_task()
    for _ in t.each_round():
        load.wait_rows(50)
        eventually(lambda: 'cdc-apply' in pipe.children(), what='a writer')
        t.fault('another runner')
        p = subprocess.run([os.path.join(BUILD, 'cdc-task'), 'run', pipe.name], env=t.env, capture_output=True, text=True,
                           timeout=PATIENCE)
        t.judge('another runner', [] if p.returncode == 3 and str(pipe.runner.pid) in p.stderr else [p.returncode, p.stderr])
        t.fault('another pipeline by hand')
        eventually(lambda: 'cdc-apply' in pipe.children(), what='a writer')
        holder = str(pipe.children()['cdc-apply'])
        c = t.chain(t.meta('-w'), t.read('--from', f'task:{pipe.name}'), t.apply(), ['cat'])
        ends, text = c.wait(), c['cdc-apply'].stderr()
        t.chains.remove(c)
        t.judge('another cdc-apply', [] if ends['cdc-apply'] == 3 and holder in text else [ends, text])
        pipe.stop()
        t.fault('numbers of the dead in all locks')
        for name in 'lock', 'run.lock', 'commit.lock':
            write_bytes(pipe.task_path(name), b'1\n')
        pipe.start()
        pipe.catch_up()
    t.check(pipe, 'with stale locks')
    pipe.stop()


@scenario(short=0, long=1)
def another_machine(t):
    """The directory copied while it runs, and the copy run elsewhere once the first has ended.

    Without changes of names: what the first has made since and the source has dropped, the copy leaves, as it cannot know
    whose that is.
    """
    load = t.load(kinds=('ups', 'mix', 'text', 'bykey', 'parts'))
    pipe = t.run_task()
    load.wait_rows(300)
    eventually(lambda: pipe.checkpoint()['ts'] != '0', what='a checkpoint')
    strike(t, 'copied under way')
    copy = t.path('copy')
    shutil.copytree(state(t), copy)
    load.wait_rows(300)
    pipe.stop()
    t.env['CDC_STATE_DIR'] = copy
    load.wait_rows(100)
    goes_on(t, pipe, 'the copy')


# The target behind the ids

def ids_file(t):
    folder = os.path.join(state(t), 'targets')
    name, = [n for n in os.listdir(folder) if n.endswith('.json')]
    return os.path.join(folder, name)


def tables(t):
    """Two that are alike but for their rows, and change their names: by name alone they would be confused."""
    db = t.make_db()
    for c in 'a', 'b':
        make(t.src, db, c)
        write(t, c, 1)
    return db


def write(t, coll, ver):
    k = ord(coll[0])
    t.src.upsert(t.db, coll, {'pk': list(range(k, k + 30)), 'ver': [ver * 1000 + k] * 30, 'vec': [vec(ver, k)] * 30})


@scenario(short=0, long=40)
def torn_ids(t):
    """targets/HOST_PORT.json torn, lost, old: nothing goes to a wrong collection."""
    tables(t)
    pipe = t.run_task()
    pipe.catch_up()
    pipe.stop()
    path = ids_file(t)
    old = read_bytes(path)
    t.src.rename(t.db, 'a', 'x')
    t.src.rename(t.db, 'b', 'a')
    t.src.rename(t.db, 'x', 'b')
    make(t.src, t.db, 'c')
    write(t, 'c', 1)
    goes_on(t, pipe, 'names exchanged')
    good = read_bytes(path)
    for what, data in damages(t, good, t.rounds):
        strike(t, f'ids: {what}')
        write_bytes(path, data)
        write(t, 'a', 2)
        write(t, 'b', 3)
        now = t.src.now()
        pipe.start()
        eventually(lambda: pipe.final is not None or int(pipe.checkpoint()['ts']) >= now, what='an end, or all of it')
        if pipe.final is None:
            pipe.stop()
        else:
            words = said(pipe)
            t.judge(f'{what}: a line that names the file or the collection',
                    [] if pipe.final == 1 and any(os.path.basename(path) in x or 'lost it' in x for x in words) else words)
    for what, data in ('old', old), ('lost', None):
        strike(t, f'ids: {what}')
        os.unlink(path)
        if data:
            write_bytes(path, data)
        write(t, 'a', 4)
        write(t, 'b', 5)
        goes_on(t, pipe, f'ids that are {what}')
    t.judge('they were found again', [] if os.path.exists(path) else ['no file'])


def refill(m, t, db, colls, fields=FIELDS):
    """Collections of these names that are somebody else's."""
    with contextlib.suppress(MilvusError):
        m.create_db(db)
    for c in colls:
        m.create(db, c, fields)
        m.insert(db, c, {'pk': [9000], 'ver': [9000], 'vec': [vec(9, 9)]})


def has_only(m, db, coll):
    """Is it as refill() left it?"""
    m.index(db, coll, 'vec')
    m.load(db, coll)
    return [] if m.keys(db, coll, m.describe(db, coll).schema.fields[0]) == [9000] else [f'{coll} has rows of ours']


@scenario(short=1, long=1)
def lost_target(t):
    """The target was wiped, and filled again by somebody; or its address leads to another Milvus."""
    db = tables(t)
    pipe = t.run_task()
    pipe.catch_up()
    pipe.stop()

    strike(t, 'the target lost a collection')
    t.dst.drop(db, 'a')
    write(t, 'a', 2)
    pipe.start()
    ends_with(t, pipe, 'one lost', f"'{db}.a'")

    strike(t, 'and somebody has made one of that name')
    refill(t.dst, t, db, ['a'])
    pipe.start()
    ends_with(t, pipe, 'one of the same name is there', f"{db}.a")
    t.judge('it is left alone', has_only(t.dst, db, 'a'))

    strike(t, 'all wiped and filled')
    drop_dbs(t.dst, [db])
    refill(t.dst, t, db, ['a', 'b'])
    write(t, 'b', 2)
    pipe.start()
    ends_with(t, pipe, 'all wiped and filled', f"{db}.")
    for c in 'a', 'b':
        t.judge(f'{c} is left alone', has_only(t.dst, db, c))

    strike(t, 'begun anew on an empty target')
    drop_dbs(t.dst, [db])
    t.run('cdc-task', 'set', pipe.name, '--from', 'start')
    goes_on(t, pipe, 'from the start')

    other = os.environ.get('CDC_TARGET2')
    if not other:
        return t.judge('no second target: not tried', [])
    strike(t, 'the address leads to another Milvus')
    m = Milvus(other)
    refill(m, t, db, ['a', 'b'])
    try:
        ours = ids_file(t)
        shutil.copy(ours, os.path.join(os.path.dirname(ours), other.split('://')[1].replace(':', '_') + '.json'))
        definition = pipe.task_path('task.json')
        write_bytes(definition, read_bytes(definition).replace(t.dst.uri.encode(), other.encode()))
        write(t, 'a', 3)
        write(t, 'b', 3)
        pipe.start()
        ends_with(t, pipe, 'another Milvus', f"{db}.")
        for c in 'a', 'b':
            t.judge(f'{c} there is left alone', has_only(m, db, c))
    finally:
        drop_dbs(m, [db])
