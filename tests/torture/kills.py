"""kill -9 of each program and of all, at random instants and at chosen ones."""
from torture import *  # noqa: F401,F403

FOUR = ['cdc-meta', 'cdc-read', 'cdc-apply', 'cdc-task']


@scenario(short=6, long=400)
def killed_by_hand(t):
    load = t.load()
    pipe = t.pipeline().start()
    t.watch(pipe)
    for i in t.each_round():
        load.wait_rows(t.random.randint(1, 60))
        time.sleep(t.random.random() * 0.5)
        who = t.random.choice([[p] for p in FOUR] + [FOUR])
        for p in who:
            pipe[p].kill(signal.SIGKILL)
        t.fault(f'round {i}: kill -9 {" ".join(who)}')
        pipe.go_on()
        if i % 50 == 49:
            t.check(pipe, f'after {i + 1} rounds')
    t.check(pipe, 'at the end')
    pipe.stop()
