"""Tasks in a circle: A to B and B to A, over three, from the start and from now; and what only looks like one."""
from cdctest import *
from cdctest import lab_more
from sites import FIELDS, rows, sites


TEXT = [F('pk', 'VarChar', primary=True, max_length=20), F('v', 'Int64'), F('vec', 'FloatVector', dim=4)]
CIRCLE = 'a circle'


def said(chain):
    return chain['cdc-apply'].stderr().strip()


def stop_of(*chains, patience=30):
    """Those that end with the right sentence, once one did."""
    def ended():
        return [c for c in chains if c['cdc-apply'].process.poll() is not None]
    begun = time.monotonic()
    eventually(ended, patience, 'the circle is seen')
    took = time.monotonic() - begun
    for c in ended():
        c.wait()
    return [c for c in ended() if c['cdc-apply'].process.returncode == 1 and CIRCLE in said(c)], took


def values(m, db, coll='c'):
    got = {d.field_name: list(d.scalars.long_data.data) for d in m.query(db, coll, 'pk >= 0', ['pk', 'v'])}
    return dict(zip(got['pk'], got['v']))


def of_two_from_the_start(case):
    """The second one stops before its first row."""
    with sites(case, 'src', 'src2') as (a, b):
        a.make()
        ab = a.to(b)
        eventually(lambda: b.count() == 5, what='B follows')
        for v in range(2, 6):
            a.m.upsert(case.db, 'c', rows([0], v))
        ba = b.to(a)
        who, took = stop_of(ab, ba)
        tap.ok(who == [ba] or set(who) == {ab, ba}, f'the one that closes it stops, after {took:.1f} s', said(ab), said(ba))
        tap.ok(f"delete '{case.db}.c'" in said(ba) and 'End the other one' in said(ba), '  and says where and what to do', said(ba))
        tap.ok(values(a.m, case.db)[0] == 5, '  and no older row overtook a later one', values(a.m, case.db))


def of_two_from_now(case):
    """Nothing in the log says it yet: with the first row that goes round."""
    with sites(case, 'src', 'src2') as (a, b):
        a.make('t', keys=None, fields=TEXT)
        a.make()
        ab = a.to(b)
        eventually(lambda: b.count() == 5, what='B follows')
        ba = b.to(a, start='now')
        eventually(lambda: 'at the target already' in said(ba), what='the second one is at work')
        a.m.insert(case.db, 't', {**rows(range(1), 1), 'pk': ['k']})
        who, took = stop_of(ab, ba)
        tap.ok(who, f'it is seen, by text keys too, after {took:.1f} s', said(ab), said(ba))


def of_three(case):
    with sites(case, 'src', 'src2', 'src3') as (a, b, c):
        a.make()
        ab = a.to(b)
        eventually(lambda: b.count() == 5, what='B follows')
        bc = b.to(c)
        eventually(lambda: c.count() == 5, what='C follows')
        ca = c.to(a)
        who, took = stop_of(ab, bc, ca)
        tap.ok(ca in who, f'the third one stops, after {took:.1f} s', said(ab), said(bc), said(ca))


def to_and_fro(case):
    """A to B and B to A, with nothing in common; and a chain that comes back under another name."""
    with sites(case, 'src', 'src2') as (a, b):
        db = case.db
        a.make('one')
        b.make('two')
        ab = a.to(b, include=f'{db}.one')
        ba = b.to(a, include=f'{db}.two')
        back = b.to(a, '--rename', f'{db}.one={db}.copy', include=f'{db}.one')
        eventually(lambda: b.count('one') == 5 and a.count('two') == 5 and a.count('copy') == 5, what='all three are across')
        a.m.insert(db, 'one', rows(range(5, 10), 2))
        b.m.insert(db, 'two', rows(range(5, 10), 2))
        eventually(lambda: b.count('one') == 10 and a.count('two') == 10 and a.count('copy') == 10, what='and what follows')
        tap.ok(all(c.running() for c in (ab, ba, back)), 'no circle is seen where there is none', said(ab), said(ba), said(back))


def a_task_goes_on(case):
    """Who was told, and has ended the other one, goes on."""
    with sites(case, 'src', 'src2') as (a, b):
        a.make()
        ab = a.to(b)
        eventually(lambda: b.count() == 5, what='B follows')
        case.run('cdc-task', 'create', 'back', '-E', case.etcd, '-r', b.root, '-b', case.brokers, '-T', a.m.uri, '-i', f'{case.db}.*')

        def run():
            return subprocess.Popen([os.path.join(BUILD, 'cdc-task'), 'run', 'back'], env=case.env, stderr=subprocess.PIPE, text=True)
        p = run()
        text = p.communicate(timeout=PATIENCE)[1]
        tap.ok(p.returncode == 1 and CIRCLE in text, 'a task of the circle stops', p.returncode, text)
        ab.kill()
        ab.wait()
        b.m.fields[case.db, 'c'] = FIELDS
        b.m.insert(case.db, 'c', rows([77], 7))
        p = run()
        try:
            eventually(lambda: 77 in values(a.m, case.db) or p.poll() is not None, what='it goes on')
            tap.ok(p.poll() is None, 'run again, without the other one, it goes on')
        finally:
            p.terminate()
            text = p.communicate(timeout=PATIENCE)[1]
            tap.ok(CIRCLE not in text, '  and says nothing', text)


def of_one_directory(case):
    """Known before anything is written."""
    with sites(case, 'src', 'src2') as (a, b):
        a.make()
        b.make()

        def create(name, frm, to, *more):
            p = subprocess.run([os.path.join(BUILD, 'cdc-task'), 'create', name, '-E', case.etcd, '-r', frm.root,
                                '-b', case.brokers, '-T', to.m.uri, *more], env=case.env, capture_output=True, text=True)
            return p.returncode, p.stderr
        made = create('ab', a, b, '-i', f'{case.db}.*')
        tap.ok(made[0] == 0, 'the first one', made)
        made = create('ba', b, a, '-i', f'{case.db}.c')
        tap.ok(made[0] == 1 and "through task 'ab': a circle" in made[1], 'create refuses the second one', made)
        made = create('ba', b, a, '-i', f'{case.db}_other.*', '--allow-none')
        tap.ok(made[0] == 0, '  not one that has nothing in common', made)
        case.run('cdc-task', 'pause', 'ab')
        made = create('back', b, a, '-i', f'{case.db}.*')
        tap.ok(made[0] == 0, '  nor the way back of one that is paused', made)


# The further servers are started once for all of them.
with lab_more('src2', 'src3') if 'CDC_ETCD' in os.environ else contextlib.nullcontext():
    main(of_one_directory, of_two_from_the_start, of_two_from_now, of_three, to_and_fro, a_task_goes_on)
