#!/bin/sh
# cdc-meta -w while etcd is put back to a snapshot, or another one comes up in its place: status 4, and not a line more.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/etcd.sh"
command -v etcdctl >/dev/null 2>&1 || skip_all 'no etcdctl here (Debian: etcd-client)'

DB=$BASE/root-coord/database/db-info/1
part() { # FROM TO: lines of the history; prints the last revision
	sed -n "$1,$2p" "$HISTORY" >part
	etcdtool replay part
}
again() { # N: an existing key is put N times, as it stands
	sed -n '/"by-dev.meta.root-coord.database.db-info.1"/{p;q;}' "$HISTORY" >one
	i=0
	while [ $i -lt "$1" ]; do i=$((i + 1)) && cat one; done >many
	etcdtool replay many
}
snapshot() { ETCDCTL_API=3 etcdctl --endpoints "$CDC_ETCD" snapshot save "$T/snapshot" >/dev/null 2>&1; }
restore() { # [OPTION...]
	etcd_stop KILL
	rm -rf "$T/etcd"
	ETCDCTL_API=3 etcdctl snapshot restore "$T/snapshot" --data-dir "$T/etcd" --initial-cluster "default=$etcd_peer" \
		--initial-advertise-peer-urls "$etcd_peer" "$@" >restore.log 2>&1 || diag <restore.log
	etcd_start
}
follow() { # [OPTION...]
	: >live
	cdc-meta -w "$@" >live 2>live.err &
	pid=$!
	wait_until 10 grep -q "{\"kind\":\"at\",\"rev\":$rev," live
}
is_over() { ! kill -0 $pid 2>/dev/null; }
falls() { # revisions of at lines that go back
	sed -n 's/^{"kind":"at","rev":\([0-9]*\),.*/\1/p' live | awk '$1 < last { print last, $1 } { last = $1 }'
}
stops() { # NAME PATTERN
	wait_until 20 is_over || kill $pid
	got=0
	wait $pid || got=$?
	is "$1: status 4" "$got" 4
	like '  one sentence with both' "$(tail -n 1 live.err)" "$2"
	like '  and the choices' "$(tail -n 1 live.err)" "'cdc-task set .*--missing keep.*--missing drop.*--from"
	is '  no revision falls' "$(falls)" ''
}

etcd_start
part 1 30 >/dev/null
snapshot
rev=$(part 31 57)
before=$(python3 -c 'import json,sys; print(json.loads(sys.stdin.read())["header"]["cluster_id"])' <<X2
$(curl -s "$CDC_ETCD/v3/kv/range" -d '{"key":"eA=="}')
X2
)
follow
restore
again 1 >/dev/null
stops 'put back to a snapshot' "^cdc-meta: etcd '$CDC_ETCD' went back: cluster $before is at revision [0-9]+, and was at $rev,.*newest change seen before is of 20"

# Halted, so that the old revision is passed before it looks; what it waits for comes, but from another past
part 31 57 >/dev/null
snap_rev=$(again 1)
snapshot
rev=$(part 31 57)
follow
kill -STOP $pid
restore
grown=$(again 100)
ok "grown past it ($rev < $grown)" test "$grown" -gt "$((rev + 5))"
kill -CONT $pid
stops 'put back and grown past it' "^cdc-meta: etcd '$CDC_ETCD' went back: .*revision $rev"

# The same, and what it would look at is compacted
snapshot
rev=$(part 31 57)
follow
kill -STOP $pid
restore
again 100 >/dev/null
etcdtool compact
kill -CONT $pid
stops 'put back, grown past it, compacted' "^cdc-meta: etcd '$CDC_ETCD' went back: .*revision $rev"

# Another cluster, further on than the first
snapshot
rev=$(again 1)
follow
restore --initial-cluster-token another
again 10 >/dev/null
stops 'another cluster' "^cdc-meta: etcd '$CDC_ETCD' is another cluster: [0-9]+, .*was $before"

# What the watch brought last is newer than any answer: nobody reads, so nothing was asked since
snapshot
rev=$(again 1)
cat >reader.py <<'PY'
import fcntl, os, sys, time
fcntl.fcntl(0, 1031, 4096)  # F_SETPIPE_SZ: full with one line, as cdc-read has it
for line in sys.stdin:
    if '"at"' in line and not os.path.exists('paused'):
        open('paused', 'w').close()
        while not os.path.exists('go'):
            time.sleep(0.05)
PY
{ sleep 1 && cdc-meta -w 2>live.err; echo $? >status; } | python3 reader.py &
reader=$!
wait_until 10 test -e paused
sleep 0.5 # one more at, which is not taken
etcdtool put by-dev/other x >/dev/null
sleep 0.5
restore --initial-cluster-token another
touch go
wait $reader
is 'put back below an event: status 4' "$(cat status)" 4
like '  one sentence' "$(tail -n 1 live.err)" "^cdc-meta: etcd '$CDC_ETCD' went back: cluster"

# The same at the same place: nothing
rev=$(again 1)
follow
snapshot
restore --initial-cluster-token another
rev=$(again 1)
ok 'put back to where it was: it goes on' wait_until 10 grep -q "\"at\",\"rev\":$rev," live
kill $pid
wait $pid 2>/dev/null
is 'without a resync' "$(grep -c resync live)" 0
etcd_stop
done_testing
