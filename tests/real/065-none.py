"""What meets nothing is said, and is not taken for success: patterns, renames, collections that are no longer asked for."""
import subprocess

from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=2)]


def fill(m, db, coll, keys):
    m.create(db, coll, FIELDS)
    m.insert(db, coll, {'pk': list(keys), 'vec': floats([[k, 1] for k in keys])})


def says(c, *argv, stdin=None):
    """The status, the lines and what was said of a program that runs alone."""
    p = subprocess.run([os.path.join(BUILD, argv[0]), *argv[1:]], env=c.env, input=stdin, capture_output=True, text=True,
                       timeout=PATIENCE)
    return p.returncode, p.stdout, p.stderr


def reads(c, *more):
    return says(c, 'cdc-read', '-b', c.brokers, '--until', 'now', *more, stdin=c.run(*c.meta()))


def patterns(c):
    db, no = c.make_db(), f'{c.db}x.*'
    fill(c.src, db, 'items', range(3))
    fill(c.src, db, 'old', range(3))
    c.src.drop(db, 'old')
    c.dst.create_db(db)
    fill(c.dst, db, 'items', range(3))
    for m in c.src, c.dst:
        m.index(db, 'items', 'vec')
        m.load(db, 'items')

    named = f"'{no}' meets no collection"
    status, lines, err = reads(c, '-i', no, '-i', f'{db}.items')
    tap.ok((status, lines) == (1, '') and named in err, 'cdc-read --until: status 1, no line', status, lines, err)
    status, lines, err = reads(c, '-i', f'{db}.old')
    tap.ok(status == 1 and 'were dropped' in err, 'what is dropped is met by nothing', status, lines, err)
    status, lines, err = reads(c, '-i', no, '-i', f'{db}.items', '--allow-none')
    tap.ok(status == 0 and '"insert"' in lines and named in err, '--allow-none: the rest', status, lines, err)
    status, lines, err = says(c, *c.meta(no))
    tap.ok((status, lines) == (1, '') and named in err, 'cdc-meta', status, lines, err)

    sides = ['-S', c.src.uri, '-T', c.dst.uri]
    status, lines, err = says(c, 'cdc-verify', *sides, '-i', no)
    tap.ok((status, lines) == (1, '') and named in err, 'cdc-verify: nothing is not equal', status, lines, err)
    status, lines, err = says(c, 'cdc-verify', *sides, '-i', f'{db}.*', '-x', f'{db}.items')
    tap.ok(status == 1 and f"'{db}.items'" not in err, 'all that is there is excluded', status, lines, err)
    status, lines, err = says(c, 'cdc-verify', *sides, '-i', f'{db}.items', '-v')
    tap.ok((status, lines) == (0, '') and '1 collections, 3 rows' in err, 'and how much was compared', status, lines, err)
    status, lines, err = says(c, 'cdc-verify', *sides, '-i', no, '-i', f'{db}.items', '--allow-none')
    tap.ok((status, lines) == (0, '') and named in err, '--allow-none: a warning', status, lines, err)

    where = ['--etcd', c.etcd, '--root', os.environ['CDC_ROOT'], '--brokers', c.brokers, '--target', c.target]
    status, lines, err = says(c, 'cdc-task', 'create', 'a', *where, '-i', no)
    tap.ok(status == 1 and named in err and c.run('cdc-task', 'list') == '', 'cdc-task create refuses', status, lines, err)
    status, lines, err = says(c, 'cdc-task', 'create', 'a', *where, '-i', no, '--allow-none')
    tap.ok(status == 0 and named in lines and c.run('cdc-task', 'list') == 'a\n', 'unless told', status, lines, err)


def renames(c):
    """A rule that meets nothing: its rows go under the name that they came with, and that is said."""
    db, to = c.make_db(), f'{c.db}_to'
    fill(c.src, db, 'items', range(3))
    where = ['--etcd', c.etcd, '--root', os.environ['CDC_ROOT'], '--brokers', c.brokers, '--target', c.target]
    rule = f"'{db}x={to}'"
    status, lines, err = says(c, 'cdc-task', 'create', 'a', *where, '-i', f'{db}.*', '--rename', rule.strip("'"))
    tap.ok(status == 1 and rule in err and c.run('cdc-task', 'list') == '', 'cdc-task create refuses', status, lines, err)
    c.backup(c.path('all'))
    argv = [*c.apply(), c.path('all'), '--rename', f'{db}.items={to}.a', '--rename', rule.strip("'")]
    argv.remove(c.path('all'))
    status, lines, err = says(c, *argv, '-n', c.path('all'))
    tap.ok(status == 1 and f'--rename {rule} has met nothing' in err and to not in c.dst.dbs(), 'a dry run', status, lines, err)
    status, lines, err = says(c, *argv, c.path('all'))
    tap.ok(status == 1 and f'--rename {rule} has met nothing' in err, 'cdc-apply: status 1', status, lines, err)
    tap.ok(c.dst.colls(to) == {'a'} and json.loads(lines.splitlines()[-1]).get('end'), 'the other rule met, and all is done', lines)


