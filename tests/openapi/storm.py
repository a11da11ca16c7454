#!/usr/bin/env python3
"""
storm.py [OPTION...] ADDRESS...: requests without end for servers over one state directory, made from their document.

Half of them are cases of schemathesis, valid and not; half are sequences over a few tasks, by several clients at once, of
which some own tasks that nobody else touches, and know what must come. Fails on an answer that the document does not
allow, on 5xx but for limits and a target that is away, on no answer, and on a task that is not as it was made. Prints
figures; status 1 on failures. Nothing but the addresses given, and ports of 127.0.0.1 named here, is ever asked for.

--requests N [500]  --seed N [of the clock]  --clients N [3]  --token FILE (for the first address)  --read-token FILE
--target HOST:PORT (a Milvus)  --other HOST:PORT (something that is none)  --runners (tasks are run, and may fail)
"""
import argparse
import json
import random
import sys
import threading
import time

from cases import cases
from client import DEAD, Client, Log, document
from sequences import Sequence


def options():
    p = argparse.ArgumentParser()
    p.add_argument("addresses", nargs="+")
    p.add_argument("--requests", type=int, default=500)
    p.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    p.add_argument("--clients", type=int, default=3)
    p.add_argument("--token")
    p.add_argument("--read-token")
    p.add_argument("--runners", action="store_true")
    p.add_argument("--target", required=True)
    p.add_argument("--other", required=True)
    o = p.parse_args()
    o.tokens = [None] * len(o.addresses)
    for name in ("token", "read_token"):
        if getattr(o, name):
            setattr(o, name, open(getattr(o, name)).read().strip())
    o.tokens[0] = o.token
    o.places = [o.target, "localhost:" + o.target.rpartition(":")[2], DEAD, o.other]
    return o


def guard(log, f, *args):
    try:
        f(*args)
    except Exception as e:  # a mistake of the test is one, too
        log.fail(f"{f.__name__}: {e!r}")
        raise


def figures(o, log, took):
    def counts(c):
        return " ".join(f"{k}:{v}" for k, v in sorted(c.items(), key=str))
    print(f"seed {o.seed}: {log.requests} requests in {took:.0f} s, {log.requests / took:.0f} a second, "
          f"the slowest {log.worst:.1f} s, {len(log.failures)} failures")
    print(f"status {counts(log.statuses)}")
    print(f"code on /cdc {counts(log.codes)}")
    print(f"kind {counts(log.kinds)}")
    seen = {}
    for line in log.failures:  # of each sort one
        seen.setdefault(line.split("<-")[0][:120], []).append(line)
    for lines in list(seen.values())[:25]:
        print(f"failure ({len(lines)} like this): {lines[0][:1500]}")


def main():
    o = options()
    print(f"seed {o.seed}", flush=True)
    doc = document(o.addresses[0], o.tokens[0])
    log = Log(o.runners, [DEAD, o.other])  # who is no Milvus may hang up

    def clients(kind):
        return [Client(a, doc, log, t) for a, t in zip(o.addresses, o.tokens)]

    begin = time.monotonic()
    half = o.requests // 2
    threads = [threading.Thread(target=guard, args=(log, cases, o, doc, clients(""), half))]
    for i in range(o.clients):
        s = Sequence(o, i, clients(""), random.Random(f"{o.seed}/{i}"))
        threads.append(threading.Thread(target=guard, args=(log, s.run, (o.requests - half + o.clients - 1) // o.clients)))
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    figures(o, log, time.monotonic() - begin)
    return 1 if log.failures or log.requests < o.requests else 0


sys.exit(main())
