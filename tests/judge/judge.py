#!/usr/bin/env python3
"""judge.py [--of VERSION] [--only PATTERN] [--until N] TRUTH STREAM: are these operation lines what the client did?
judge.py --target --of VERSION TRUTH FILE: is what a fake Milvus keeps in FILE (tests/fake/milvus.py)?
judge.py [--target] --left-out VERSION: options of cdc-read, a word a line, for what is not compared

TRUTH is a file of calls (truth.py), STREAM one of operation lines (fold.py), each may end in .gz. --of leaves out what
left.py has of that recording; --only compares the collections of this name alone; --until leaves out call N and all
behind it.
What differs, by value, is a line on stdout each, the first 40 of them; the status is then 1.
"""
import argparse
import fnmatch
import gzip
import json
import sys

import fold
import left
import truth
from state import ANY, differences

# There from the start: what every server makes for itself, and no call of a client does.
BUILT_IN = {'users': {'root'}, 'roles': {'admin', 'public'}, 'databases': {'default'}}
# Properties that newer servers add to each collection by themselves.
ADDED = ('timezone', 'max_field_id', 'namespace.sharding.enabled', 'preserve_field_ids')
SHOWN = 40


def lines_of(path):
    with (gzip.open if path.endswith('.gz') else open)(path, 'rt', encoding='utf-8') as f:
        yield from f


def met(name, patterns):
    return any(fnmatch.fnmatchcase(name, p) for p in patterns)


def judged(state, only, without):
    if only:
        return {'collections': {n: v for n, v in state['collections'].items() if met(n, only)}}
    state = {k: {n: v for n, v in d.items() if n not in BUILT_IN.get(k, ())} for k, d in state.items()}
    state['collections'] = {n: v for n, v in state['collections'].items() if not met(n, without)}
    return state


def forget_added(want, got):
    for name, c in want['collections'].items():
        for k in set(ADDED) - set(c['properties']):
            got['collections'].get(name, c)['properties'].pop(k, None)


def calls(path, version, until):
    skip = left.CALLS.get(version, ())
    for call in map(json.loads, lines_of(path)):
        if call['n'] == until:
            return
        if call['n'] not in skip:
            yield call


def main():
    a = argparse.ArgumentParser(usage=__doc__)
    a.add_argument('--of')
    a.add_argument('--only', action='append')
    a.add_argument('--until', type=int)
    a.add_argument('--target', action='store_true')
    a.add_argument('--left-out')
    a.add_argument('files', nargs='*')
    a = a.parse_args()
    without = left.out(a.of or a.left_out, 'fake' if a.target else None)
    if a.left_out:
        print(*['--exclude\n' + p for p in without], sep='\n')
        return 0
    want = judged(truth.read(calls(a.files[0], a.of, a.until)), a.only, without)
    if a.target:
        import held  # pymilvus is needed for this alone
        got = held.fake(a.files[1])
    else:
        got = fold.read(lines_of(a.files[1]))
    got = judged({k: v for k, v in got.items() if k in want}, a.only, without)
    forget_added(want, got)
    found = list(differences(want, got, second='target' if a.target else 'stream'))
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
