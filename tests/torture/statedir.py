"""What the scenarios of the state directory share: a small disk, a task with two checkpoints, damaged files."""
import ctypes
import re
import zlib

from torture import *  # noqa: F401,F403
from torture import BUILD, eventually

FIELDS = [F('pk', 'Int64', primary=True), F('ver', 'Int64'), F('vec', 'FloatVector', dim=2)]
libc = ctypes.CDLL(None, use_errno=True)
MS_RDONLY, MS_REMOUNT, MNT_DETACH = 1, 32, 2


class Disk:
    """A small file system of its own for a folder; None of it if this user may not mount."""

    def __init__(self, path, kb):
        os.makedirs(path, exist_ok=True)
        self.path, self.filler = path, os.path.join(path, 'filler')
        self.options = f'size={kb}k,mode=700'.encode()
        self.mounted = self._mount(0) == 0

    def _mount(self, flags):
        return libc.mount(b'tmpfs', self.path.encode(), b'tmpfs', flags, self.options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.mounted:
            # What a failed test left stays to be looked at.
            saved = self.path + '.was'
            shutil.copytree(self.path, saved, dirs_exist_ok=True)
            libc.umount2(self.path.encode(), MNT_DETACH)

    def fill(self, left=0):
        """All but `left` bytes."""
        s = os.statvfs(self.path)
        with contextlib.suppress(OSError), open(self.filler, 'wb') as f:
            f.write(b'x' * max(0, s.f_bavail * s.f_frsize - left))
            f.flush()
            while not left:
                f.write(b'x' * 512)
                f.flush()

    def free(self):
        os.unlink(self.filler)

    def writable(self, yes):
        if self._mount(MS_REMOUNT | (0 if yes else MS_RDONLY)):
            raise OSError(ctypes.get_errno(), 'remount')


def state(t):
    return t.env['CDC_STATE_DIR']


def said(pipe):
    """The lines of the last run of a task that went wrong."""
    return [line for line in pipe.runner.stderr().splitlines() if line]


def ends_with(t, pipe, what, word, timeout=PATIENCE):
    """The run ends with status 1 and the word in its messages, each one line of a program of ours."""
    eventually(lambda: pipe.final is not None, timeout, f'{what}: the run ends')
    lines = said(pipe)
    found = [] if pipe.final == 1 else [f'status {pipe.final}']
    found += [] if any(word in x for x in lines) else [f"no '{word}'"]
    found += [f'whose line: {x}' for x in lines if not x.startswith('cdc-')]
    t.judge(f'{what}: status 1 and its line', found and found + lines)


def probe(t, name='task', env=None):
    """How a run would begin: (status, the timestamp it goes on from or None, what it says).  Asks no server."""
    p = subprocess.run([os.path.join(BUILD, 'cdc-task'), 'commit', name], env=env or t.env, input='', capture_output=True,
                       text=True)
    found = re.search(r'applied up to (\d+)', p.stderr)
    return p.returncode, found and found.group(1), p.stderr


def crc(text):
    """The line of a checkpoint with its own sum."""
    head = text[:text.rindex(',"crc"')]
    return f'{head},"crc":"{zlib.crc32(head.encode()):08x}"}}\n'


def small_task(t, how=None):
    """A pipeline that was stopped in order, with some checkpoints behind it."""
    db = t.make_db()
    make(t.src, db, 'c')
    pipe = t.run_task(**(how or {}))
    for i in range(3):
        more(t, i)
        pipe.catch_up()
        if i == 0:
            older = read_bytes(pipe.task_path('checkpoint.json'))
    pipe.stop()
    # An end repeats its last tick: so that there are two positions, that of a while ago.
    write_bytes(pipe.task_path('checkpoint.prev.json'), older)
    return pipe


def make(m, db, coll):
    m.create(db, coll, FIELDS)
    m.index(db, coll, 'vec')
    m.load(db, coll)


def goes_on(t, pipe, name):
    """Started; when it has written a checkpoint of its own, all is compared, and it is stopped."""
    pipe.start()

    def readable_again():
        with contextlib.suppress(ValueError):
            return pipe.final is not None or pipe.checkpoint()['ts']

    eventually(readable_again, what='a checkpoint')
    t.check(pipe, name)
    pipe.stop()


def more(t, ver):
    t.src.upsert(t.db, 'c', {'pk': list(range(ver, ver + 40)), 'ver': [ver] * 40, 'vec': [vec(ver, k) for k in range(40)]})
    t.src.delete(t.db, 'c', f'pk in [{ver}, {ver + 1}]')


def read_bytes(path):
    with open(path, 'rb') as f:
        return f.read()


def write_bytes(path, data):
    with open(path, 'wb') as f:
        f.write(data)


def damages(t, data, most):
    """(what, bytes) of one file: every prefix, a bit of every byte, garbage."""
    cuts = [(f'cut at {n}', data[:n]) for n in range(len(data))]
    flips = []
    for i in range(len(data)):
        b = bytearray(data)
        b[i] ^= 1 << t.random.randrange(8)
        flips.append((f'a bit of byte {i}', bytes(b)))
    rest = [('garbage', t.random.randbytes(len(data))), ('NULs', bytes(len(data))), ('twice', data + data),
            ('a byte more', data + b' '), ('NULs behind', data + bytes(512))]
    if most >= len(cuts) + len(flips):
        return cuts + flips + rest
    return t.random.sample(cuts + flips, most) + rest
