"""The questions of cdc-questions(7), each by its command from the page, on real servers; and what doctor finds wrong."""
import re

from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('name', 'VarChar', max_length=32), F('vec', 'FloatVector', dim=4)]
TIME = r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z'
WHO = r'\S+@\S+'


def questions():
    """{question: command} of the manual."""
    with open(os.path.join(TOP, 'man', 'cdc-questions.7')) as f:
        text = f.read().replace('\\(aq', "'").replace('\\e', '\\')
    found = re.findall(r'^\.Ss ([^\n]*\?)\n\.Bd -literal\n(.*?)\n\n', text, re.M | re.S)
    return {q: c.replace('\n', ' ') for q, c in found}


class Doctor:
    def __init__(self, case):
        self.case = case

    def lines(self, *argv, status=0):
        """The lines by check, [verdict, text]."""
        out = {}
        for line in self.case.run('cdc-task', 'doctor', *argv, status=status).splitlines():
            verdict, check, text = line.split(None, 2)
            out.setdefault(check, []).append([verdict, text])
        return out

    def says(self, name, lines, check, verdict, pattern):
        got = lines.get(check, [['-', 'no line']])
        tap.ok(any(v == verdict and re.fullmatch(pattern, t) for v, t in got), f'{name}: {check}', *got,
               f'want {verdict} {pattern}')


def start(case, *argv):
    """A task and its run, over a database with two collections."""
    db = case.make_db()
    for name in 'items', 'secret':
        case.src.create(db, name, FIELDS, shards=2)
        case.src.index(db, name, 'vec', name='i', index_type='FLAT', metric_type='L2', params='{}')
    case.src.insert(db, 'items', {'pk': [1, 2, 3], 'name': ['a', 'b', 'c'], 'vec': [vec(1, 2, 3, 4)] * 3})
    case.run('cdc-task', 'create', 'dr', '-E', case.etcd, '-r', os.environ['CDC_ROOT'], '-b', case.brokers,
             '-T', case.target, '-i', f'{db}.*', '-x', f'{db}.secret', *argv)
    return db, case.chain(['cdc-task', 'run', 'dr'])


def status(case):
    return json.loads(case.run('cdc-task', 'status', 'dr', '--json', status=None))


def answers(case):
    """Every question by the command of the page; the page's names are put in for ours."""
    db, run = start(case)
    eventually(lambda: status(case)['applied'].get('rows') == 3, what='rows')
    case.src.load(db, 'items')
    eventually(lambda: case.dst.load_state(db, 'items') == 'Loaded', what='loaded')
    known = db + '.items'
    eventually(lambda: known in case.run('cdc-task', 'doctor', 'dr', known, status=None), what='doctor')
    topics = r'(by-dev-\S+ at \d+(, )?)+'
    want = {
        'Why is collection X not replicated?':
            rf"warn +collection '{db}\.secret' is not replicated: excluded by -x '{db}\.secret'; id \d+ on .*, not at the target",
        'How far behind is it, in seconds and records?': r'ok +lag +\d+\.\ds and \d+ records behind the source',
        'Where will it resume, in offsets and as a time?': rf'ok +position +a run resumes at {TIME} \(ts:\d+\): {topics}',
        'From where did it start, and was that the beginning?':
            rf"ok +start +began at 'start': the beginning of each .* \(created {TIME} by {WHO}\)",
        'Has anything been lost?': r'ok +lost +nothing: no line is set aside, none left out, Kafka has all from the position on; \d+ of collections .*',
        'What did it do with an operation that it does not know?': r'ok +unknown +(none up to the position|nothing is applied yet); the run stops at one, .*',
        'Is the target writable by others?': r'warn +writers +yes, by anybody who reaches it: .*',
        'Which rows differ?': rf'{{"kind":"row","db":"{db}","coll":"items",.*"7".*"diff":"extra"}}',
        'Why did the task stop, and will it start again by itself?': rf'ok +state +runs since {TIME}',
        'What would apply do (dry run)?': rf"Upsert of 2 rows in '{db}\.items' partition '_default', keys 8 to 9, .*",
        'Which Milvus versions are on both sides?': r'ok +versions +source Milvus 2\.3\.5; target Milvus v?2\.3\.5(-lite)?',
        'Is it stuck or idle?': r'ok +progress +(idle: it follows, .*|works: \d+ rows/s, .*)',
        'What fills the disk?': r'ok +disk +\d+ (bytes|kB), most of it \S+ \(\d+ (bytes|kB)\); \d+ MB are free',
        'Who paused it and when?': rf'ok +wish +paused by {WHO} at {TIME}: night shift',
        'What changes when I upgrade?': r'ok +upgrade +release \S+: state format 1, stream version 1; .*',
    }
    asked = questions()
    tap.ok(sorted(asked) == sorted(want), 'the questions of the page are those that are tested here',
           *sorted(set(asked) ^ set(want)))
    for q in sorted(asked, key=lambda q: q.startswith(('Who paused', 'What would'))):
        if q.startswith('Which rows'):
            case.dst.fields[db, 'items'] = FIELDS
            case.dst.insert(db, 'items', {'pk': [7], 'name': ['x'], 'vec': [vec(0, 0, 0, 0)]})
        if q.startswith('Who paused') and run.running():
            case.run('cdc-task', 'pause', 'dr', '--reason', 'night shift')
        if q.startswith('What would') and run.running():
            case.run('cdc-task', 'pause', 'dr', '--reason', 'night shift')
        if q.startswith('What would'):
            case.src.insert(db, 'items', {'pk': [8, 9], 'name': ['y', 'z'], 'vec': [vec(0, 0, 0, 0)] * 2})
        command = asked[q].replace('shop.items', f'{db}.secret').replace('http://main:19530', case.src.uri)
        command = command.replace('http://standby:19530', case.target)
        if command.startswith('cdc-verify'):
            command += f" -i '{db}.items'"
        command = command.replace('cdc-apply', f'cdc-apply -T {case.target}').replace(
            'cdc-read', f"cdc-read -i '{db}.*' -x '{db}.secret'")
        p = subprocess.run(['sh', '-c', command], env=case.env, capture_output=True, text=True, timeout=PATIENCE)
        got = [x for x in p.stdout.splitlines() if x]
        alone = len(got) == 1 or q.startswith('What would')  # a line for each request
        tap.ok(alone and got and re.fullmatch(want[q], got[-1]), q, command, *got, p.stderr, f'want {want[q]}')


