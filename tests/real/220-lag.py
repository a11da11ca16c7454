"""Lag and backlog that `cdc-task status` tells, compared with what kcat finds in Kafka: to the record, to the millisecond.

Offsets do not change, so what a status says can be checked afterwards: its high watermarks lie between those before and
after it, and the records just below them have the timestamp, Milvus's own, that it calls the newest.
"""
import concurrent.futures
import signal

from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]
SLACK_MS = 1000  # between two looks at a clock; Milvus ticks each 200 ms


def kcat(*argv):
    p = subprocess.run(['kcat', '-q', '-b', os.environ['CDC_BROKERS'], *argv], capture_output=True, text=True, timeout=PATIENCE)
    return p.stdout


def highs(topics):
    """The end of each topic's partition 0: what the next record gets."""
    out = {}
    for line in kcat('-Q', *(x for t in topics for x in ('-t', f'{t}:0:-1'))).splitlines():
        topic, _, rest = line.partition(' [0] offset ')
        out[topic] = int(rest)
    return out


def members(b):
    """Varints and byte strings of a protobuf message, by number."""
    def varint():
        nonlocal at
        v = shift = 0
        while True:
            v |= (b[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if b[at - 1] < 128:
                return v

    at, out = 0, {}
    while at < len(b):
        key = varint()
        v = varint()
        if key & 7 == 2:
            v, at = b[at:at + v], at + v
        elif key & 7:
            raise ValueError(f'wire type {key & 7}')
        out[key >> 3] = v
    return out


def time_of(topic, offset):
    """MsgBase.timestamp, common.proto: member 3 of a message's member 1; its upper bits are milliseconds."""
    value = subprocess.run(['kcat', '-q', '-b', os.environ['CDC_BROKERS'], '-C', '-t', topic, '-p', '0', '-o', str(offset),
                            '-c', '1', '-e', '-D', ''], capture_output=True, timeout=PATIENCE).stdout
    return members(members(value)[1])[3] >> 18


def newest(topics):
    """The time of the newest of the records just below these ends."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return max(pool.map(lambda t: time_of(t, topics[t] - 1), [t for t in topics if topics[t] > 0]))


class Watched:
    """A task under `cdc-task run`, and what is known of it."""

    def __init__(self, case):
        self.case, self.n = case, 0
        case.make_db()
        case.src.create(case.db, 'c', FIELDS, shards=2)
        case.src.index(case.db, 'c', 'vec')
        case.src.load(case.db, 'c')
        self.pipe = case.pipeline()
        self.chain = None

    def run(self):
        self.chain = self.case.chain(['cdc-task', 'run', 'task'])
        return self

    def put(self, n=1):
        keys = range(self.n, self.n + n)
        self.case.src.insert(self.case.db, 'c', {'pk': list(keys), 'vec': [vec(k, 1, 2, 3) for k in keys]})
        self.n += n

    def status(self, *more):
        argv = [os.path.join(BUILD, 'cdc-task'), 'status', 'task', '--json', *more]
        p = subprocess.run(argv, env=self.case.env, capture_output=True, text=True, timeout=QUICK_S)
        return json.loads(p.stdout)

    def there(self):
        now = self.case.src.now()
        eventually(lambda: int(self.pipe.checkpoint()['ts']) >= now, 2 * PATIENCE, f'all up to {now} at the target')

    def look(self, title):
        """A status between two looks of our own; one line of TAP: is it right?"""
        first = self.pipe.checkpoint()
        before = highs(first['pos'])
        s = self.status()
        topics = {t['topic']: t for t in s['topics']}
        after = highs(topics)
        last = self.pipe.checkpoint()
        bad = []

        def want(good, what, *values):
            if not good:
                bad.append(f'{what}: {values}')

        want(s['lag_unknown'] is None and s['backlog_unknown'] is None, 'both are known', s['lag_unknown'], s['backlog_unknown'])
        want(int(first['ts']) <= int(s['ts']) <= int(last['ts']), 'ts', first['ts'], s['ts'], last['ts'])
        want(set(first['pos']) <= set(topics), 'topics', sorted(first['pos']), sorted(topics))
        for name, t in topics.items():
            want(before.get(name, 0) <= t['high'] <= after[name], f'{name}: high', before.get(name), t['high'], after[name])
            low = first['pos'].get(name, {'o': 0})['o']
            want(low <= t['committed'] <= last['pos'][name]['o'], f'{name}: committed', low, t['committed'], last['pos'][name]['o'])
        want(s['backlog'] == sum(t['high'] - t['committed'] for t in s['topics']), 'backlog', s['backlog'], s['topics'])
        at = newest({name: t['high'] for name, t in topics.items()})
        want(s['newest_ms'] == at, 'newest_ms', s['newest_ms'], at)
        lag = max(0, at - (int(s['ts']) >> 18))
        want(s['lag_ms'] == lag, 'lag_ms', s['lag_ms'], lag)
        tap.ok(not bad, title, '\n'.join(bad))
        return s

    def small(self, title):
        """It is seconds, not more, once all is quiet; how many depends on this machine."""
        eventually(lambda: (self.status()['lag_ms'] or 0) < 5 * SLACK_MS, what=f'{title}: a small lag')
        s = self.look(title)
        tap.ok(s['lag_ms'] < 20 * SLACK_MS and s['state'] == 'running', f'{title}: lag {s["lag_ms"]} ms, backlog {s["backlog"]}', s)


QUICK_S = 20  # a status that takes longer is of no use


def under_load_and_idle(case):
    w = Watched(case).run()
    w.put(10)
    w.there()
    ended = threading.Event()

    def load():
        while not ended.wait(0.02):
            w.put(20)

    writer = threading.Thread(target=load, daemon=True)
    writer.start()
    for i in range(4):
        w.look(f'under load, {i + 1}')
    ended.set()
    writer.join()
    w.there()
    w.small('idle')
    for sig, name in ((signal.SIGTERM, 'stopped'), (signal.SIGKILL, 'killed')):
        w.chain.kill(sig)
        w.chain.wait()
        one = w.look(f'{name}: it is still known')
        w.put(5)
        two = w.look(f'{name}: and more is to do')
        tap.ok(one['state'] == two['state'] == 'stopped' and two['ts'] == one['ts'] and two['backlog'] > one['backlog'],
               f'{name}: nobody runs it, so lag and backlog grow', one, two)
        w.run().there()
        w.small(f'{name} and run again')
    case.same('nothing is missing')


def the_target_is_away(case):
    w = Watched(case).run()
    w.put(10)
    w.there()
    lab('kill', 'dst')
    w.put(10)
    eventually(lambda: w.status()['lag_ms'] > 3 * SLACK_MS, what='it falls behind')
    one, began = w.look('the target is away'), time.monotonic()
    eventually(lambda: time.monotonic() - began > 5, what='some seconds later')
    two, took = w.look('and some seconds later'), time.monotonic() - began
    # a status is asked somewhere within its look, which takes as long as kcat does: the records' own times say when
    grown, clock = two['lag_ms'] - one['lag_ms'], two['newest_ms'] - one['newest_ms']
    tap.ok(two['ts'] == one['ts'] and grown == clock and 5000 - SLACK_MS <= grown <= took * 1000 + SLACK_MS,
           f'the lag grows by the clock: {grown} ms', one, two, took)
    tap.ok(two['backlog'] > one['backlog'], f'and the backlog: {one["backlog"]}, {two["backlog"]}')
    lab('start', 'dst')
    w.there()
    w.small('the target is back')
    case.same('nothing is missing')


def the_source_is_away(case):
    w = Watched(case).run()
    w.put(10)
    w.there()
    lab('kill', 'src')
    one = w.look('Milvus is away, its Kafka is there')
    eventually(lambda: w.status()['backlog'] is not None, what='a backlog')
    two = w.look('and some seconds later')
    tap.ok(two['newest_ms'] - one['newest_ms'] < 10 * SLACK_MS and two['lag_ms'] < 20 * SLACK_MS,
           'what nobody writes is no lag', one, two)
    lab('kill', 'kafka')
    before, began = w.pipe.checkpoint()['ts'], time.monotonic()
    s = w.status()
    took = time.monotonic() - began
    unknown = [s['lag_ms'], s['backlog'], s['newest_ms'], s['topics'][0]['high']]
    tap.ok(unknown == [None] * 4 and 'do not answer' in s['lag_unknown'] and s['backlog_unknown'] == s['lag_unknown'],
           f'Kafka is away: {s["lag_unknown"]}', s)
    tap.ok(int(before) <= int(s['ts']) <= int(w.pipe.checkpoint()['ts']) and took < QUICK_S / 2,
           f'the rest is told all the same, in {took:.1f} s', before, s)
    s = w.status('--offline')
    tap.ok(s['lag_unknown'] == s['backlog_unknown'] == 'not asked', 'not asked, not known', s)
    lab('start', 'kafka', 'src')
    eventually(lambda: tried(w), 2 * PATIENCE, 'the source writes again')
    w.there()
    w.small('all are back')
    case.same('nothing is missing')


def tried(w):
    try:
        w.put(5)
        return True
    except Exception:  # noqa: BLE001: whatever a source without Kafka says
        return False


main(under_load_and_idle, the_target_is_away, the_source_is_away)
