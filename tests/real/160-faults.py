"""Servers that go away under a running pipeline and come back; a second writer; a target that lost its data."""
import signal

from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]


def put(case, *keys, coll='c'):
    case.src.insert(case.db, coll, {'pk': list(keys), 'vec': [vec(k, 1, 2, 3) for k in keys]})


def begin(case):
    case.make_db()
    case.src.create(case.db, 'c', FIELDS, shards=2)
    case.src.index(case.db, 'c', 'vec')
    case.src.load(case.db, 'c')
    put(case, *range(100))
    pipe = case.pipeline().start()
    pipe.catch_up()
    return pipe


def go_on(pipe):
    """If the pipeline gave up, it must have said that trying again helps; then that is done, as a supervisor would."""
    try:
        eventually(lambda: not pipe.chain.running(), 3)
    except Stuck:
        return 'it went on by itself'
    ends = pipe.chain.wait(30)
    # The one that met the fault says 3; a program that lost its neighbour ends as law 10 of cdc(7) says, and never with a crash.
    assert 3 in ends.values(), f'no status 3 in {ends}'
    assert not {-signal.SIGSEGV, -signal.SIGABRT} & set(ends.values()), ends
    pipe.start()
    return f'ended with {ends}'


def target_away(case):
    pipe = begin(case)
    lab('kill', 'dst')
    put(case, *range(100, 200))
    case.src.delete(case.db, 'c', 'pk in [1, 2, 3]')
    time.sleep(2)
    lab('start', 'dst')
    diag(go_on(pipe))
    put(case, *range(200, 300))
    pipe.catch_up(90)
    case.same('equal after the target was killed')
    pipe.stop()


def kafka_away(case):
    pipe = begin(case)
    lab('stop', 'kafka')
    time.sleep(2)
    lab('start', 'kafka', 'src')
    diag(go_on(pipe))
    eventually(lambda: try_put(case, *range(200, 300)), 60, 'the source writes again')
    pipe.catch_up(90)
    case.same('equal after Kafka was restarted')
    pipe.stop()


def try_put(case, *keys):
    try:
        put(case, *keys)
        return True
    except Exception:  # noqa: BLE001: whatever a source without Kafka says
        return False


def etcd_away(case):
    pipe = begin(case)
    lab('kill', 'etcd')
    time.sleep(2)
    lab('start', 'etcd', 'src', 'dst')
    diag(go_on(pipe))
    # Milvus may have ended with its etcd, and needs a moment to have its collections again.
    eventually(lambda: try_put(case, *range(100, 200)), 60, 'the source writes again')
    case.src.create(case.db, 'd', FIELDS)
    put(case, 1, 2, 3, coll='d')
    pipe.catch_up(90)
    case.same('equal after etcd was killed')
    pipe.stop()


def source_away(case):
    pipe = begin(case)
    lab('kill', 'src')
    time.sleep(2)
    lab('start', 'src')
    diag(go_on(pipe))
    eventually(lambda: try_put(case, *range(100, 200)), 60, 'the source writes again')
    pipe.catch_up(90)
    case.same('equal after the source was killed')
    pipe.stop()


def second_writer(case):
    pipe = begin(case)
    text = '{"op":"begin","v":1,"cluster":"by-dev","task":"task","ts":"0","from":{"t":{"o":0,"n":0,"ts":"0"}}}\n'
    p = subprocess.run([os.path.join(BUILD, 'cdc-apply'), '-T', case.dst.uri], env=case.env, input=text, text=True,
                       capture_output=True, timeout=PATIENCE)
    tap.ok(p.returncode == 3 and str(pipe['cdc-apply'].pid) in p.stderr, 'a second writer is status 3 and names the first',
           p.returncode, p.stderr)
    put(case, *range(100, 120))
    pipe.catch_up()
    case.same('the first does not mind')
    pipe.stop()


def target_lost_data(case):
    pipe = begin(case)
    pipe.stop()
    case.dst.drop(case.db, 'c')
    put(case, *range(100, 110))
    pipe.start()
    ends = pipe.chain.wait(30)
    said = pipe['cdc-apply'].stderr()
    tap.ok(ends['cdc-apply'] == 1 and f'{case.db}.c' in said, 'a collection lost at the target is status 1 and its name',
           ends, said)


main(target_away, second_writer, target_lost_data, source_away, etcd_away, kafka_away)
