"""A target that restarts, dies, freezes, says no for a while, answers garbage, or does its work and cannot say so."""
import socket
import threading

from broker import follow
from etcdfault import etcdctl
from network import QUICK, make_wires
from proxy import DOWN, UP
from targetlog import rows_by_log
from torture import *  # noqa: F401,F403
from torture import eventually


def write_once(load):
    """Rows that nobody writes again: one that is lost stays lost."""
    load.pause()
    for _ in range(10):
        load.put(load.colls['once'], load.fresh(load.colls['once'], 20))
    load.resume()


@scenario(short=0, long=8)
def target_restarts(t):
    """A Milvus 2.3.5 that was killed can lose rows that it had acknowledged and has in its log, and one that was restarted
    in any way can answer for minutes as if a shard were empty.

    So it is not asked: its log must hold each row as it was written, and none besides.
    """
    wire = make_wires(t)['target']
    load = t.load()
    load.pause()
    load.colls['once'] = load.make(load.db, 'once', 'mix')
    load.resume()
    pipe = t.pipeline(apply=QUICK).start()
    for i in t.each_round():
        how, seconds = ('kill', 'stop')[i % 2], t.random.uniform(0, 3)
        follow(t, pipe, 'nothing', 240, ['dst'])
        apply = pipe['cdc-apply'].pid
        os.kill(apply, signal.SIGSTOP)  # so that much is under way when the target goes
        write_once(load)
        load.wait_rows(2000)
        if i % 4 < 2:  # and it has read nothing of that
            wire.swallow(UP)
        lost = wire.ways[UP].lost
        os.kill(apply, signal.SIGCONT)
        if i % 4 < 2:
            eventually(lambda: wire.ways[UP].lost > lost, 60, 'requests that are lost')
        time.sleep(t.random.uniform(0, 0.3))
        t.fault(f'target: {how}, away for {seconds:.1f} s, {wire.ways[UP].lost - lost} bytes of requests lost')
        lab(how, 'dst')
        time.sleep(seconds)
        wire.heal()
        lab('start', 'dst')
        follow(t, pipe, f'target: {how}', 240, ['dst'])
    load.pause()
    pipe.catch_up(240)
    pipe.stop()
    load.settle_all()
    colls = {t.dst.describe(c.db, c.name).collectionID: c for c in load.colls.values()}
    parts = {p for c in colls.values() for p in t.dst.call('ShowPartitions', db_name=c.db, collection_name=c.name).partitionIDs}
    lab('stop', 'dst')
    rows = rows_by_log(os.path.join(os.environ['CDC_LAB'], 'dst', 'data', 'rmq'), colls, parts)
    lab('start', 'dst')
    bad = [f'{c.name}: key {k!r} should be {c.rows.get(k)}, is {row}'
           for n, c in colls.items() for k, row in load.differing(c, rows[n])]
    t.judge(f'the log of the target, {sum(map(len, rows.values()))} rows', bad)


@scenario(short=0, long=6)
def target_frozen(t):
    """It stands still for longer than a request may take, with requests in its hands, and then goes on with them."""
    load = t.load()
    pipe = t.pipeline(apply=QUICK).start()
    t.watch(pipe)
    with open(os.path.join(os.environ['CDC_LAB'], 'dst', 'pid')) as f:
        pid = int(f.read())
    for _ in t.each_round():
        load.wait_rows(t.random.randint(20, 200))
        seconds = t.random.uniform(1, 9)
        t.fault(f'target: frozen for {seconds:.1f} s')
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)
        follow(t, pipe, 'a frozen target')
    t.check(pipe, 'at the end')
    pipe.stop()


@scenario(short=2, long=30)
def answers_lost(t):
    """The request arrives and is done; the answer does not come back."""
    wires = make_wires(t)
    load = t.load()
    pipe = t.pipeline(apply=QUICK).start()
    t.watch(pipe)
    for i in t.each_round():
        load.wait_rows(t.random.randint(10, 100))
        p = wires['target']
        before = p.ways[DOWN].lost
        p.swallow(DOWN)
        time.sleep(t.random.uniform(0.1, 2))
        # Half of the time the connection stays, silent, until the request's own time is over.
        if i % 2:
            p.cut()
        else:
            time.sleep(3.6)
        p.heal()
        t.fault(f'target: {p.ways[DOWN].lost - before} bytes of answers lost')
        follow(t, pipe, 'answers that were lost')
        if i % 20 == 19:
            t.check(pipe, f'after {i + 1} rounds')
    t.check(pipe, 'at the end')
    pipe.stop()


