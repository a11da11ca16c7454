"""The part of a Milvus 2.6 that writes the log: a clock, pchannels, vchannels, transactions, broadcasts. All in a time of its own,
in ms, by coroutines that yield for how long they wait; what is written goes to `out` in the order in which it becomes visible:

  ('log', ms, topic, payload, headers)      a record
  ('etcd', ms, {key: bytes or None})        keys that are put, or deleted

Everything random comes from one generator, so that a seed makes the same history again."""
import heapq
import itertools

from wire import BEGIN, COMMIT, CREATE_SEGMENT, DELETE, FLUSH, INSERT, ROLLBACK, TICK, base, delete, headers, insert, pb

KEEPALIVES_MS = [10000, 10000, 2500]  # what servers are told


class Sim:
    def __init__(self, random, start_ms):
        self.random, self.now, self.out = random, float(start_ms), []
        self.heap, self.seq, self.last_tso = [], itertools.count(), 0

    def tso(self):
        self.last_tso = max(self.last_tso + 1, int(self.now) << 18)
        return self.last_tso

    def spawn(self, coroutine):
        """Runs it beside the others; a list that is filled when it has ended."""
        done = []

        def run():
            done.append((yield from coroutine))
        heapq.heappush(self.heap, (self.now, next(self.seq), run()))
        return done

    def run(self):
        while self.heap:
            self.now, _, c = heapq.heappop(self.heap)
            try:
                heapq.heappush(self.heap, (self.now + next(c), next(self.seq), c))
            except StopIteration:
                pass

    def chance(self, p):
        return self.random.random() < p

    def delay(self):
        """Between the timestamp of a record and its place in the log: genuine ones had up to 284 ms."""
        r = self.random.random()
        return self.random.uniform(0, 3 if r < 0.6 else 60 if r < 0.85 else 280)


def wait(cond):
    while not cond():
        yield 2


class Pchannel:
    def __init__(self, sim, name):
        self.sim, self.name, self.term, self.offset = sim, name, 2, 0
        self.pending, self.stopped, self.greatest, self.tick, self.tick_offset = set(), False, 0, 0, None
        self.over, self.left = False, {}  # {offset of a BEGIN without an end: when its reader may forget it}

    def write(self, payload, h):
        self.sim.out.append(('log', self.sim.now, self.name, payload, h))
        self.offset += 1
        return self.offset - 1

    def append(self, kind, payload, header=b'', **more):
        """One record; (its timestamp, its offset). A producer that had no answer writes it twice, before anybody is told."""
        yield from wait(lambda: not self.stopped)
        tt = self.sim.tso()
        self.pending.add(tt)
        h = headers(kind, header, tt, confirmed=self.tick_offset, term=self.term, **more)
        yield self.sim.delay()
        offset = self.write(payload, h)
        if self.sim.chance(0.04):
            yield self.sim.random.uniform(0, 40)
            self.write(payload, h)
        self.pending.discard(tt)
        self.greatest = max(self.greatest, tt)
        return tt, offset

    def ticks(self):
        """Behind traffic only: on a channel that nobody writes to there is none."""
        self.write_tick(first=True)
        while not self.over:
            yield self.sim.random.uniform(150, 250)
            if self.greatest > self.tick and not self.stopped:
                self.write_tick()
        while self.greatest > self.tick:
            yield 50
            self.write_tick()

    def write_tick(self, first=False):
        tt = self.sim.tso()
        if self.pending:
            tt = min(self.pending) - 1
        if tt <= self.tick:
            return
        h = headers(TICK, b'', tt, confirmed=self.tick_offset, term=0 if first else self.term)
        p = pb((1, base(TICK, tt)))
        self.tick_offset = self.write(p, h)
        if self.sim.chance(0.05):
            self.write(p, h)
        self.tick = tt

    def take_over(self):
        """Another node goes on with it, and with some transactions; others, it has never heard of."""
        self.stopped = True
        yield from wait(lambda: not self.pending)
        yield self.sim.random.uniform(0, 300)
        self.term += self.sim.random.randint(1, 3)
        self.write_tick(first=True)
        self.stopped = False


