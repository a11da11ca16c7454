#!/usr/bin/env python3
"""judge.py [--without PATTERN]... [--skip N]... TRUTH STREAM: are these operation lines what the client did?

TRUTH is a file of calls (truth.py), STREAM one of operation lines (fold.py), each may end in .gz. --without leaves out
collections, DB.NAME; --skip call N, which came to nothing at the server. What differs, by value, is a line on stdout
each, the first 40 of them; the status is then 1.
"""
import argparse
import fnmatch
import gzip
import sys

import fold
import truth
from state import ANY, differences

# There from the start: what every server makes for itself, and no call of a client does.
BUILT_IN = {'users': {'root'}, 'roles': {'admin', 'public'}, 'databases': {'default'}}
# Properties that newer servers add to each collection by themselves.
ADDED = ('timezone', 'collection.on.truncating', 'max_field_id', 'namespace.sharding.enabled')
SHOWN = 40


def lines_of(path):
    with (gzip.open if path.endswith('.gz') else open)(path, 'rt', encoding='utf-8') as f:
        yield from f


def judged(state, without):
    state = {k: {n: v for n, v in d.items() if n not in BUILT_IN.get(k, ())} for k, d in state.items()}
    state['collections'] = {n: v for n, v in state['collections'].items()
                            if not any(fnmatch.fnmatchcase(n, p) for p in without)}
    return state


def forget_added(want, got):
    for name, c in want['collections'].items():
        for k in set(ADDED) - set(c['properties']):
            got['collections'].get(name, c)['properties'].pop(k, None)


def main():
    a = argparse.ArgumentParser(usage=__doc__)
    a.add_argument('--without', action='append', default=[])
    a.add_argument('--skip', action='append', type=int, default=[])
    a.add_argument('truth')
    a.add_argument('stream')
    a = a.parse_args()
    want = judged(truth.read(lines_of(a.truth), a.skip), a.without)
    got = judged(fold.read(lines_of(a.stream)), a.without)
    forget_added(want, got)
    found = list(differences(want, got))
    for line in found[:SHOWN]:
        print(line)
    if found[SHOWN:]:
        print('and %d more' % len(found[SHOWN:]))
    if not found:
        rows = [c['rows'] for c in want['collections'].values()]
        print('equal: %d collections, %d rows' % (len(rows), sum(len(r) for r in rows if r is not ANY)))
    return 1 if found else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except ValueError as e:
        sys.exit('judge: %s' % e)
