"""The EXAMPLES of all manual pages, run in their order on real servers; cdc-recipes(7) has 200-recipes.py.

What stands for somebody's own servers is replaced, see OURS.  An example that cannot be run here has its reason in
ELSEWHERE; one that does not end by itself is in STREAMS, with what has to come out of it.
"""
import glob
import re

from cdctest import *

DB = 'shop'  # what the pages call it
ELSEWHERE = {  # the beginning of a line that only such an example has: where it is tried
    'cdc-apply -T https': '210-tls.py', 'cd /etc/milvus-cdc': '210-tls.py', 'cat kafka.properties': '210-tls.py',
    'etcdctl user add': '210-tls.py', 'cdc-httpd': '340-httpd.t, 348-page.t', '(umask': '340-httpd.t',
    'cdc-task create move -S': '410-source-pipeline.t', 'systemctl': 'a systemd', '{"v":1,': 'a file',
}
WATCHES = ("cdc-meta --watch 'shop.*' | grep", 'cdc-meta -w | cdc-read --from now')


def examples(page):
    """The commands of a page's examples, as texts."""
    with open(page) as f:
        text = re.search(r'^\.Sh EXAMPLES\n(.*?)^\.Sh ', f.read(), re.M | re.S)
    found = re.findall(r'^\.Bd -literal[^\n]*\n(.*?)^\.Ed$|^\.Dl (.*?)$', text.group(1), re.M | re.S) if text else []
    out = []
    for block, line in found:
        block = (block or line).replace('\\e', '\\').replace('\\(dq', '"').replace('\\&', '')
        out.append('\n'.join(re.sub(r'^\$ ', '', x) for x in block.rstrip('\n').split('\n')))
    return out


def ours(case, text):
    token = case.path('token')
    with open(token, 'w') as f:
        f.write('root:Milvus\n')
    os.chmod(token, 0o600)
    for theirs, here in (('http://etcd:2379', case.etcd), ('kafka:9092', case.brokers), ('http://main:19530', case.src.uri),
                         ('/etc/milvus-cdc/token', token)):
        text = text.replace(theirs, here)
    return re.sub(r'http://(standby:19530|empty:19530|127\.0\.0\.1:19630)', case.dst.uri, text)


def alive(group):
    """Is a process of this group left that is not a zombie?"""
    said = subprocess.run(['ps', '-eo', 'pgid=,stat='], capture_output=True, text=True, check=True).stdout
    return any(int(pgid) == group and stat[0] != 'Z' for pgid, stat in map(str.split, said.splitlines()))


