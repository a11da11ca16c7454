#!/bin/sh
# What cdc-task create asks etcd, Kafka and the target before it makes a task; only the catalogue is told.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/applylib.sh"
etcd_start
kafka_up
fake_start
mkdir bin
cp "$BUILD/cdc-task" bin/
told items
feed <<X2
tick 0 50
tick 1 50
X2

exits 0 cdc-task create dr
like 'and says what was found' "$(cat "$out")" 'target .*: Milvus v2.3.5-fake'
like 'all three' "$(cat "$out")" 'kafka .*: 2 topics of cluster '
cdc-task delete dr

# a pattern that meets nothing is a typing mistake more often than not
exits 1 cdc-task create dr -i 'nosuch.*' -i items
like 'is said' "$(cat "$err")" "^cdc-task: --include 'nosuch.\*' meets no collection of the source \\(--allow-none"
is 'nothing is left' "$(cdc-task list)" ''
exits 0 cdc-task create dr -i 'nosuch.*' -i items --allow-none
like 'and it is said' "$(cat "$out")" "^warning   --include 'nosuch.\*' meets no collection of the source\$"
cdc-task delete dr

exits 1 cdc-task create dr --rename default=x --rename nw_shop=y
like 'a --rename that meets nothing' "$(cat "$err")" "^cdc-task: --rename 'nw_shop=y' meets nothing of the source \\(--allow-none"
exits 0 cdc-task create dr --rename nw_shop=y --allow-none
like 'allowed' "$(cat "$out")" "^warning   --rename 'nw_shop=y' meets nothing of the source\$"
cdc-task delete dr

# the login of the environment is of this process alone
CDC_TOKEN=u:secret exits 0 cdc-task create dr
is 'it is said that it is not kept' "$(cat "$err")" "cdc-task: CDC_TOKEN is not kept: each run logs in with what CDC_TOKEN \
is in its own environment, or not at all; --token-file FILE is kept"
is 'which it is not' "$(grep -r secret "$CDC_STATE_DIR")" ''
cdc-task delete dr
(umask 077 && echo u:p >token)
CDC_TOKEN=u:secret exits 0 cdc-task create dr --token-file token
is 'a file is kept: silent' "$(cat "$err")" ''
cdc-task delete dr

# now is a timestamp of the source, when it is said, not the time of this machine or of Kafka
from() { jq -r .from "$CDC_STATE_DIR/tasks/dr/task.json"; }
exits 0 cdc-task create dr --from now
is 'the newest one in the log' "$(from)" "ts:$(ts 50)"
feed <<X2
tick 0 90
tick 1 80
X2
ok 'begin again now' cdc-task set dr --from now
is 'which is another one' "$(from)" "ts:$(ts 90)"
cdc-task delete dr

# an ordinary Milvus denies ReplicateMessage, a standby does not
is 'the target is asked whether it is a standby' "$(calls ReplicateMessage | tail -n 1)" 'ReplicateMessage  refused 1900'
faults '[{"method":"ReplicateMessage","times":9,"code":1100,"reason":"invalid channel name for the replicate message request"}]'
exits 1 cdc-task create dr
like 'with what to do' "$(cat "$err")" 'target refuses writes: set common.ttMsgEnabled to true'
is 'and nothing is left' "$(ls "$CDC_STATE_DIR/tasks")" ''
faults '[{"method":"ReplicateMessage","times":9,"grpc":12,"text":"unknown method ReplicateMessage"}]'
exits 0 cdc-task create dr
cdc-task delete dr
faults '[]'

# the rest of what may be wrong
faults '[{"method":"GetVersion","times":9,"grpc":16,"text":"auth check failure, please check username and password are correct"}]'
exits 1 cdc-task create dr
like 'is said' "$(cat "$err")" 'auth check failure'
faults '[]'
fake_stop
exits 3 cdc-task create dr
like 'is said' "$(cat "$err")" "target: 'http://127.0.0.1:.*': Connection refused"
exits 1 cdc-task create dr -T "$CDC_ETCD"
is 'nothing is left of all of them' "$(cdc-task list)" ''

done_testing
