"""A broker that restarts, dies, stays away; and a log that is not any more what a position was taken from."""
import kafkaadmin
from torture import *  # noqa: F401,F403

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]
SILENCE_S = 1.1   # cdc-read looks again behind one of a second
LOST = 4          # status: the position is gone from the source
SILENT = ('-X', 'reconnect.backoff.max.ms=500')


def follow(t, pipe, what, timeout=120, servers=()):
    """Goes on by itself, or ends with 3 and goes on at the next start, as often as it takes.

    servers: those of the lab that may end by themselves and are started again then.
    """
    now = eventually(lambda: source_now(t), 60, 'the source answers')

    def there():
        for name in servers:
            if not is_up(name):
                t.fault(f'{what}: {name} has ended by itself')
                lab('start', name)
        if not pipe.chain.running():
            chain, ends = pipe.chain, pipe.ended()
            t.fault(f'{what}: it ended with {ends}')
            if 3 not in ends.values():
                raise AssertionError(f'{what}: no status 3 in {ends}: {[p.stderr()[-500:] for p in chain.programs]}')
            pipe.start()
        return int(pipe.checkpoint()['ts']) >= now

    eventually(there, timeout, f'recovery from {what}')


def is_up(name):
    """A server of the lab, by its process."""
    try:
        with open(os.path.join(os.environ['CDC_LAB'], name, 'pid')) as f:
            return os.path.exists(f'/proc/{int(f.read())}')
    except (FileNotFoundError, ValueError):
        return False


def source_now(t):
    try:
        return t.src.now()
    except Exception:  # noqa: BLE001: whatever a source without Kafka says
        return 0


def away(t, pipe, load, how, seconds):
    load.wait_rows(t.random.randint(1, 60))
    t.fault(f'kafka: {how}, away for {seconds:.1f} s')
    lab(how, 'kafka')
    time.sleep(seconds)
    lab('start', 'kafka', 'src')
    follow(t, pipe, f'kafka: {how}')


@scenario(short=0, long=4)
def broker_restarts(t):
    load = t.load()
    pipe = t.pipeline(read=SILENT).start()
    t.watch(pipe)
    for _ in t.each_round():
        away(t, pipe, load, t.random.choice(['stop', 'kill']), t.random.uniform(0, 3))
    t.check(pipe, 'at the end')
    pipe.stop()


@scenario(short=0, long=1)
def broker_away_for_minutes(t):
    load = t.load()
    pipe = t.run_task()
    t.watch(pipe)
    for _ in t.each_round():
        load.wait_rows(50)
        t.fault('kafka: away for two minutes')
        lab('stop', 'kafka')
        time.sleep(120)
        lab('start', 'kafka', 'src')
        eventually(lambda: source_now(t), 60, 'the source answers')
        pipe.catch_up(180)
    tap.ok(pipe.final is None, f'{t.name}: cdc-task run has not given up', pipe.final)
    t.check(pipe, 'at the end')
    pipe.stop()


# A log that has lost what was to be read

class Lost:
    """A collection with a replicated start, and what must not change at the target once the log is broken."""

    def __init__(self, t, n=0):
        """n: which round; each has names of its own, and a task for them alone."""
        self.t, self.n, self.db = t, n, t.make_db(f'_{n}')
        t.include = [f'{self.db}*.*']
        t.src.create(self.db, 'c', FIELDS)
        t.src.index(self.db, 'c', 'vec')
        t.src.load(self.db, 'c')
        self.topic = t.src.describe(self.db, 'c').physical_channel_names[0]
        self.put(range(50))
        self.pipe = t.pipeline(f'task{n}').start()
        self.pipe.catch_up()

    def put(self, keys):
        self.t.src.upsert(self.db, 'c', {'pk': list(keys), 'vec': [vec(k, 1, 2, 3) for k in keys]})

    def try_put(self, keys):
        try:
            self.put(keys)
        except MilvusError:  # the topic is not there yet
            return False
        return True

    def grow_past(self, n):
        """Each write is two records, so that an old topic's place is reached soon."""
        eventually(lambda: self.try_put(range(60, 70)) and self.ends()[1] > n + 10, 180, f'{self.topic} grows past {n}', 0.01)

    def position(self):
        return self.pipe.checkpoint()['pos'][self.topic]

    def ends(self):
        try:
            return kafkaadmin.ends(self.topic)
        except (kafkaadmin.KafkaError, OSError):
            return 0, 0

    def at_target(self):
        """All that is there: names, and every row by value."""
        m, out = self.t.dst, {}
        for db in sorted(d for d in m.dbs() if d.startswith(self.t.db)):
            for c in sorted(m.colls(db)):
                described = m.describe(db, c)
                pk = next(f for f in described.schema.fields if f.is_primary_key)
                with m.still():
                    keys = sorted(m.keys(db, c, pk))
                    out[db, c] = keys, m.rows(db, c, described.schema, keys) if keys else {}
        return out

    def refused(self, what, wanted=True):
        """Status 4, with topic and offsets, at every run; nothing reaches the target."""
        t, before = self.t, self.at_target()
        for run in range(2):
            self.pipe.start()
            ends = self.pipe.chain.wait()
            self.told(f'{what}, run {run + 1}', ends)
        c = t.chain(['cdc-task', 'run', self.pipe.name])
        status = c.wait()['cdc-task']
        said = c['cdc-task'].stderr()
        tap.ok(status == LOST and 'cdc-task set' in said and '--from' in said,
               f'{t.name}: {what}: cdc-task run ends with 4 and says what a person can do', status, said)
        same = self.at_target() == before
        t.judge(f'{what}: nothing is applied after it', [] if same else ['the target has changed'])

    def told(self, what, ends):
        said = self.pipe['cdc-read'].stderr()
        tap.ok(ends['cdc-read'] == LOST and self.topic in said and len(said.splitlines()) == 1 and
               sum(w.strip(',;:').isdigit() for w in said.split()) >= 3,
               f'{self.t.name}: {what}: status 4, topic, wanted and available offsets', ends, said)

    def go_on(self, what):
        """What the message advises: begin with what is left. What is new from then on arrives."""
        t = self.t
        t.run('cdc-task', 'set', self.pipe.name, '--from', 'beginning')
        self.pipe.start()
        self.pipe.catch_up(90)
        drop_dbs(t.src, [self.db])  # its rows of the gap are lost for good
        t.databases.discard(self.db)
        load = t.load(f'{self.n}_after', kinds=('ups', 'mix'))
        load.wait_rows(100)
        t.check(self.pipe, f'{what}: after cdc-task set')
        load.stop()
        t.loads.remove(load)
        Total.rows += load.written
        self.pipe.stop()


