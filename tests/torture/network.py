"""A proxy between each pair that cuts, delays, half-closes, stalls, and resets inside a frame, in both directions."""
import urllib.parse

from proxy import DOWN, UP
from torture import *  # noqa: F401,F403

WIRES = {'etcd': 'cdc-meta', 'kafka': 'cdc-read', 'target': 'cdc-apply'}  # who is at the near end
QUICK = ['--timeout', '3']  # cdc-apply: a request without an answer is not sent again for so long
RECOVER = 90                # seconds from the end of a fault to what was written after it


def port_of(uri):
    return urllib.parse.urlsplit(uri).port


def make_wires(t):
    """A proxy on each of the three ways; what t starts from now on goes through them."""
    kafka = int(os.environ['KAFKA_PROXY_PORT'])
    wires = {'etcd': t.proxy(port_of(t.etcd)), 'kafka': t.proxy(kafka - 1, kafka), 'target': t.proxy(port_of(t.target))}
    t.etcd, t.brokers, t.target = wires['etcd'].uri, wires['kafka'].address, wires['target'].uri
    return wires


def refuse(p, r):
    p.refuse()
    p.cut()


FAULTS = {
    'reset': lambda p, r: p.cut(),
    'end': lambda p, r: p.cut(reset=False),
    'half-close up': lambda p, r: p.half_close(UP),
    'half-close down': lambda p, r: p.half_close(DOWN),
    'delay': lambda p, r: p.delay(0.2),
    'delay up': lambda p, r: p.delay(0.2, UP),
    'delay down': lambda p, r: p.delay(0.2, DOWN),
    'stall': lambda p, r: p.stall(),
    'stall up': lambda p, r: p.stall(UP),
    'stall down': lambda p, r: p.stall(DOWN),
    'refuse': refuse,
    'reset in a frame up': lambda p, r: p.reset_after(r.randint(1, 3000), UP),
    'reset in a frame down': lambda p, r: p.reset_after(r.randint(1, 3000), DOWN),
    'throttle up': lambda p, r: p.throttle(20000, UP),
    'throttle down': lambda p, r: p.throttle(20000, DOWN),
    'swallow up': lambda p, r: p.swallow(UP),
    'swallow down': lambda p, r: p.swallow(DOWN),
}


def allowed(ends, at):
    """Whoever met the fault says that trying again helps; the others lost a neighbour."""
    if ends[at] != 3:
        raise AssertionError(f'{at} should end with 3: {ends}')


def recover(t, pipe, at, what):
    """Until what the source did before this call is at the target; started again if it gave up.  Seconds."""
    began, now = time.monotonic(), t.src.now()

    def there():
        if not pipe.chain.running():
            ends = pipe.go_on()
            t.fault(f'{what}: it ended with {ends}')
            allowed(ends, at)
        return int(pipe.checkpoint()['ts']) >= now

    eventually(there, RECOVER, f'recovery from {what}')
    return time.monotonic() - began


def strike(t, name, proxy, fault, hold):
    before = proxy.passed()
    FAULTS[fault](proxy, t.random)
    time.sleep(hold)
    proxy.heal()
    t.fault(f'{name}: {fault} for {hold:.2f} s, passed before {before}, after {proxy.passed()}, resets {proxy.resets}')


def cross(t, rounds, wires=WIRES):
    """Every fault on every wire, in a new order each time round."""
    pairs = []
    for _ in range(rounds):
        if not pairs:
            pairs = [(w, f) for w in sorted(wires) for f in FAULTS]
            t.random.shuffle(pairs)
        yield pairs.pop()


@scenario(short=6, long=102)
def network_by_hand(t):
    wires = make_wires(t)
    load = t.load()
    pipe = t.pipeline(apply=QUICK).start()
    t.watch(pipe)
    worst = 0, ''
    for i, (wire, fault) in zip(t.each_round(), cross(t, t.rounds)):
        load.wait_rows(t.random.randint(1, 60))
        time.sleep(t.random.random() * 0.3)
        hold = t.random.uniform(0, 5 if t.random.random() < 0.15 else 1)
        what = f'round {i}: {fault} on the wire to {wire}'
        strike(t, what, wires[wire], fault, hold)
        worst = max(worst, (recover(t, pipe, WIRES[wire], what), what))
        if i % 50 == 49:
            t.check(pipe, f'after {i + 1} rounds')
    diag(f'longest recovery {worst[0]:.1f} s: {worst[1]}')
    t.check(pipe, 'at the end')
    pipe.stop()


@scenario(short=0, long=51)
def network_supervised(t):
    """cdc-task run needs nobody."""
    wires = make_wires(t)
    load = t.load()
    pipe = t.run_task(create=QUICK)
    t.watch(pipe)
    for i, (wire, fault) in zip(t.each_round(), cross(t, t.rounds)):
        load.wait_rows(t.random.randint(1, 60))
        hold = t.random.uniform(0, 5 if t.random.random() < 0.15 else 1)
        strike(t, f'round {i}: {fault} on the wire to {wire}', wires[wire], fault, hold)
        pipe.catch_up(RECOVER)
    tap.ok(pipe.final is None and not pipe.ends, f'{t.name}: cdc-task run has not ended', pipe.ends)
    t.check(pipe, 'at the end')
    pipe.stop()


@scenario(short=0, long=5)
def all_wires_slow(t):
    """200 ms each way to everybody: it goes on, only later."""
    wires = make_wires(t)
    for p in wires.values():
        p.delay(0.2)
    load = t.load()
    pipe = t.pipeline().start()
    t.watch(pipe)
    for _ in t.each_round():
        load.wait_rows(50)
        load.pause()  # the source does in no time what the target is asked in several questions of 0.4 s each
        pipe.catch_up(300)
        load.resume()
    t.fault('200 ms each way on all wires')
    t.check(pipe, 'at the end')
    pipe.stop()
