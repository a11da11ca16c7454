"""A source of a test's own (etcd, Kafka, Milvus), whose etcd can be put back to a snapshot; the target is the lab's."""
import json
import os
import shutil
import subprocess
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = os.path.join(TOP, 'tests', 'tools', 'lab')
OURS = 'CDC_ETCD', 'CDC_BROKERS', 'CDC_SOURCE', 'CDC_ROOT'


class SourceLab:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix='cdc-source.')
        self.env = {k: v for k, v in os.environ.items() if k not in OURS}
        self.env.update(CDC_LAB=self.folder)
        self.tokens = 0
        self.lab('up', 'etcd', 'kafka', 'src')
        out = subprocess.run([LAB, 'env'], env=self.env, check=True, capture_output=True, text=True).stdout
        self.addresses = dict(line.split('=', 1) for line in out.splitlines() if line.split('=')[0] in OURS)

    def lab(self, *argv):
        subprocess.run([LAB, *argv], env=self.env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def etcdctl(self, *argv):
        out = subprocess.run(['etcdctl', '--endpoints', self.addresses['CDC_ETCD'], *argv], capture_output=True, text=True,
                             env=dict(os.environ, ETCDCTL_API='3'), timeout=60)
        if out.returncode:
            raise AssertionError(f'etcdctl {argv}: {out.stderr}')
        return out.stdout

    def snapshot(self, name='snapshot'):
        path = os.path.join(self.folder, name)
        if os.path.exists(path):
            os.unlink(path)
        self.etcdctl('snapshot', 'save', path)
        return path

    def revision(self):
        return json.loads(self.etcdctl('get', 'x', '-w', 'json'))['header']['revision']

    def grow(self, beyond):
        """etcd's revision is above this one, by writes of somebody else."""
        while self.revision() <= beyond:
            for _ in range(20):
                self.etcdctl('put', 'other/x', 'y')

    def restore(self, snapshot, another=False, src=True, how='kill'):
        """Everything down, etcd put back, up again: as after a disaster."""
        self.lab(how, 'src', 'etcd')
        data = os.path.join(self.folder, 'etcd', 'data')
        shutil.rmtree(data)
        with open(os.path.join(self.folder, 'etcd', 'port')) as f:
            peer = f'http://127.0.0.1:{int(f.read()) + 1}'
        self.tokens += another
        token = ['--initial-cluster-token', f'another{self.tokens}'] if self.tokens else []
        self.etcdctl('snapshot', 'restore', snapshot, '--data-dir', data, '--initial-cluster', f'default={peer}',
                     '--initial-advertise-peer-urls', peer, *token)
        self.lab('start', 'etcd')
        # What the snapshot has of the sessions of who is gone would be waited for, until their leases end.
        for key in self.etcdctl('get', '--prefix', '--keys-only', 'by-dev/meta/session/').split():
            if not key.endswith('/id'):
                self.etcdctl('del', key)
        if src:
            self.lab('start', 'src')

    def wipe(self):
        self.lab('wipe')
        shutil.rmtree(self.folder, ignore_errors=True)
