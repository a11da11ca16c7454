"""kill -9 of each program and of all, at random instants and at chosen ones."""
import socket
import urllib.parse

from torture import *  # noqa: F401,F403

FOUR = ['cdc-meta', 'cdc-read', 'cdc-apply', 'cdc-task']

# Where a program kills itself, and how late at most: rules of tests/fake/killat.c, nth below the number.
CHOSEN = {
    'answered, not acknowledged': ('write before prog=cdc-apply fd=1 has="op":"ack"', 6),
    'acknowledged': ('write after prog=cdc-apply fd=1 has="op":"ack"', 6),
    'half an ack': ('write middle prog=cdc-apply fd=1', 6),
    'half a checkpoint': ('write middle prog=cdc-task path=checkpoint.tmp', 4),
    'checkpoint not synced': ('fsync before prog=cdc-task path=checkpoint.tmp', 4),
    'checkpoint synced, not renamed': ('rename before prog=cdc-task path=checkpoint.json', 6),
    'checkpoint renamed': ('rename after prog=cdc-task path=checkpoint.json', 6),
    'folder not synced': ('fsync before prog=cdc-task path=tasks/task', 6),
    'folder synced': ('fsync after prog=cdc-task path=tasks/task', 6),
    'before a request': ('send before prog=cdc-apply', 120),
    'a request sent': ('send after prog=cdc-apply', 120),
    'half a list of ids': ('write middle prog=cdc-apply path=targets/', 2),
    'ids not renamed': ('rename before prog=cdc-apply path=targets/', 2),
    'ids renamed': ('rename after prog=cdc-apply path=targets/', 2),
    'half a line of operations': ('write middle prog=cdc-read fd=1', 20),
    'half a catalogue line': ('write middle prog=cdc-meta fd=1', 20),
}


def happens(pipe, ask):
    """True if it does before much has been confirmed: the source may have nothing that leads there."""
    seen = set()

    def answer():
        seen.add(pipe.checkpoint()['ts'])
        return ask() or len(seen) > 12

    return until(answer, 30) and ask()


def settled(t, pipe, i, every=50):
    if i % every == every - 1:
        t.check(pipe, f'after {i + 1} rounds')


def pause(t, pipe, load):
    """A third of the faults come while it starts, the others when it is at work again."""
    load.wait_rows(t.random.randint(1, 60))
    if t.random.random() < 0.67:
        ts = int(pipe.checkpoint()['ts'])
        until(lambda: int(pipe.checkpoint()['ts']) > ts, 8)
    time.sleep(t.random.random() ** 2 * 0.5)


def progress(pipe, before, moved):
    """Counts the rounds in which something was confirmed: else the kills would all hit the start."""
    now = int(pipe.checkpoint()['ts'])
    moved.append(now > before)
    return now


@scenario(short=4, long=400)
def killed_by_hand(t):
    load = t.load()
    pipe = t.pipeline().start()
    t.watch(pipe)
    moved, ts = [], 0
    for i in t.each_round():
        pause(t, pipe, load)
        who = t.random.choice([[p] for p in FOUR] + [FOUR])
        for p in who:
            pipe[p].kill(signal.SIGKILL)
        t.fault(f'round {i}: kill -9 {" ".join(who)}')
        pipe.go_on()
        ts = progress(pipe, ts, moved)
        settled(t, pipe, i)
    t.check(pipe, 'at the end')
    diag(f'the checkpoint moved in {sum(moved)} of {len(moved)} rounds')
    pipe.stop()


