#!/bin/sh
# A mistake in an option of a task is refused when the task is made, as the program would that gets the option.
. "$(dirname "$0")/../lib/lib.sh"
export CDC_STATE_DIR="$T/state"

with_arg() { cdc-task create --help | sed -n 's/^ .*--\([a-z-]*\) [A-Za-z].*/\1/p'; }
has() { "$1" --help | grep -q -e "--$2 "; }
program() { # OPTION: the program that gets it, and its name there
	case $1 in
	from | state-dir) return 1 ;; # not of a program's table
	property) return 1 ;;                   # no property that librdkafka does not know: 300
	esac
	for p in cdc-apply cdc-read cdc-meta; do
		has $p "$1" && echo "$p $1" && return
	done
	case $1 in
	etcd-*) echo "cdc-meta ${1#etcd-}" ;;
	target-*) echo "cdc-apply ${1#target-}" ;;
	esac
}
# Behind --help nothing is done; a mistake before it ends the program
said() { # PROGRAM WORD...: its status, and its message without the names of program and option
	"$@" --help >said 2>&1
	echo "$? $(sed -n 's/^cdc-[a-z]*: --[a-z-]*: //p' said)"
}
n=0 refused=0
for o in $(with_arg); do
	set -- $(program "$o")
	[ $# = 2 ] || continue
	for word in x 0 -1 99999999999999999999 1/0 =,= a.b.c; do
		want=$(said "$1" "--$2" "$word")
		got=$(said cdc-task create t --no-check "--$o" "$word")
		n=$((n + 1))
		[ "${want%% *}" = 2 ] && refused=$((refused + 1))
		[ "$want" = "$got" ] || is "--$o $word is to $1 what it is to cdc-task" "$got" "$want"
	done
done
ok "each option that a program gets: $n words, $refused refused" test "$n" -ge 180 -a "$refused" -ge 60
for o in window batch-bytes retry timeout etcd-retry tick shard mode ops skip on-error include exclude rename; do
	exits 2 cdc-task create t --no-check "--$o" a.b.c
	like "  --$o" "$(cat "$err")" "^cdc-task: --$o: .* \\(try --help\\)$"
done
is 'no task is made' "$(cdc-task list)" ''
exits 2 cdc-task create t --no-check --window x
is '  in the words of cdc-apply' "$(cat "$err")" "cdc-task: --window: 'x' is not a number from 1 to 64 (try --help)"
exits 2 cdc-task doctor --window x
exits 0 cdc-task create t --no-check --window 64 --on-error dead --shard 0/2 --mode insert
done_testing