class Txn:
    def __init__(self, vchannel):
        self.v, self.term, self.failed, self.begin = vchannel, vchannel.pchannel.term, False, None
        self.survives, self.last = vchannel.sim.chance(0.5), vchannel.sim.now
        self.id, self.keepalive = vchannel.coll.server.new_id(), vchannel.sim.random.choice(KEEPALIVES_MS)

    def is_open(self):
        return (not self.failed and (self.survives or self.term == self.v.pchannel.term)
                and self.v.sim.now - self.last < self.keepalive)

    def note(self, kind, tt, offset):
        self.last = max(self.last, tt >> 18)
        if kind == BEGIN:
            self.begin = offset
        self.v.pchannel.left[self.begin] = tt + (self.keepalive << 18)
        if kind in (COMMIT, ROLLBACK):
            del self.v.pchannel.left[self.begin]


class Vchannel:
    """A shard of a collection. `fields` and `parts` are as of its own copies of the broadcasts."""

    def __init__(self, coll, pchannel, i):
        self.coll, self.pchannel, self.i, self.sim = coll, pchannel, i, pchannel.sim
        self.name = '%s_%dv%d' % (pchannel.name, coll.id, i)
        self.busy, self.exclusive, self.open, self.there = 0, False, set(), True
        self.fields, self.parts, self.segments, self.row_id = list(coll.fields), set(coll.parts), {}, coll.server.ids

    def ready(self):
        return not self.exclusive and not self.pchannel.stopped

    def lock(self):
        """For a change that is in order with the rows; it lets the transactions fail that are open."""
        yield from wait(lambda: not self.exclusive)
        self.exclusive = True
        yield from wait(lambda: self.busy == 0)
        for t in self.open:
            t.failed = True
        self.open.clear()

    def append(self, *what, **more):
        """A record beside others; None if it is too late."""
        yield from wait(lambda: self.ready() or not self.there)
        if not self.there:
            return None
        self.busy += 1
        done = yield from self.pchannel.append(*what, vchannel=self.name, **more)
        self.busy -= 1
        return done

    def may(self, deletes, inserts):
        return self.there and (set(deletes) | set(inserts)) - {-1} <= self.parts

    def bodies(self, deletes, inserts):
        """(type, payload, header) of each message, deletes first."""
        ts = int(self.sim.now - self.sim.random.uniform(-200, 200)) << 18
        for part, keys in deletes.items():
            yield DELETE, delete(self.coll, part, keys, self.name, ts, self.coll.server.new_id()), pb((1, self.coll.id), (2, len(keys)))
        fields = self.fields
        added = [f for f in self.coll.added if f in fields]
        if added and self.sim.chance(0.5):  # a proxy that has not heard of them yet
            fields = [f for f in fields if f not in added]
        for part, rows in inserts.items():
            pieces = [rows] if len(rows) < 2 or self.sim.chance(0.7) else [rows[:len(rows) // 2], rows[len(rows) // 2:]]
            for piece in pieces:
                for r in piece:
                    r['has'] = {f.id for f in fields}
                p = insert(self.coll, part, fields, [r['row'] for r in piece], self.name, ts, [self.coll.server.new_id() for _ in piece])
                yield INSERT, p, pb((1, self.coll.id), (2, pb((1, part), (2, len(piece)), (3, len(p)), (4, pb((1, self.segment(part)))))))

    def segment(self, part):
        return self.segments.setdefault(part, self.coll.server.new_id())

    def noise(self, inserts):
        for part in inserts:
            if part not in self.segments or self.sim.chance(0.1):
                full = self.segments.pop(part, None)
                if full:
                    yield from self.append(FLUSH, b'', pb((1, self.coll.id), (2, part), (3, full)))
                yield from self.append(CREATE_SEGMENT, b'', pb((1, self.coll.id), (2, part), (3, self.segment(part)), (4, 2)))

    def put(self, deletes, inserts):
        """Deletes {partition: keys}, then inserts {partition: rows}; True once they count, False if they never will."""
        while True:
            yield from self.noise(inserts)
            yield from wait(lambda: self.ready() or not self.there)
            if not self.may(deletes, inserts):
                return False
            bodies = list(self.bodies(deletes, inserts))
            if len(bodies) == 1 and not self.sim.chance(0.1):
                self.busy += 1
                tt, _ = yield from self.pchannel.append(*bodies[0], vchannel=self.name)
                self.busy -= 1
                self.coll.effect(self, tt, deletes, inserts)
                return True
            said = yield from self.transaction(bodies, deletes, inserts)
            if said is not None:
                return said
            yield self.sim.random.uniform(0, 1500)

    def member(self, txn, *what):
        """A message of a transaction; its timestamp, or False if that has failed by now."""
        while txn.is_open() and not self.ready():
            yield 2
        if not txn.is_open():
            return False
        self.busy += 1
        tt, offset = yield from self.pchannel.append(*what, vchannel=self.name, txn=txn.id, keepalive=txn.keepalive)
        self.busy -= 1
        txn.note(what[0], tt, offset)
        return tt

    def transaction(self, bodies, deletes, inserts):
        """True: committed. None: it failed and is to be tried again. False: it failed, and the client gave up."""
        txn, failed = Txn(self), None if self.sim.chance(0.7) else False
        fate = self.sim.random.choices(['commit', 'slow', 'leave', 'rollback'], [70, 8, 14, 8])[0]
        self.open.add(txn)
        if not (yield from self.member(txn, BEGIN, b'', pb((1, txn.keepalive)))):
            return None
        if self.sim.chance(0.4):
            self.sim.random.shuffle(bodies)  # an upsert's Insert may stand before its Delete
        n = len(bodies) if fate != 'leave' else self.sim.random.randint(0, len(bodies))
        if self.sim.chance(0.5):  # at once, in any order
            sent = [self.sim.spawn(self.member(txn, *b)) for b in bodies[:n]]
            yield from wait(lambda: all(sent))
        else:
            sent = []
            for b in bodies[:n]:
                sent.append([(yield from self.member(txn, *b))])
        if fate == 'slow':
            yield self.sim.random.uniform(500, 7000)
        ok = all(s[0] for s in sent) and txn.is_open()
        if fate == 'leave' or not ok:
            self.open.discard(txn)
            return failed
        last = ROLLBACK if fate == 'rollback' else COMMIT
        tt = yield from self.member(txn, last, b'')
        self.open.discard(txn)
        if not tt or fate == 'rollback':
            return failed
        self.coll.effect(self, tt, deletes, inserts)
        return True


class Broadcast:
    """One change, with a copy on each of its channels. `each` is called for a copy of a vchannel, in order with its rows."""

    def __init__(self, server, kind, payload, header, vchannels=(), each=None, pchannels=(), exact=False):
        self.server, self.sim, self.kind, self.payload, self.header = server, server.sim, kind, payload, header
        self.vchannels, self.each, self.exact = list(vchannels), each, exact
        self.pchannels = list(pchannels)  # of which each has a copy of its own, as of a FlushAll
        self.control = '%s_vcchan' % server.control.name
        self.at = {}  # name: (timestamp, offset) of the first copy
        names = [v.name for v in self.vchannels] + [p.name for p in self.pchannels if p is not server.control] + [self.control]
        self.sim.random.shuffle(names)
        self.bh = pb((1, server.new_id()), *[(2, n) for n in names], (3, pb((1, 127), (3, not self.pchannels))))

    def copy(self, pchannel, name):
        done = yield from pchannel.append(self.kind, self.payload, self.header, vchannel=name, broadcast=self.bh)
        self.at.setdefault(name, done)

    def bare(self, pchannel, name):
        yield self.sim.random.uniform(0, 300)
        for _ in range(self.copies()):
            yield from self.copy(pchannel, name)
            yield self.sim.random.uniform(0, 50)

    def copies(self):
        """A coordinator that takes over writes those again of which it did not hear."""
        return 2 if self.sim.chance(0.1) else 1

    def on_vchannel(self, v):
        yield self.sim.random.uniform(0, 300)
        yield from v.lock()
        n = self.copies()
        yield from self.copy(v.pchannel, v.name)
        if n == 2 and self.exact:
            yield from self.copy(v.pchannel, v.name)
        if self.each:
            self.each(v)
        v.exclusive = False
        if n == 2 and not self.exact:  # rows may be between the two
            yield self.sim.random.uniform(0, 600)
            yield from self.copy(v.pchannel, v.name)

    def run(self):
        """Until all copies are in the log; the control channel's timestamp, which is that of the change."""
        jobs = [self.sim.spawn(self.on_vchannel(v)) for v in self.vchannels]
        jobs += [self.sim.spawn(self.bare(p, p.name)) for p in self.pchannels if p is not self.server.control]
        jobs.append(self.sim.spawn(self.bare(self.server.control, self.control)))
        yield from wait(lambda: all(jobs))
        return self.at[self.control][0]
