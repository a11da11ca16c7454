#!/bin/sh
# A state directory can belong to a service's user, and root looks after its tasks: a link in it leads nowhere.
. "$(dirname "$0")/../lib/lib.sh"

V=$T/elsewhere
S=$T/state
export CDC_STATE_DIR="$S"
them=
! [ "$(id -u)" = 0 ] || them=nobody # as root: all of it is another user's
make() { n=$1 && shift && cdc-task create "$n" --no-check "$@"; }
fresh() { # a state directory with the task dr, and a folder elsewhere that looks like a task's
	rm -rf "$S" "$V"
	mkdir -p "$V/dr" && make dr || return 1
	cp -r "$S/tasks/dr/." "$V/dr/" && cp "$V/dr/"* "$V/" && echo precious >"$V/precious" && cp "$V/precious" "$V/dr/"
	[ -z "$them" ] || chown -R "$them" "$S"
	before=$(all)
}
link() { # TO FROM
	rm -rf "${2:?}" && ln -s "$1" "$2" && { [ -z "$them" ] || chown -h "$them" "$2"; }
}
all() { (cd "$V" && find . -type f -exec cksum {} + | sort); }
untouched() { is "  and nothing is changed there" "$(all)" "$before"; }
refused() { # WHAT STATUS COMMAND...
	what=$1 want=$2
	shift 2
	timeout 10 "$@" >"$out" 2>"$err"
	is "$what: $*" "$?" "$want"
	like '  for the link' "$(cat "$err")" 'symbolic link'
	fails '  of which nothing is told' grep -q precious "$out" "$err"
	untouched
}

# the folder that a task is made in
fresh
link "$V" "$S/tasks/.new.two"
timeout 10 cdc-task create two --no-check -T http://127.0.0.1:2 >"$out" 2>"$err"
like 'create: status 0 or 1' "$?" '^[01]$'
untouched
fresh
link "$V" "$S/tasks/two"
exits 1 make two -T http://127.0.0.1:2
untouched

# a task's folder
for c in delete pause resume show log run 'set --from now' 'commit'; do
	fresh
	link "$V" "$S/tasks/dr"
	# shellcheck disable=SC2086
	set -- $c
	word=$1 && shift
	refused 'a task that is a link' 1 cdc-task "$word" dr "$@" </dev/null
done
fresh
link "$V" "$S/tasks/dr"
timeout 10 cdc-task status dr >"$out" 2>"$err"
like 'its status says so' "$(cat "$out" "$err")" 'symbolic link'
untouched

# the folder of all tasks
for c in 'list' 'delete dr' 'pause dr' 'create two --no-check -T http://127.0.0.1:2' status; do
	fresh
	link "$V" "$S/tasks"
	# shellcheck disable=SC2086
	refused 'all tasks are a link' 1 cdc-task $c
done

# files
for f in task.json desired.json checkpoint.json log.ndjson; do
	fresh
	link "$V/precious" "$S/tasks/dr/$f"
	timeout 10 sh -c 'cdc-task show dr; cdc-task status dr; cdc-task log dr; cdc-task pause dr; cdc-task delete dr' \
		>"$out" 2>"$err"
	like "$f: said" "$(cat "$out" "$err")" 'symbolic link'
	fails '  and not told' grep -q precious "$out" "$err"
	untouched
done
for f in lock run.lock commit.lock; do
	fresh
	link "$V/precious" "$S/tasks/dr/$f"
	refused "$f" 1 cdc-task delete dr
done
fresh
link "$V/precious" "$S/FORMAT"
refused 'FORMAT' 1 cdc-task list
fresh
link "$V/precious" "$S/tasks/.lock"
refused 'the lock of create' 1 cdc-task create two --no-check -T http://127.0.0.1:2

# what would never end
fresh
rm "$S/tasks/dr/task.json" && mkfifo "$S/tasks/dr/task.json"
timeout 10 cdc-task show dr >"$out" 2>"$err"
is 'a pipe for a file is no file' "$?" 1
like '  and is said' "$(cat "$err")" "task.json': neither a file nor a folder"

# what the owner holds for as long as he likes
fresh
flock -F "$S/tasks/dr/desired.json.tmp" sleep 60 &
held=$!
wait_until 10 sh -c "! flock -n '$S/tasks/dr/desired.json.tmp' true"
timeout 20 cdc-task pause dr >"$out" 2>"$err"
is 'a lock that is not let go' "$?" 1
like '  is said' "$(cat "$err")" "tasks/dr/desired.json' is held by another process"
kill $held
rm -f "$S/tasks/dr/desired.json.tmp"
ok '  and then it is written' cdc-task pause dr

# the directory itself may be reached by a link, and hold ordinary files
fresh
ln -s "$S" there
export CDC_STATE_DIR="$T/there"
ok 'a link to the state directory' make two -T http://127.0.0.1:2
is '  is the directory' "$(ls "$S/tasks")" "$(printf 'dr\ntwo')"
ok '  pause' cdc-task pause two
ok '  delete' cdc-task delete two
mkdir sub && export CDC_STATE_DIR=sub/../there/
ok '  also in the middle of a path' make two -T http://127.0.0.1:2
is '  of which all is seen' "$(cdc-task list | wc -l)" 2
untouched
done_testing