class Runs:
    def __init__(self, case):
        self.case, self.done = case, []
        self.env = dict(case.env, CDC_TARGET=case.dst.uri)

    def start(self, text):
        with open(self.case.path('out'), 'w') as out, open(self.case.path('err'), 'w') as err:
            return subprocess.Popen(['bash', '-c', ours(self.case, text)], cwd=self.case.folder, env=self.env,
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True)

    def said(self, name='out'):
        with open(self.case.path(name)) as f:
            return f.read()

    def end(self, p):
        """All of them: what still ends would write into the files of the next one."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(p.pid, signal.SIGTERM)
        p.wait(PATIENCE)
        eventually(lambda: not alive(p.pid), what=f'the end of group {p.pid}')

    def one(self, text):
        """It ends with status 0 and no complaint; what it wrote."""
        p = self.start(text)
        try:
            p.wait(PATIENCE)
        finally:
            self.end(p)
        said = self.said()
        tap.ok(p.returncode == 0 and not self.said('err'), text.split('\n')[0], p.returncode, said[-300:], self.said('err')[-1000:])
        return said

    def stream(self, text, there):
        """It runs until there(its output), without a complaint."""
        p = self.start(text)
        try:
            eventually(lambda: there(self.said()) or p.poll() is not None, what=text)
            tap.ok(there(self.said()) and not self.said('err'), text.split('\n')[0], p.poll(), self.said('err')[-1000:])
        finally:
            self.end(p)


def write(a, k):
    a.insert(DB, 'items', {'pk': [k], 'name': [f'n{k}'], 'vec': [vec(k, 1)]})
    a.delete(DB, 'items', f'pk in [{k - 1}]')


def task(case):
    case.run('cdc-task', 'delete', 'dr', status=None)


def caught_up(case, a):
    """Something new is at the target by way of the task."""
    write(a, caught_up.next)
    caught_up.next += 2
    now = a.now()

    def ask(said):
        s = json.loads(case.run('cdc-task', 'status', 'dr', '--json', '--offline', status=None) or '{}')
        return int(s.get('ts') or 0) >= now
    return ask


caught_up.next = 100


def kind(text):
    for line in text.split('\n'):
        for start in ELSEWHERE:
            if line.startswith(start):
                return 'elsewhere'
    if 'cdc-task run' in text:
        return 'task'
    if 'cdc-task commit' in text:
        return 'pipeline'
    return 'watch' if text.startswith(WATCHES) else 'one'


OUTPUT = {  # what must come out of it, if it is not silence
    'cdc-meta --plain': 'items', 'cdc-meta --kinds collection': 'shop.items\n',
    'cdc-verify -S http://main:19530 -T http://standby:19530 &&\n    echo': 'equal\n',
    'cdc-verify -S http://main:19530 -T http://standby:19530 && echo': 'equal\n',
    'cdc-meta | cdc-read --until now --time | jq': '"op":"delete"', 'cdc-meta | cdc-read -u now | jq -c': '["items",["',
    'cdc-meta | cdc-read -u now --vectors decimal': '"vec": [', 'cdc-apply -n sunday.ndjson': 'shop.items',
    "cdc-meta | cdc-read --until now --include 'shop.*'": '"op":"delete"',
    'cdc-meta | cdc-read --until now \\\n    --from @': '"op":"end"',
}


def run_example(case, a, runs, text):
    how = kind(text)
    if how == 'task':
        task(case)
        runs.stream(text, caught_up(case, a))
    elif how == 'pipeline':
        runs.stream(text, caught_up(case, a))
    elif how == 'watch':
        made = []

        def there(said):
            if not made or len(made) < 20 and made[-1] + 1 < time.monotonic():  # it may not have begun yet
                made.append(time.monotonic())
                a.create(DB, f'w{len(made)}_{case.tag}', [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=2)])
            return f'_{case.tag}"' in said
        runs.stream(text, there)
        for coll in a.colls(DB) - {'items'}:
            a.drop(DB, coll)
    elif how == 'one':
        said = runs.one(text)
        for start, want in OUTPUT.items():
            if text.startswith(start):
                tap.ok(want in said, f'  says {want.strip()}', said[-500:])
    return how


def the_examples(case):
    a, runs, counts = case.src, Runs(case), {}
    drop_dbs(a, a.dbs() & {DB})
    drop_dbs(case.dst, case.dst.dbs() & {DB})
    a.create_db(DB)
    case.databases.add(DB)
    try:
        a.create(DB, 'items', [F('pk', 'Int64', primary=True), F('name', 'VarChar', max_length=40), F('vec', 'FloatVector', dim=2)])
        a.index(DB, 'items', 'vec')
        a.load(DB, 'items')
        write(a, 1)
        write(a, 2)
        pages = sorted(glob.glob(os.path.join(TOP, 'man', '*.[157]')), key=lambda p: (p[-1] != '7', p))
        for page in pages:
            name = os.path.basename(page)
            if name == 'cdc-verify.1':  # the files are older than the target by now
                for words in '--until now >sunday', '--from @sunday.ndjson --until now >monday':
                    runs.one(f'cdc-meta | cdc-read {words}.ndjson')
            for text in examples(page):
                began = time.monotonic()
                how = run_example(case, a, runs, text)
                counts[how] = counts.get(how, 0) + 1
                diag(f'{name}: {how}, {time.monotonic() - began:.1f} s')
                if name == 'cdc.7' and 'sunday.ndjson monday.ndjson' in text:
                    case.same('  both are restored', [DB])
                    with open(case.path('sunday.ndjson')) as f, open(case.path('sunday.end'), 'w') as o:
                        o.write(f.read().splitlines()[-1] + '\n')
        diag(counts)
        tap.ok(counts['one'] >= 15 and counts['pipeline'] >= 4 and counts['task'] == 2 and counts['watch'] == 2, 'all were found', counts)
    finally:
        task(case)
        for m in a, case.dst:
            drop_dbs(m, m.dbs() & {DB})


main(the_examples)
