"""What was applied and not yet committed when all ended, and is undone at the source before the next start."""
import signal

from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]


def prepare(case):
    case.make_db()
    src, db = case.src, case.db
    for coll in 'stays', 'loaded', 'renamed', 'released', 'some':
        src.create(db, coll, FIELDS)
        src.insert(db, coll, {'pk': [1, 2], 'vec': [vec(1, 2, 3, 4)] * 2})
    for coll in 'loaded', 'released', 'some':
        src.index(db, coll, 'vec', name='i')
    src.create_partition(db, 'some', 'p')
    src.load(db, 'released')
    src.load_partitions(db, 'some', ['p'])
    src.alias(db, 'stays', f'{case.tag_alias()}_moved')
    src.alias(db, 'stays', f'{case.tag_alias()}_dropped')


def do(case):
    """At the source; returns what tells that the target has it all."""
    src, dst, db, alias = case.src, case.dst, case.db, case.tag_alias()
    src.create(db, 'new', FIELDS)
    src.insert(db, 'new', {'pk': [1], 'vec': [vec(1, 2, 3, 4)]})
    src.create_partition(db, 'stays', 'q')
    src.alias(db, 'stays', alias)
    src.alter_alias(db, 'loaded', f'{alias}_moved')
    src.drop_alias(db, f'{alias}_dropped')
    src.index(db, 'stays', 'vec', name='j')
    src.load(db, 'loaded')
    src.release(db, 'released')
    src.release(db, 'some')
    src.rename(db, 'renamed', 'otherwise')
    src.create_db(db + 'new')
    # The databases are what etcd was told last, and the loads what goes out last.
    return lambda: (dst.exists(db, 'new') and db + 'new' in dst.dbs() and dst.exists(db, 'otherwise') and
                    'q' in dst.partitions(db, 'stays') and 'j' in dst.indexes(db, 'stays') and
                    dst.load_state(db, 'loaded') == 'Loaded' and dst.load_state(db, 'released') == 'NotLoad' and
                    dst.load_state(db, 'some') == 'NotLoad' and alias in dst.describe(db, 'stays').aliases and
                    f'{alias}_moved' in dst.describe(db, 'loaded').aliases and
                    f'{alias}_dropped' not in dst.describe(db, 'stays').aliases)


def undo(case):
    src, db, alias = case.src, case.db, case.tag_alias()
    src.drop(db, 'new')
    src.drop_partition(db, 'stays', 'q')
    src.drop_alias(db, alias)
    src.alter_alias(db, 'stays', f'{alias}_moved')
    src.alias(db, 'stays', f'{alias}_dropped')
    src.drop_index(db, 'stays', 'vec', 'j')
    src.release(db, 'loaded')
    src.load(db, 'released')
    src.load_partitions(db, 'some', ['p'])
    src.rename(db, 'otherwise', 'renamed')
    src.drop_db(db + 'new')


def hold(pipe):
    """Nothing is committed from here on."""
    pipe['cdc-task'].kill(signal.SIGSTOP)


def end(pipe):
    pipe.chain.kill()
    pipe.chain.wait()


def undone_while_down(case):
    prepare(case)
    pipe = case.pipeline().start()
    pipe.catch_up()
    hold(pipe)
    eventually(do(case), what='all of it at the target')
    end(pipe)
    # The second start commits nothing either; the third one still knows.
    pipe.start()
    hold(pipe)
    case.src.create_db(case.db + 'mark')
    eventually(lambda: case.db + 'mark' in case.dst.dbs(), what='the second start works')
    end(pipe)
    undo(case)
    pipe.start()
    pipe.catch_up()
    case.same('equal after it was undone')
    tap.ok(case.db + 'new' not in case.dst.dbs(), 'the database is gone too')
    pipe.stop()
    # What was told of the window is over by now: nothing of it comes again.
    case.dst.load(case.db, 'loaded')
    eventually(lambda: case.dst.load_state(case.db, 'loaded') == 'Loaded', what='a load at the target')
    pipe.start()
    pipe.catch_up()
    tap.ok(case.dst.load_state(case.db, 'loaded') == 'Loaded', 'a load by others at the target is left alone')
    pipe.stop()


main(undone_while_down)