def all_of_it(case):
    """A whole round, in which nothing is wrong; then what is, one thing after the other."""
    d = Doctor(case)
    db, run = start(case)
    eventually(lambda: status(case)['applied'].get('rows') == 3, what='rows')
    lines = d.lines('dr')
    for check, pattern in {
        'root': r'by-dev/meta at revision \d+: \d+ collections in \d+ databases',
        'selection': r'1 of \d+ collections are replicated, not .*',
        'format': r'the newest record of each of \d+ topics is of a log of Milvus 2\.3\.2 to 2\.5, \d+ are empty',
        'size': r'the broker takes records of 10485760 bytes, Milvus writes such of 10485760, cdc-read takes 100000000',
        'retention': r'records are kept for 168h 0m.*: the position is lost in 16[78]h \d+m if it does not move',
        'login': r'none is asked for, and there is none', 'mode': r'an ordinary Milvus, no standby: it takes writes',
        'databases': r'all 1 that are used are at the target, with nothing else in them',
        'schemas': r'those of all 1 collections are equal',
    }.items():
        d.says('all is well', lines, check, 'ok', pattern)
    bad = [x for k, v in lines.items() if k != 'rows' for x in v if x[0] in ('wrong', 'unknown')]  # no --source
    tap.ok(not bad, 'nothing is wrong or unknown', *bad)
    tap.ok(run.running(), 'the task runs on')
    got = case.run('cdc-task', 'doctor', 'dr', f'{db}.items', '--json')
    j = json.loads(got)
    tap.ok([j['replicated'], j['at_target'], j['target_db'], j['known'], len(j['topics'])] == [True, True, db, f'{db}.items', 2],
           'a collection as JSON', got)

    # another schema at the target, a collection of somebody else's
    run['cdc-task'].kill()
    run.wait()
    case.dst.drop(db, 'items')
    case.dst.create(db, 'items', FIELDS[:2] + [F('vec', 'FloatVector', dim=8)], shards=2)
    case.dst.create(db, 'mine', FIELDS)
    d.says('another dimension', d.lines('dr', '-k', 'schemas', status=1), 'schemas', 'wrong',
           rf"collection '{db}\.items' is another one at the target: field 'vec' differs; .*")
    d.says("somebody else's", d.lines('dr', '-k', 'databases'), 'databases', 'warn', rf'.*left alone: {db}\.mine')
    case.dst.drop(db, 'items')
    d.says('lost at the target', d.lines('dr', '-k', 'schemas', status=1), 'schemas', 'wrong',
           rf'the target has lost collections: {db}\.items; --create-missing, .*')
    d.says('and nobody runs it', d.lines('dr', '-k', 'state', status=1), 'state', 'wrong',
           r"wanted, and does not run since .*; nothing starts it again: no 'cdc-task supervise' runs here; .*")


def servers(case):
    """Roots, logins: of a task that is not there yet."""
    d = Doctor(case)
    source = ['-E', case.etcd, '-b', case.brokers]
    d.says('a wrong root', d.lines(*source, '-r', 'nope', '-k', 'root', status=1), 'root', 'wrong',
           r".*no Milvus under 'nope'; roots that look like one: .*'by-dev'.*")
    d.says('no etcd', d.lines('-E', 'http://127.0.0.1:1', '-k', 'selection', status=3), 'selection', 'unknown',
           r"not asked, because of 'root': .*127\.0\.0\.1.*")
    if 'CDC_TARGET_AUTH' not in os.environ:
        return
    target = ['-T', os.environ['CDC_TARGET_AUTH'], '-k', 'login,mode,writers']
    token = case.path('token')
    for text, code, verdict in ('root:Milvus', 0, 'ok'), ('root:wrong-Secret', 1, 'wrong'):
        with open(os.open(token, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text + '\n')
        lines = d.lines(*source, *target, '--token-file', token, status=code)
        d.says(text.split('-')[0], lines, 'login', verdict, r'.+')
        d.says(text.split('-')[0], lines, 'writers', 'ok', r'only by its users with the right to: it asks for a login')
        tap.ok('Secret' not in str(lines) and 'Milvus\n' not in str(lines), '  no secret in it')


main(answers, all_of_it, servers)
