"""Two pipes in a circle under a writer, begun and killed anyhow: it is seen, and no later row is lost to an older one."""
from torture import *  # noqa: F401,F403
from sites import rows, sites

KEYS = 40


class Writer(threading.Thread):
    """Upserts at one side, one key at a time; knows the last version of each that was confirmed."""

    def __init__(self, t, site, coll):
        super().__init__(daemon=True)
        self.t, self.coll = t, coll
        self.m = Milvus(site.m.uri)
        self.m.fields = site.m.fields
        self.ledger = {k: 1 for k in range(KEYS)}
        self.random, self.stopping, self.error = random.Random(t.random.random()), threading.Event(), None

    def run(self):
        version = 1
        try:
            while not self.stopping.wait(0.02):
                version += 1
                k = self.random.randrange(KEYS)
                self.m.upsert(self.t.db, self.coll, rows([k], version))
                self.ledger[k] = version
        except Exception as e:  # noqa: BLE001: told by the main thread
            self.error = e

    def end(self):
        self.stopping.set()
        self.join(PATIENCE)
        if self.error:
            raise self.error
        return self.ledger


def said(chain):
    return chain['cdc-apply'].stderr()


def is_stop(chain):
    return chain['cdc-apply'].process.poll() == 1 and 'a circle' in said(chain)


def closed(t, there, back, start):
    """The pipe of the way back, which may be killed early and begun again."""
    chain = back(start)
    for _ in range(t.random.choice([0, 0, 1, 2])):
        time.sleep(t.random.random() / 2)
        if chain['cdc-apply'].process.poll() is not None:
            break  # it has seen it
        t.fault('kill -9 on the way back')
        chain.kill()
        chain.wait()
        chain = back(start)
    eventually(lambda: is_stop(chain) or is_stop(there), 2 * PATIENCE, 'the circle is seen')
    return chain


def one_round(t, a, b, i):
    coll, start = f'c{i}', t.random.choice(['start', 'now'])
    include = f'{t.db}.{coll}'
    a.make(coll, range(KEYS))
    writer = Writer(t, a, coll)
    writer.start()
    there = a.to(b, include=include)
    eventually(lambda: b.count(coll) == KEYS, what='the other side follows')
    if t.random.random() < 0.3:
        t.fault('kill -9 on the way there')
        there.kill()
        there.wait()
        there = a.to(b, include=include)
    chain = closed(t, there, lambda s: b.to(a, '--adopt', include=include, start=s), start)
    if start == 'start':
        # it stands at the head of what it reads: it is to be the one that sees it, and before its first row
        eventually(lambda: is_stop(chain), what='the one that closes it has ended')
    for c in there, chain:
        c.kill()
        c.wait()
    ledger, have = writer.end(), values(a.m, t.db, coll)
    bad = [f'{include} {k}: version {have.get(k)}, written was {v}' for k, v in ledger.items() if have.get(k) != v]
    if start == 'now':  # rows of the second until it was seen may have gone round once
        diag(f'round {i}: seen with {len(bad)} of {KEYS} keys behind')
        bad = [x for x, k in ((f'{include} {k} is gone', k) for k in ledger) if k not in have]
    t.judge(f'round {i}, from {start}: seen, and nothing lost', bad)
    for s in a, b:
        s.m.drop(t.db, coll)


def values(m, db, coll):
    got = {d.field_name: list(d.scalars.long_data.data) for d in m.query(db, coll, 'pk >= 0', ['pk', 'v'])}
    return dict(zip(got['pk'], got['v']))


@scenario(short=2, long=50)
def a_circle(t):
    with sites(t, 'src', 'src2') as (a, b):
        for i in t.each_round():
            one_round(t, a, b, i)
