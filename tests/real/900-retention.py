"""Kafka has removed what a position asks for: status 4 and a sentence, never a silent gap.  Last: it trims real topics."""
from cdctest import *

FIELDS = [F('pk', 'Int64', primary=True), F('vec', 'FloatVector', dim=4)]


def retention(case):
    db = case.make_db()
    case.src.create(db, 'c', FIELDS)
    case.src.insert(db, 'c', {'pk': [1, 2], 'vec': [vec(1, 2, 3, 4)] * 2})
    case.backup(case.path('all'))
    with open(case.path('all')) as f:
        end = f.read().splitlines()[-1]
    with open(case.path('end'), 'w') as f:
        f.write(end + '\n')
    channel = case.src.describe(db, 'c').physical_channel_names[0]
    pipe = case.pipeline()

    # The retention of this one topic becomes a moment; a segment that is written to only goes once a newer one is begun.
    libs = os.path.join(os.environ.get('CDC_DEPS', os.path.join(TOP, '.deps')), 'kafka', 'libs', '*')
    subprocess.run(['java', '-cp', libs, 'kafka.admin.ConfigCommand', '--bootstrap-server', os.environ['CDC_BROKERS'],
                    '--alter', '--entity-type', 'topics', '--entity-name', channel,
                    '--add-config', 'retention.ms=200,segment.ms=200'], check=True, capture_output=True)
    wanted = json.loads(end)['pos'][channel]['o']

    def low():
        out = subprocess.run(['kcat', '-b', os.environ['CDC_BROKERS'], '-Q', '-t', f'{channel}:0:-2'],
                             capture_output=True, text=True, check=True).stdout
        return int(out.split()[-1])

    eventually(lambda: low() > wanted, 60, f'{channel}: offset {wanted} is removed')
    for name, where in ('a position', f'@{case.path("end")}'), ('a start', 'start'):
        c = case.chain(case.meta(), case.read('--until', 'now', '--from', where))
        ends = c.wait()
        said = c['cdc-read'].stderr()
        tap.ok(ends['cdc-read'] == 4 and channel in said and len(said.splitlines()) == 1,
               f'{name} that Kafka has removed is status 4 and names the topic', ends, said)
    pipe.start()
    ends = pipe.chain.wait()
    tap.ok(ends['cdc-read'] == 4, 'a pipeline too', ends)


main(retention)
