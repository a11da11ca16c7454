#!/usr/bin/env python3
"""todump.py RECORDING DIR: what DumpMessages gives of a log that lies in Kafka: RECORDING (kafka.jsonl.gz) as DIR/PCHANNEL.jsonl, for dumper.py.

As Milvus 2.6.20 does: in the order of time ticks; a transaction is one block at the time tick of its commit, which all of it
has; without TimeTick, CreateSegment, Flush, RollbackTxn, and without what was not committed.
"""
import base64
import gzip
import json
import os
import sys

from dumper import base36, fields

BEGIN, COMMIT, ROLLBACK = 900, 901, 902
LEFT_OUT = {1, 4, 10, ROLLBACK}


def txn_id(props):
    """TxnContext {1 txn_id}."""
    return fields(base64.b64decode(props['_tx']))[1]


def message(record):
    props = {k: base64.b64decode(v).decode() for k, v in record['headers']}
    return {'id': base36(record['offset']), 'wal': 3, 'properties': props, 'payload_b64': record['value_b64'] or ''}


def tick(m):
    return int(m['properties']['_tt'], 36)


def block(open_, commit):
    """A transaction: begin, bodies, commit."""
    begin, bodies = open_[0], sorted(open_[1:], key=tick)
    for m in [begin, *bodies]:
        m['properties'] = {**m['properties'], '_tt': commit['properties']['_tt']}
        for k in '_lc', '_lcs':
            m['properties'].pop(k, None)
            if k in commit['properties']:
                m['properties'][k] = commit['properties'][k]
    return [begin, *bodies, commit]


def units(records):
    """[(time tick, [message])] of a topic."""
    out, txns = [], {}
    for r in records:
        m = message(r)
        kind = int(m['properties']['_t'])
        if '_tx' in m['properties']:
            id = txn_id(m['properties'])
            if kind == BEGIN:
                txns[id] = [m]
            elif kind == ROLLBACK:
                txns.pop(id, None)
            elif id in txns and kind == COMMIT:
                out.append((tick(m), block(txns.pop(id), m)))
            elif id in txns:
                txns[id].append(m)
        elif kind not in LEFT_OUT:
            out.append((tick(m), [m]))
    return sorted(out, key=lambda u: u[0])


def main(recording, folder):
    topics = {}
    for line in gzip.open(recording, 'rt'):
        r = json.loads(line)
        topics.setdefault(r['topic'], []).append(r)
    os.makedirs(folder, exist_ok=True)
    for name, records in topics.items():
        with open(os.path.join(folder, name + '.jsonl'), 'w') as f:
            for _, messages in units(sorted(records, key=lambda r: r['offset'])):
                for m in messages:
                    print(json.dumps(m), file=f)


if __name__ == '__main__':
    main(*sys.argv[1:])