@scenario(short=4, long=300)
def killed_at_chosen_instants(t):
    load = t.load()
    pipe = t.pipeline()
    names = sorted(CHOSEN)
    fired = dict.fromkeys(names, 0)
    order = []
    rule = None
    for i in t.each_round():
        if not order:
            order = t.random.sample(names, len(names))
        name = order.pop()
        rule, most = CHOSEN[name]
        once = t.path('armed')
        open(once, 'w').close()
        pipe.start(killat=f'{rule} nth={t.random.randint(1, most)} once={once}')
        if i == 0:
            t.watch(pipe)
        load.wait_rows(t.random.randint(1, 60))
        if happens(pipe, lambda: not pipe.chain.running()):
            fired[name] += 1
            t.fault(f'round {i}: {rule}')
        else:  # the source had nothing that leads there
            pipe.chain.kill()
            t.fault(f'round {i}: kill -9 of all, after {rule} did not happen')
        pipe.ended()
        if i % 50 == 49:
            pipe.start()
            t.check(pipe, f'after {i + 1} rounds')
            pipe.chain.kill()
            pipe.ended()
    pipe.start()
    t.check(pipe, 'at the end')
    pipe.stop()
    never = [n for n in names if not fired[n]] if t.rounds >= 4 * len(names) else []
    tap.ok(not never and sum(fired.values()) > t.rounds // 2, 'chosen instants were hit', fired)
    diag(f'hit: {fired}')


@scenario(short=4, long=300)
def killed_under_cdc_task_run(t):
    load = t.load()
    armed = {name: t.path(f'armed.{i}') for i, name in enumerate(CHOSEN)}
    rules = '; '.join(f'{rule} once={armed[name]}' for name, (rule, _) in CHOSEN.items())
    task = t.run_task(killat=rules)
    t.watch(task)
    moved, ts, hits = [], 0, 0
    for i in t.each_round():
        pause(t, task, load)
        what = t.random.random()
        children = task.children()
        if what < 0.5:
            name = t.random.choice(sorted(CHOSEN))
            open(armed[name], 'w').close()
            hit = happens(task, lambda: not os.path.exists(armed[name]))
            hits += bool(hit)
            t.fault(f'round {i}: {name}' + ('' if hit else ': did not happen'))
            if not hit:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(armed[name])
        elif what < 0.85 and children:
            who = t.random.choice([[p] for p in sorted(children)] + [sorted(children)])
            for p in who:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(children[p], signal.SIGKILL)
            t.fault(f'round {i}: kill -9 {" ".join(who)} under cdc-task run')
        else:
            task.runner.kill(signal.SIGKILL)
            t.fault(f'round {i}: kill -9 cdc-task run')
        ts = progress(task, ts, moved)
        settled(t, task, i)
    t.check(task, 'at the end')
    diag(f'the checkpoint moved in {sum(moved)} of {len(moved)} rounds; {hits} chosen instants')
    task.stop()


class Slow:
    """A network in front of the target: what goes there can be held up, and a reset throws it away, as it does in kernels."""

    def __init__(self, uri):
        self.to = urllib.parse.urlsplit(uri).port
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.uri = f'http://127.0.0.1:{self.listener.getsockname()[1]}'
        self.flows = threading.Event()  # of the links that are made from now on
        self.flows.set()
        self.held = self.late = self.answers = 0  # bytes; of answers to what came late
        self.links = self.over = 0      # links; those whose client has gone
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            self.links += 1
            server = socket.create_connection(('127.0.0.1', self.to))
            for way in (self.up, self.down):
                threading.Thread(target=way, args=(client, server, self.flows), daemon=True).start()

    def up(self, client, server, flows):
        kept = b''
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if flows.is_set():
                    server.sendall(kept + data)
                    kept = b''
                else:
                    kept += data
                    self.held += len(data)
            flows.wait()
            self.late += len(kept)
            server.sendall(kept)
            if kept:
                until(lambda: self.answers, 10)
        self.over += 1
        server.close()

    def down(self, client, server, flows):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                self.answers += len(data) if self.late else 0
                with contextlib.suppress(OSError):
                    client.sendall(data)
        client.close()


@scenario(short=1, long=10)
def killed_with_a_request_on_its_way(t):
    """It must not arrive after those of the next process."""
    net = Slow(t.target)
    t.target = net.uri
    load = t.load(kinds=('ups',))
    pipe = t.pipeline().start()
    for i in t.each_round():
        load.pause()
        pipe.catch_up()
        old, net.flows = net.flows, threading.Event()
        old.clear()
        net.flows.set()
        links, net.held, net.late, net.answers = net.links, 0, 0, 0
        load.resume()
        eventually(lambda: net.held > 200, what='a request on its way')
        t.fault(f'round {i}: kill -9 of all, with {net.held} bytes on their way')
        pipe.chain.kill()
        pipe.ended()
        load.wait_rows(200)
        pipe.start()
        load.pause()
        pipe.catch_up()
        old.set()
        eventually(lambda: net.over >= links, what='what was held has been answered, or was thrown away')
        load.resume()
        t.check(pipe, f'round {i}')
    pipe.stop()