def a_login_of_the_environment(c):
    """It opens the door at create, and is not kept."""
    db = c.make_db()
    where = ['--etcd', c.etcd, '--root', os.environ['CDC_ROOT'], '--brokers', c.brokers, '--target', c.target]
    c.env['CDC_TOKEN'] = 'root:Milvus'
    status, lines, err = says(c, 'cdc-task', 'create', 'a', *where, '-i', f'{db}.*')
    tap.ok(status == 0 and 'CDC_TOKEN is not kept' in err and '--token-file' in err, 'create says so', status, lines, err)
    tap.ok('Milvus' not in c.run('cdc-task', 'show', 'a', '--json').replace('Milvus 2', ''), 'and it is not')
    del c.env['CDC_TOKEN']
    status, lines, err = says(c, 'cdc-task', 'create', 'b', *where, '-i', f'{db}x.*', '--allow-none')
    tap.ok(status == 0 and err == '', 'without one nothing is said', status, lines, err)


def ends_known(file):
    with open(file) as f:
        return {k['name']: k for k in json.loads(f.readlines()[-1])['known'].values() if 'name' in k}


def another_pattern(c):
    """Behind a backup of a, one of b: a is not b's."""
    a, b = c.make_db('_a'), c.make_db('_b')
    for db in a, b:
        fill(c.src, db, 'items', range(3))
    c.include = [f'{a}.*']
    c.backup(c.path('a'))
    c.restore(c.path('a'))
    c.src.insert(a, 'items', {'pk': [7], 'vec': floats([[7, 1]])})
    c.include = [f'{b}.*']
    c.backup(c.path('b'), '--from', '@' + c.path('a'))
    with open(c.path('b')) as f:
        of = {json.loads(line).get('db') for line in f} - {None}
    tap.ok(of == {b}, 'the stream has only b', of)
    tap.ok(set(ends_known(c.path('b'))) == {f'{b}.items', b}, 'and knows only b', ends_known(c.path('b')))
    said = c.chains[-1]['cdc-read'].stderr()
    tap.ok(f"left as it is at the target: '{a}.items'" in said, 'which is said', said)
    c.restore(c.path('b'))
    tap.ok(c.dst.colls(a) == {'items'} == c.dst.colls(b), 'a stays, b is there', c.dst.colls(a), c.dst.colls(b))


def a_narrower_task(c):
    """A collection that a task is not asked for any more: it stays, whatever becomes of it at the source."""
    db = c.make_db()
    for coll in 'a', 'b', 'r':
        fill(c.src, db, coll, range(3))
    c.include = [f'{db}.a', f'{db}.b', f'{db}.r']
    p = c.pipeline().start()
    p.catch_up()
    c.src.rename(db, 'r', 'renamed')
    p.catch_up()
    p.stop()
    c.src.drop(db, 'a')
    c.include = [f'{db}.b', f'{db}.r']
    p.start()
    c.src.insert(db, 'b', {'pk': [7], 'vec': floats([[7, 1]])})
    c.src.insert(db, 'renamed', {'pk': [8], 'vec': floats([[8, 1]])})
    p.catch_up()
    said = p['cdc-read'].stderr()
    p.stop()
    tap.ok(sorted(c.dst.colls(db)) == ['a', 'b', 'renamed'], 'a is not dropped', c.dst.colls(db))
    tap.ok(f"left as it is at the target: '{db}.a'" in said, 'and it is said', said)
    known = {k['name']: k.get('as') for k in p.checkpoint()['known'].values()}
    tap.ok(known == {db: None, f'{db}.b': None, f'{db}.renamed': f'{db}.r'}, 'nor known any more', known)
    out = [diff_rows(c.src, c.dst, db, coll, (db, coll)) for coll in ('b', 'renamed')]
    tap.ok(out == [[], []], 'b is equal, and what was renamed is followed', out)


main(patterns, renames, a_login_of_the_environment, another_pattern, a_narrower_task)
