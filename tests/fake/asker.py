#!/usr/bin/env python3
"""asker.py N COMMAND...: what cdc-read is to cdc-meta -w.  COMMAND writes into a pipe of one page, and its last line, an `at`,
is left there for a while before it is read.

Prints N times: the lines that lay there, and how many ms after they were read the next was there, and was asked for."""
import fcntl
import json
import os
import select
import subprocess
import sys
import time

LEFT_S = 0.3       # several times what cdc-meta leaves between two questions
PATIENCE_MS = 10000
PAGE = 4096

rounds, argv = int(sys.argv[1]), sys.argv[2:]
ours, theirs = os.pipe()
fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, PAGE)
command = subprocess.Popen(argv, stdout=theirs)
os.close(theirs)
poll = select.poll()
poll.register(ours, select.POLLIN)


def lines():
    """What is there, whole lines: all are shorter than what a pipe takes at once."""
    if not poll.poll(PATIENCE_MS):
        sys.exit('nothing came')
    text = b''
    while not text.endswith(b'\n'):
        more = os.read(ours, PAGE)
        if not more:
            sys.exit('it has ended')
        text += more
    return [json.loads(line) for line in text.splitlines()]


try:
    while lines()[-1]['kind'] != 'at':
        pass
    for _ in range(rounds):
        poll.poll(PATIENCE_MS)
        time.sleep(LEFT_S)
        read = time.monotonic_ns()
        had = len(lines())
        poll.poll(PATIENCE_MS)
        came = time.monotonic_ns()
        asked = lines()[0]['time']
        print(had, (came - read) // 1000000, (asked - read) / 1e6, flush=True)
finally:
    command.kill()
    command.wait()
