"""Several Milvus on Kafka, each a source and a target: circles and chains, of plain pipes."""
import numpy

from cdctest import *  # noqa: F401,F403
from cdctest import lab_more
from milvusapi import Milvus, MilvusError

FIELDS = [F('pk', 'Int64', primary=True), F('v', 'Int64'), F('vec', 'FloatVector', dim=4)]


def rows(keys, v):
    return {'pk': list(keys), 'v': [v] * len(keys), 'vec': floats(numpy.full((len(keys), 4), v, dtype='float32'))}


class Site:
    """A Milvus on Kafka, as a source and as a target."""

    def __init__(self, case, name):
        variable = {'src': 'CDC_SOURCE', 'src2': 'CDC_SOURCE2', 'src3': 'CDC_SOURCE3'}[name]
        self.case, self.name, self.m = case, name, Milvus(os.environ[variable])
        self.root = 'by-dev' if name == 'src' else f'by-{name}'

    def to(self, other, *more, start='start', include=None):
        """A plain pipe, from a state directory of its own."""
        c = self.case
        was = c.env
        c.env = dict(was, CDC_STATE_DIR=c.path(f'{self.name}-{other.name}'))
        try:
            return c.chain(['cdc-meta', '-E', c.etcd, '-r', self.root, '-w'],
                           ['cdc-read', '-b', c.brokers, '-i', include or f'{c.db}.*', '-f', start],
                           c.apply(*more, target=other.m.uri))
        finally:
            c.env = was

    def make(self, coll='c', keys=range(5), fields=FIELDS):
        db = self.case.db
        if db not in self.m.dbs():
            self.m.create_db(db)
        self.m.create(db, coll, fields)
        self.m.index(db, coll, 'vec')
        self.m.load(db, coll)
        if keys:
            self.m.insert(db, coll, rows(keys, 1))

    def count(self, coll='c'):
        with contextlib.suppress(MilvusError):
            return self.m.count(self.case.db, coll)


@contextlib.contextmanager
def sites(case, *names):
    with lab_more(*names[1:]):
        made = [Site(case, n) for n in names]
        try:
            yield made
        finally:
            for c in case.chains:
                c.kill()
                c.wait()
            for s in made:
                drop_dbs(s.m, [d for d in s.m.dbs() if d.startswith(case.db)])
