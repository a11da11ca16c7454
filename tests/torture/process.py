"""Signals, closed descriptors, a full disk, readers that leave, locks: every end leaves whole lines and nothing lost."""
from torture import *  # noqa: F401,F403

KINDS = 'ups', 'mix'  # a load that is quickly made: here it is the ends that matter
FOUR = ['cdc-meta', 'cdc-read', 'cdc-apply', 'cdc-task']
# Who loses a neighbour: its input was cut, its output has no reader, a peer is away; or it was done.
NEIGHBOUR = {0, 1, 3, -signal.SIGPIPE}


def at_work(pipe, load):
    """Something was confirmed since this start, and more is on its way."""
    ts = int(pipe.checkpoint()['ts'])
    load.wait_rows(20)
    eventually(lambda: int(pipe.checkpoint()['ts']) > ts, what='a checkpoint')


def statuses(t, name, ends, wanted):
    """One test: each program ended with one of its statuses."""
    bad = {p: s for p, s in ends.items() if s not in wanted(p)}
    tap.ok(not bad, f'{t.name}: {name}', f'ended with {ends}, not expected: {bad}')


def one_line(program):
    return len(program.stderr().splitlines()) == 1


@scenario(short=3, long=40)
def signals(t):
    load = t.load(kinds=KINDS)
    stream = t.path('stream')
    pipe = t.pipeline(middle=['tee', stream]).start()
    t.watch(pipe)
    for i in t.each_round():
        if t.random.random() < 0.7:
            at_work(pipe, load)
        sig = t.random.choice([signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
        who = t.random.choice([[p] for p in FOUR] + [FOUR])
        twice = t.random.random() < 0.3
        t.fault(f'round {i}: {sig.name} {"twice " if twice else ""}to {" ".join(who)}')
        for _ in range(1 + twice):
            for p in who:
                pipe[p].kill(sig)
            time.sleep(t.random.random() * 0.05 if twice else 0)
        chain, ends = pipe.chain, pipe.ended()
        statuses(t, f'round {i}: {sig.name} to {" ".join(who)}', ends,
                 lambda p: NEIGHBOUR | {-sig} if who == FOUR or p == 'tee' else {-sig} if p in who else NEIGHBOUR)
        if who == ['cdc-read'] and not twice:
            in_order(t, i, stream, chain, ends)
        pipe.start()
        settled(t, pipe, i)
    t.check(pipe, 'at the end')
    pipe.stop()


def in_order(t, i, stream, chain, ends):
    """The reader was asked to stop: the stream ends as it should, and all of it is confirmed."""
    with open(stream) as f:
        lines = f.read().splitlines(keepends=True)
    if not lines:
        return  # it was stopped before it had begun
    last = json.loads(lines[-1])
    whole = all(line.endswith('}\n') and json.loads(line) for line in lines)
    tap.ok(whole and last['op'] == 'end' and last['stopped'] is True, f'{t.name}: round {i}: whole lines, and an end',
           lines[-1][:300])
    others = {p: s for p, s in ends.items() if p in ('cdc-apply', 'cdc-task')}
    tap.ok(not any(others.values()), f'{t.name}: round {i}: applied and committed to the end', ends)
    quiet = [p.name for p in chain.programs if p.stderr()]
    tap.ok(not quiet, f'{t.name}: round {i}: nobody complains', [p.stderr() for p in chain.programs])


def settled(t, pipe, i, every=25):
    if i % every == every - 1:
        t.check(pipe, f'after {i + 1} rounds')


@scenario(short=1, long=20)
def signals_to_cdc_task_run(t):
    load = t.load(kinds=KINDS)
    task = t.run_task()
    t.watch(task)
    for i in t.each_round():
        at_work(task, load)
        sig = t.random.choice([signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
        twice = t.random.random() < 0.3
        children = task.children()
        t.fault(f'round {i}: {sig.name} {"twice " if twice else ""}to cdc-task run')
        if twice:
            task.runner.kill(sig)
            time.sleep(t.random.random() * 0.2)
        status = task.stop(sig)
        tap.ok(status == -sig, f'{t.name}: round {i}: it dies of {sig.name}', status)
        gone = until(lambda: not [p for p in children.values() if os.path.exists(f'/proc/{p}')], 5)
        tap.ok(gone, f'{t.name}: round {i}: and nothing of it runs', children)
        task.start()
        settled(t, task, i)
    t.check(task, 'at the end')
    task.stop()


# Program, redirection in the words of the shell, its status.
ENDS_BADLY = [
    ('cdc-meta', '>/dev/full', {1}), ('cdc-read', '>/dev/full', {1}), ('cdc-apply', '>/dev/full', {1}),
    ('cdc-meta', '>&-', {1}), ('cdc-read', '>&-', {1}), ('cdc-apply', '>&-', {1}),
    ('cdc-read', '<&-', {1, 3}), ('cdc-apply', '<&-', {1}), ('cdc-task', '<&-', {1}),
]
# Here all goes on as if nothing were.
GOES_ON = [(p, '2>&-') for p in FOUR] + [('cdc-meta', '<&-'), ('cdc-task', '>&-')]


@scenario(short=1, long=2)
def closed_and_full_descriptors(t):
    load = t.load(kinds=KINDS)
    pipe = t.pipeline().start()
    t.watch(pipe)
    at_work(pipe, load)
    pipe.stop()
    for _ in t.each_round():
        bad = t.random.sample(ENDS_BADLY, 2) if t.short else ENDS_BADLY
        good = t.random.sample(GOES_ON, 1) if t.short else GOES_ON
        for who, how, status in bad:
            t.fault(f'{who} {how}')
            redirected(t, pipe, who, how)
            ends = pipe.ended()
            statuses(t, f'{who} {how}', ends, lambda p: status if p == who else NEIGHBOUR)
        for who, how in good:
            t.fault(f'{who} {how}')
            redirected(t, pipe, who, how)
            at_work(pipe, load)
            ends = pipe.stop()
            statuses(t, f'{who} {how}: it works', ends, lambda p: {-signal.SIGTERM} if p == 'cdc-read' else NEIGHBOUR - {1})
            # A message or a line of the stream must not have found its way into a file of the task.
            tap.ok(task_is_whole(t, pipe), f'{t.name}: {who} {how}: the task is whole')
        pipe.start()
        t.check(pipe, 'after all of them')
        pipe.stop()


def redirected(t, pipe, who, how):
    """The pipeline, one program of it started by a shell with this redirection."""
    t.wrap = {who: ['sh', '-c', f'exec "$0" "$@" {how}']}
    try:
        pipe.start()
    finally:
        t.wrap = {}


def task_is_whole(t, pipe):
    for name in os.listdir(pipe.task_path()):
        with open(pipe.task_path(name)) as f:
            text = f.read()
        if name.endswith('lock'):
            if not text.strip().isdigit():
                return False
        elif name.endswith('.json'):
            json.loads(text)
        elif name.endswith('.ndjson'):
            [json.loads(line) for line in text.splitlines()]
        else:
            return False  # what is it?
    return True


@scenario(short=0, long=4)
def readers_that_leave(t):
    load = t.load(kinds=KINDS)
    pipe = t.pipeline().start()
    at_work(pipe, load)
    pipe.stop()
    for i in t.each_round():
        for n in range(1, 4):
            commands = [t.meta('-w'), t.read('--from', f'task:{pipe.name}'), t.apply()][:n]
            chain = t.chain(*commands, ['head', '-n', str(t.random.randint(1, 3))])
            ends = chain.wait(30)
            t.fault(f'head behind {commands[-1][0]}')
            who = commands[-1][0]
            tap.ok(ends[who] == -signal.SIGPIPE and not chain[who].stderr(), f'{t.name}: {who} | head is quiet', ends,
                   chain[who].stderr())
        pipe.start()
        pipe.catch_up()
        if i == t.rounds - 1:
            t.check(pipe, 'what was applied and not confirmed is applied again')
        pipe.stop()


@scenario(short=0, long=6)
def stopped_for_long(t):
    """A program that does nothing for longer than the requests may take, and wakes up."""
    load = t.load(kinds=KINDS)
    pipe = t.pipeline(apply=['--timeout', '2']).start()
    t.watch(pipe)
    for i in t.each_round():
        at_work(pipe, load)
        who = t.random.choice(FOUR)
        t.fault(f'round {i}: {who} stands still')
        pipe[who].kill(signal.SIGSTOP)
        time.sleep(t.random.uniform(3, 6))
        pipe[who].kill(signal.SIGCONT)
        time.sleep(0.5)
        if not pipe.chain.running():
            statuses(t, f'round {i}: {who} after a stop', pipe.go_on(), lambda p: NEIGHBOUR)
        settled(t, pipe, i, 4)
    t.check(pipe, 'at the end')
    pipe.stop()


@scenario(short=1, long=6)
def locks(t):
    """One writer for a task, whoever tries; and who died holds nothing."""
    load = t.load(kinds=KINDS)
    pipe = t.pipeline().start()
    t.watch(pipe)
    for i in t.each_round():
        at_work(pipe, load)
        holder = pipe['cdc-apply'].pid
        second = t.chain(t.meta('-w'), t.read('--from', f'task:{pipe.name}'), t.apply(), ['cdc-task', 'commit', pipe.name])
        ends = second.wait(30)
        t.fault(f'round {i}: a second pipeline')
        said = second['cdc-apply'].stderr()
        tap.ok(ends['cdc-apply'] == 3 and str(holder) in said and one_line(second['cdc-apply']),
               f'{t.name}: round {i}: a second pipeline is refused, and told by whom', ends, said)
        runner = t.chain(['cdc-task', 'run', pipe.name])
        eventually(lambda: 'is held by process' in runner['cdc-task'].stderr(), what='cdc-task run is told who holds it')
        tap.ok(pipe.chain.running(), f'{t.name}: round {i}: cdc-task run does not disturb it')
        pipe.chain.kill()
        pipe.ended()
        t.fault(f'round {i}: killed, cdc-task run takes over')
        eventually(lambda: pipe.writer() not in ('', str(holder)), 30, 'the runner takes over')
        other = t.run_and_wait('cdc-task', 'run', pipe.name)
        tap.ok(other[0] == 3 and str(runner['cdc-task'].pid) in other[1] and len(other[1].splitlines()) == 1,
               f'{t.name}: round {i}: a second cdc-task run is refused, and told by whom', *other)
        at_work(pipe, load)
        runner.kill()
        runner.wait()
        with open(pipe.task_path('lock'), 'w') as f:  # what a crash of the machine may leave
            f.write(t.random.choice([str(os.getpid()), '1', '99999999999999999999', 'x\0', '']))
        t.fault(f'round {i}: a stale lock')
        eventually(lambda: try_start(pipe), 20, 'a start over the stale lock')
        settled(t, pipe, i, 10)
    t.check(pipe, 'at the end')
    pipe.stop()


def try_start(pipe):
    """True once it runs: the programs of a runner that was killed take a moment to go."""
    pipe.start()
    ts = int(pipe.checkpoint()['ts'])
    if until(lambda: not pipe.chain.running() or int(pipe.checkpoint()['ts']) > ts, 15) and pipe.chain.running():
        return True
    pipe.chain.kill()
    pipe.ended()
    return False
