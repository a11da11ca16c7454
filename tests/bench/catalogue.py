"""How long it takes to read the catalogue of a large Milvus, all of it and one collection, from an etcd of our own."""
import socket
import urllib.request

from measure import *  # noqa: F401,F403
from measure import HERE, Failed, Value, contextlib, eventually, median, os, program, run, subprocess, sys

COLLECTIONS = {'small': 2000, 'full': 20000}
LAYOUTS = ['2.3', '2.6']
ONE = 'db3.collection_00042'


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


def answers(url):
    try:
        return b'"true"' in urllib.request.urlopen(url + '/health', timeout=2).read()
    except OSError:
        return False


@contextlib.contextmanager
def etcd(folder):
    url, peer = (f'http://127.0.0.1:{free_port()}' for _ in range(2))
    with open(folder + '.log', 'w') as log:
        server = subprocess.Popen(
            ['etcd', '--data-dir', folder, '--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peer,
             '--initial-advertise-peer-urls', peer, '--initial-cluster', f'default={peer}', '--unsafe-no-fsync',
             '--max-txn-ops', '1024', '--quota-backend-bytes', str(4 << 30)], stdout=log, stderr=log)
    try:
        eventually(lambda: answers(url), what='an etcd')
        yield url
    finally:
        server.kill()
        server.wait()


def measure(bench, url, name, n, *patterns):
    runs = [run([program('cdc-meta'), '-E', url, *patterns]) for _ in range(bench.runs)]
    peak = max(sum(r.peak.values()) for r in runs) / 1024
    cpu = median([sum(r.cpu.values()) for r in runs])
    f = Value('catalogue', name, [r.seconds for r in runs], 's', bench.runs, collections=n, CPU=f'{cpu:.2f} s',
              peak=f'{peak:.0f} MiB')
    f.peak = peak
    bench.figure(f)


def catalogue(bench):
    n = COLLECTIONS[bench.size]
    for layout in LAYOUTS:
        with etcd(bench.path('etcd-' + layout)) as url:
            filled = subprocess.run([sys.executable, os.path.join(HERE, 'fillmeta.py'), url, str(n), '34', layout],
                                    capture_output=True, text=True)
            if filled.returncode:
                raise Failed(filled.stderr)
            measure(bench, url, f'cdc-meta, Milvus {layout}', n)
            measure(bench, url, f'one collection, Milvus {layout}', n, ONE)
