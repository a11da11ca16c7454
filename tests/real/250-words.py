"""Free text that Milvus takes (descriptions, properties, parameters, keys; names are letters, digits and underscores) and
what a target says, on their way to terminals and JSON: carried as it is, and no program shows what a terminal acts on."""
from cdctest import *

WORD = 'a\x1b]0;\x9b31m世界\u202e\n"$(x)`y`\\'
FIELDS = [F('pk', 'VarChar', primary=True, max_length=200), F('vec', 'FloatVector', dim=4)]
NOTED = [F('pk', 'VarChar', primary=True, max_length=200, note=WORD), F('vec', 'FloatVector', dim=4)]


def acts(said, json=False):
    """The characters in it that a terminal acts on; marks that turn the order of words may stand in JSON."""
    text = said.decode('utf-8', 'surrogateescape')
    return sorted({ascii(c) for c in text if c != '\n' and (
        ord(c) < 32 or 127 <= ord(c) < 160 or 0xd800 <= ord(c) < 0xe000 or
        not json and (0x2028 <= ord(c) < 0x202f or 0x2066 <= ord(c) < 0x206a))})


def says(case, *argv, stdin=None):
    """Status, standard output and error, as bytes."""
    p = subprocess.run([os.path.join(BUILD, argv[0]), *argv[1:]], env=case.env, timeout=PATIENCE, capture_output=True, input=stdin)
    tap.ok(not acts(p.stderr), f'{argv[0]} {argv[-1]}: its words', acts(p.stderr), p.stderr)
    return p.returncode, p.stdout, p.stderr.decode('utf-8', 'replace')


def is_clean(out, name, json=True):
    tap.ok(not acts(out, json), name, acts(out, json))
    tap.ok('世界'.encode() in out, f'{name}: can be read', out[:500])


def words_of_the_source(case):
    db = case.make_db()
    src, dst = case.src, case.dst
    src.create(db, 'words', NOTED, description=WORD, properties={WORD: WORD})
    src.index(db, 'words', 'vec', name='i', index_type='FLAT', metric_type='L2', params=json.dumps({WORD: WORD}, ensure_ascii=False))
    src.load(db, 'words')
    src.insert(db, 'words', {'pk': [WORD, 'b' + WORD], 'vec': [vec(1, 2, 3, 4)] * 2})
    line = case.pipeline('task')
    line.start()
    line.catch_up()
    line.stop()
    case.same('the target has the same words')
    described = dst.describe(db, 'words')
    tap.ok(described.schema.description == WORD and dict_of(described.properties).get(WORD) == WORD, 'to the letter', described)

    status, out, _ = says(case, *case.meta(f'{db}.*'))
    is_clean(out, 'cdc-meta')
    lines = [json.loads(x) for x in out.splitlines()]
    tap.ok(any(x.get('schema', {}).get('description') == WORD for x in lines), '  has the same words', out)
    status, plain, _ = says(case, *case.meta('--plain', f'{db}.*'))
    is_clean(plain, 'cdc-meta --plain', json=False)
    status, out, _ = says(case, *case.read('--until', 'now'), stdin=subprocess.run(
        [os.path.join(BUILD, 'cdc-meta'), *case.meta()[1:]], env=case.env, capture_output=True).stdout)
    is_clean(out, 'cdc-read')
    tap.ok([r['pk'] for x in map(json.loads, out.splitlines()) if x['op'] == 'insert' for r in x['rows']] == [WORD, 'b' + WORD],
           '  has the same keys', out)

    verify = ['cdc-verify', '-S', src.uri, '-T', dst.uri, '-i', f'{db}.*', '--consistency', 'strong']
    status, out, err = says(case, *verify)
    tap.ok(status == 0, 'cdc-verify: equal', out, err)
    dst.delete(db, 'words', f'pk in [{json.dumps(WORD)}]')
    status, out, _ = says(case, *verify)
    tap.ok(status == 1, 'cdc-verify: one is missing', out)
    is_clean(out, '  and its key')


def words_of_a_target(case):
    db = case.make_db()
    src, dst = case.src, case.dst
    src.create(db, 'clash', NOTED)
    dst.create_db(db)
    dst.create(db, 'clash', FIELDS)
    case.run('cdc-task', 'create', 'clash', '--etcd', case.etcd, '--root', os.environ['CDC_ROOT'], '--brokers', case.brokers,
             '--target', case.target, '-i', f'{db}.*')
    status, out, err = says(case, 'cdc-task', 'run', 'clash')
    tap.ok(status == 1 and 'clash' in err, 'another collection of that name is there', status, err)
    for argv in ('status', 'clash'), ('log', 'clash'), ('doctor', 'clash'), ('status', '-v', 'clash'):
        _, out, _ = says(case, 'cdc-task', *argv)
        tap.ok(not acts(out, argv[0] == 'log'), f'cdc-task {argv[0]}', out)


main(words_of_the_source, words_of_a_target)