@scenario(short=1, long=2)
def retention_eats_the_position(t):
    for i in t.each_round():
        lost = Lost(t, i)
        lost.pipe.stop()
        lost.put(range(20, 80))
        eventually(lambda: lost.ends()[1] > lost.position()['n'] + 3, what='more records')
        low = kafkaadmin.delete_records(lost.topic, lost.position()['n'] + t.random.randint(1, 3))
        t.fault(f'{lost.topic}: all below {low} is removed, the position is {lost.position()}')
        lost.refused('retention')
        lost.go_on('retention')


@scenario(short=0, long=2)
def topic_made_anew_while_stopped(t):
    for i in t.each_round():
        lost = Lost(t, i)
        lost.pipe.stop()
        n = lost.position()['n']
        kafkaadmin.delete_topic(lost.topic)
        eventually(lambda: lost.try_put(range(60, 70)), what='the source writes into the new topic')
        if i % 2:  # it has grown past the position
            lost.grow_past(n)
        t.fault(f'{lost.topic}: made anew, has {lost.ends()}, the position is {lost.position()}')
        lost.refused('made anew')
        lost.go_on('made anew')


@scenario(short=0, long=2)
def topic_made_anew_under_a_reader(t):
    """It is read on where it was, if the new one has grown past that before anybody looks."""
    for i in t.each_round():
        lost = Lost(t, i)
        before, n = lost.at_target(), lost.position()['n']
        lost.pipe['cdc-read'].kill(signal.SIGSTOP)
        halted = time.monotonic()
        kafkaadmin.delete_topic(lost.topic)
        lost.grow_past(n)
        eventually(lambda: time.monotonic() - halted > SILENCE_S, what='a silence that is noticed')
        t.fault(f'{lost.topic}: made anew under a halted reader, has {lost.ends()}, the next was {n}')
        lost.pipe['cdc-read'].kill(signal.SIGCONT)
        lost.told('under a reader', lost.pipe.chain.wait())
        same = lost.at_target() == before
        t.judge('under a reader: nothing is applied after it', [] if same else ['the target has changed'])
        lost.refused('under a reader')
        lost.go_on('under a reader')


def truncate(topic, records):
    """Takes the last records from a log whose broker is down: a replica that was behind has become the leader."""
    folder = os.path.join(os.environ['CDC_LAB'], 'kafka', 'data', f'{topic}-0')
    path = os.path.join(folder, max(f for f in os.listdir(folder) if f.endswith('.log')))
    starts, at = [], 0
    with open(path, 'rb') as f:
        data = f.read()
    while at + 12 <= len(data):  # a batch: 8 bytes of offset, 4 of the length that follows
        size = int.from_bytes(data[at + 8:at + 12], 'big')
        if size == 0 or at + 12 + size > len(data):
            break
        starts.append(at)
        at += 12 + size
    with open(path, 'r+b') as f:
        f.truncate(starts[-records])
    for name in os.listdir(folder):  # they are made anew
        if name.endswith(('index', '.snapshot')):
            os.unlink(os.path.join(folder, name))


@scenario(short=0, long=2)
def log_cut_at_its_end(t):
    """The broker comes back with less than it had, and other records take the places of those that were read."""
    for i in t.each_round():
        lost = Lost(t, i)
        n = lost.position()['n']
        lost.pipe['cdc-read'].kill(signal.SIGSTOP)
        lab('kill', 'kafka')
        truncate(lost.topic, 8)
        lab('start', 'kafka', 'src')
        t.fault(f'{lost.topic}: the last 8 batches are cut off, has {lost.ends()}, the next was {n}')
        lost.grow_past(n)
        lost.pipe['cdc-read'].kill(signal.SIGCONT)
        lost.told('cut at its end', lost.pipe.chain.wait(120))
        lost.refused('cut at its end')
        lost.go_on('cut at its end')
