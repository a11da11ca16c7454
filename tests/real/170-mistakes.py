"""What a person gets wrong: the status, and one line that says it."""
from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]


class Mistakes:
    def __init__(self, case):
        self.case = case

    def run(self, name, status, words, *commands, stdout=subprocess.PIPE, stdin='', who=-1, **env):
        """The pipeline of these commands: the status and the words of one of them, in one line."""
        env = {**self.case.env, **env}
        ps, previous = [], subprocess.PIPE
        for i, argv in enumerate(commands):
            argv = [os.path.join(BUILD, argv[0]) if argv[0].startswith('cdc-') else argv[0], *argv[1:]]
            p = subprocess.Popen(argv, stdin=previous, stderr=subprocess.PIPE, env=env, text=True,
                                 stdout=stdout if i == len(commands) - 1 else subprocess.PIPE)
            if i:
                previous.close()
            else:
                first = p.stdin
            previous = p.stdout
            ps.append(p)
        try:
            first.write(stdin)
            first.close()
        except BrokenPipeError:
            pass
        said, out = [], None
        for p in reversed(ps):
            if p is ps[-1] and p.stdout:
                out = p.stdout.read()
            said.insert(0, p.stderr.read())
            p.wait(PATIENCE)
        got, text = ps[who].returncode, said[who]
        lines = text.splitlines()
        good = got == status and all(w in text for w in words) and len(lines) == (1 if words else 0)
        tap.ok(good, name, f'status {got}, want {status}; {words}', *lines)
        return out


def mistakes(case):
    m = Mistakes(case)
    db = case.make_db()
    case.src.create(db, 'c', FIELDS)
    case.src.insert(db, 'c', {'pk': [1, 2], 'vec': [vec(1, 2, 3, 4)] * 2})
    nobody = 'http://127.0.0.1:1'
    good = case.path('good.ndjson')
    case.backup(good)
    with open(good) as f:
        stream = f.read()

    for program in 'cdc-meta', 'cdc-read', 'cdc-apply', 'cdc-task':
        m.run(f'{program}: unknown option', 2, [program, '--no-such'], [program, '--no-such'])
    m.run('no etcd there', 3, ['cdc-meta:', '127.0.0.1:1'], ['cdc-meta', '-E', nobody])
    m.run('a wrong root', 1, ['cdc-meta:', "'nothere'", 'by-dev'], case.meta()[:-1] + ['nothere'])
    m.run('no Kafka there', 3, ['cdc-read:', '127.0.0.1:1'], case.meta(), ['cdc-read', '-b', '127.0.0.1:1', '--until', 'now'])
    m.run('no Milvus there', 3, ['cdc-apply:', '127.0.0.1', 'port 1'], ['cdc-apply', '-q', '-T', nobody, '--retry', '1', good])
    m.run('a Milvus that is etcd', 1, ['cdc-apply:'],
          ['cdc-apply', '-q', '-T', os.environ['CDC_ETCD'], '--retry', '20', good])  # its first answers may be cut off
    full = open('/dev/full', 'w')
    m.run('cdc-meta on a full disk', 1, ['cdc-meta:', 'No space'], case.meta(), stdout=full)
    m.run('cdc-read on a full disk', 1, ['cdc-read:', 'No space'], case.meta(), case.read('--until', 'now'), stdout=full)
    m.run('cdc-apply on a full disk', 1, ['cdc-apply:', 'No space'], case.apply(good), stdout=full)
    m.run('garbage for cdc-read', 1, ['cdc-read:'], case.read('--until', 'now'), stdin='garbage\n')
    m.run('garbage for cdc-apply', 1, ['cdc-apply:'], case.apply(), stdin='garbage\n')
    m.run('nothing for cdc-apply', 1, ['cdc-apply:'], case.apply(), stdin='')
    m.run('a newer stream', 1, ['cdc-apply:', 'v'], case.apply(), stdin=stream.replace('"v":1', '"v":2', 1))
    m.run('vectors left out are refused', 1, ['cdc-apply:', 'lossy'], case.meta(),
          case.read('--until', 'now', '--vectors', 'none'), case.apply())
    out = m.run('one line is enough for head', -13, [], case.meta(), case.read('--until', 'now'), ['head', '-n', '1'], who=0) \
        if len(stream) > 10**6 else m.run('head', 0, [], case.meta(), case.read('--until', 'now'), ['head', '-n', '1'])
    tap.ok(json.loads(out)['op'] == 'begin', 'and it is whole')

    # A target with logins
    uri = os.environ.get('CDC_TARGET_AUTH')
    if not tap.ok(uri, 'a target with logins is up'):
        return
    auth = Milvus(uri, 'root:Milvus')
    eventually(lambda: auth.dbs(), 30, 'logins work')
    m.run('no token', 1, ['cdc-apply:'], ['cdc-apply', '-T', uri, '--retry', '1', good])
    m.run('a wrong token', 1, ['cdc-apply:'], ['cdc-apply', '-T', uri, '--retry', '1', good], CDC_TOKEN='root:wrong')
    m.run('the right token', 0, [], ['cdc-apply', '-T', uri, good], CDC_TOKEN='root:Milvus')
    found = diff(case.src, auth, db, 'c')
    tap.ok(not found, 'and it is applied', *found)
    token = case.path('token')
    with open(token, 'w') as f:
        f.write('root:Milvus\n')
    os.chmod(token, 0o644)
    m.run('a token that others can read', 2, ['mode 0644: others may read it'], ['cdc-apply', '-T', uri, '--token-file', token, good])
    os.chmod(token, 0o600)
    m.run('the token in a file', 0, [], ['cdc-apply', '-T', uri, '--token-file', token, good])
    drop_dbs(auth, [db])


main(mistakes)