# Milvus's own ways to say no, by its runtime configuration

# Not by rates: Milvus 2.3.5 stands still for ever once one of them changes while it runs.  It fires the event under the lock
# of what it has read from etcd, and who handles the event asks there whether limits are on.
QUOTA = 'by-dst/config/quotaAndLimits/limitWriting'
LITTLE = {'LowWaterLevel': '0.0001', 'HighWaterLevel': '0.0002'}
NO = {
    'all writing denied': ({'forceDeny': 'true'}, 'deactivated'),
    'no memory left': ({f'memProtection/{node}Memory{level}': share for node in ('dataNode', 'queryNode')
                        for level, share in LITTLE.items()}, 'memory'),
}


def denied(pipe, word):
    """cdc-apply has been told, and says so."""
    said = pipe['cdc-apply'].stderr()
    return word in said and 'trying again' in said


@scenario(short=0, long=4)
def target_says_no(t):
    load = t.load()
    pipe = t.pipeline().start()
    t.watch(pipe)
    for i in t.each_round():
        what = sorted(NO)[i % len(NO)]
        values, word = NO[what]
        pipe.catch_up(120)
        t.fault(f'target: {what}')
        for key, value in values.items():
            etcdctl('put', f'{QUOTA}/{key}', value)
        try:
            # It looks at its configuration every few seconds; until then there must be something to refuse.
            eventually(lambda: denied(pipe, word), 90, f'{what} is met')
            tap.ok(pipe.chain.running(), f'{t.name}: {what}: it waits', pipe['cdc-apply'].stderr())
        finally:
            etcdctl('del', '--prefix', QUOTA)
        follow(t, pipe, what)
        load.wait_rows(50)
        pipe.stop()  # it tells of the first trouble only
        pipe.start()
    t.check(pipe, 'at the end')
    pipe.stop()


# Something else answers at its address

class Babbler(threading.Thread):
    """Listens, and says the same to everybody."""

    def __init__(self, words):
        super().__init__(daemon=True)
        self.words = words
        self.socket = socket.create_server(('127.0.0.1', 0))
        self.port = self.socket.getsockname()[1]
        self.taken = 0
        self.start()

    def run(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            self.taken += 1
            threading.Thread(target=self.say, args=(c,), daemon=True).start()

    def say(self, c):
        try:
            c.settimeout(5)
            c.recv(65536)
            c.sendall(self.words)
            while c.recv(65536):
                pass
        except OSError:
            pass
        finally:
            c.close()

    def end(self):
        self.socket.shutdown(socket.SHUT_RDWR)  # accept() does not see a close
        self.socket.close()


WORDS = {
    'noise': bytes(range(256)) * 40,
    'a page': b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'a balancer without a server': b'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n',
    'a goodbye': bytes.fromhex('000000040000000000') + bytes.fromhex('0000080700000000000000000000000000'),
    'half a frame': bytes.fromhex('000000040000000000') + bytes.fromhex('00400000'),
    'nothing': b'',
}


@scenario(short=0, long=12)
def something_else_answers(t):
    """In the place of the target for a moment: no row is held for safe, and a person or the next run goes on."""
    wires = make_wires(t)
    p = wires['target']
    load = t.load()
    pipe = t.pipeline(apply=QUICK).start()
    t.watch(pipe)
    real = p.to
    for i in t.each_round():
        what = sorted(WORDS)[i % len(WORDS)]
        load.wait_rows(50)
        other = Babbler(WORDS[what])
        t.fault(f'target: {what} answers in its place')
        p.to = other.port
        p.cut()
        time.sleep(t.random.uniform(0.5, 2))
        eventually(lambda: other.taken, 60, f'{what}: it is asked')
        p.to = real
        p.cut()
        other.end()
        if not pipe.chain.running():
            ends, said = pipe.chain.wait(), pipe['cdc-apply'].stderr()
            tap.ok(ends['cdc-apply'] in (1, 3) and len(said.splitlines()) <= 2,
                   f'{t.name}: {what}: status 1 or 3 and a sentence', ends, said)
            t.chains.remove(pipe.chain)
            pipe.start()
        follow(t, pipe, what)
    t.check(pipe, 'at the end')
    pipe.stop()
