#!/usr/bin/env python3
"""supplier.py CATALOGUE COMMAND...: what cdc-meta -w is to cdc-read.  COMMAND is given the catalogue, and behind it an `at`
whenever its pipe has room for one, however often that is.

Prints, with the ns since 1970 in front, `at` for each of these, and each line of COMMAND's, until it is killed."""
import os
import select
import signal
import subprocess
import sys
import time

PAUSE_S = 0.005  # after an `at`: time to read it, and to make the pipe smaller


def say(text):
    print(time.time_ns(), text, flush=True)


def main(catalogue, *argv):
    command = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    ours, theirs, rest, due = command.stdin.fileno(), command.stdout.fileno(), b'', 0.0
    try:
        with open(catalogue, 'rb') as f:
            os.write(ours, f.read())
        while True:
            left = max(0.0, due - time.monotonic())
            got, room, _ = select.select([theirs], [] if left else [ours], [], left or None)
            if room:
                say('at')
                os.write(ours, b'{"kind":"at","rev":9,"time":%d}\n' % time.monotonic_ns())
                due = time.monotonic() + PAUSE_S
            if got:
                more = os.read(theirs, 65536)
                if not more:
                    break
                *lines, rest = (rest + more).split(b'\n')
                for line in lines:
                    say(line.decode())
    finally:
        command.kill()
        command.wait()


main(*sys.argv[1:])
