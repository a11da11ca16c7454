"""What was wanted, beside what was measured."""

from catalogue import LAYOUTS
from limits import APART
from streaming import DIMS_BATCHES, GROUP

BASE64_MB, DECIMAL_MB = 300, 130        # a second, of one core
CPU_US, CHAIN_MIB, DRAIN = 5, 64, 0.9   # a row; all programs; of the plain client
STREAMING, DUMPED = 0.9, 0.7            # of the log of 2.3
P50_MS, P99_MS, FAR, IDLE, START_S = 500, 800, 0.8, 1, 0.3
ALL_S, ONE_S, META_MIB = 8, 1, 64       # a catalogue of 20,000 collections of 34 fields


def least(figures, group, value):
    """The least of the figures of base64 with 128 dimensions or more, few columns and batches of 100 or more: all of them have to do it."""
    got = [value(f) for f in figures if f.group == group and f.dim >= 128 and f.batch >= 100 and not f.scalars and f.codec]
    return min(got, default=None)


def targets(figures):
    """(what, limit, measured or None, whether more is better)"""
    by = {(f.group, f.name): f for f in figures}

    def one(group, name, value):
        f = by.get((group, name))
        return None if f is None else value(f)

    def core(f):
        return f.core_mb_s

    def ratio(a, b):
        return None if not a or not b else a / b

    def drained(where):
        return ratio(*(one('chain', what + where, lambda f: f.rows_s) for what in ('backlog', 'plain client')))

    def streamed(dim, batch, log):
        return ratio(*(one(GROUP, f'{dim} x {batch}, {x}', core) for x in (log, 'msgstream')))

    far = [one('delay', f'round trip {ms} ms', lambda f: f.rows_s) for ms in (0, 200)]
    return [
        ('cdc-read, base64, dim >= 128, batches >= 100: MB/s of a core', BASE64_MB, least(figures, 'cdc-read', core), True),
        ('cdc-apply -n, the same: MB/s of a core', BASE64_MB, least(figures, 'cdc-apply -n', core), True),
        ('cdc-read, decimal: MB/s of a core', DECIMAL_MB, least(figures, 'cdc-read, decimal', core), True),
        ('cdc-apply -n, decimal: MB/s of a core', DECIMAL_MB, least(figures, 'apply -n, decimal', core), True),
        ('backlog: CPU us of cdc-read and cdc-apply a row', CPU_US, one('chain', 'backlog', lambda f: f.us_row), False),
        ('backlog: MiB of all programs together', CHAIN_MIB, one('chain', 'backlog', lambda f: f.peak_mb), False),
        ('backlog: rows/s, of those of the plain client', DRAIN, drained(''), True),
        ('  the target on cores of its own', DRAIN, drained(APART), True),
        ('lag p50, ms', P50_MS, one('chain', 'lag of a row, p50', lambda f: f.value), False),
        ('lag p99, ms', P99_MS, one('chain', 'lag of a row, p99', lambda f: f.value), False),
        ('200 ms round trip: rows/s, of those at 0 ms', FAR, ratio(far[1], far[0]), True),
        ('idle, % of a core', IDLE, one('chain', 'idle', lambda f: f.value), False),
        *[(f'catalogue of Milvus {v}: s', ALL_S, one('catalogue', f'cdc-meta, Milvus {v}', lambda f: f.value), False)
          for v in LAYOUTS],
        *[(f'  MiB of cdc-meta, {v}', META_MIB, one('catalogue', f'cdc-meta, Milvus {v}', lambda f: f.peak), False)
          for v in LAYOUTS],
        *[(f'  one collection of it, {v}: s', ONE_S, one('catalogue', f'one collection, Milvus {v}', lambda f: f.value), False)
          for v in LAYOUTS],
        *[(f'  {log} log, {d} x {b}: MB/s of a core, of those of the old one', least_of, streamed(d, b, log), True)
          for d, b in DIMS_BATCHES for log, least_of in (('streaming', STREAMING), ('dump', DUMPED))],
        ('start to first row, s', START_S, one('chain', 'start to first row', lambda f: f.value), False),
    ]


def verdict(limit, measured, more):
    if measured is None:
        return 'not measured'
    return 'met' if (measured >= limit if more else measured <= limit) else 'not met'


def rows(figures):
    """For measure.table()."""
    return [{'target': what, 'wanted': f'{">=" if more else "<="} {limit:g}',
             'measured': '-' if measured is None else f'{measured:,.3g}' if measured < 100 else f'{measured:,.0f}',
             'verdict': verdict(limit, measured, more)} for what, limit, measured, more in targets(figures)]
