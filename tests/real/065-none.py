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


main(patterns)
