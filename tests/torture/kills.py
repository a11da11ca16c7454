"""kill -9 of each program and of all, at random instants and at chosen ones."""
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
