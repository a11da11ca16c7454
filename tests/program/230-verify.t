#!/bin/sh
# cdc-verify and servers that do not answer: always status 3, as 1 says that there are differences.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/applylib.sh"

fake_start
verify() { cdc-verify -S "$CDC_TARGET" -T "$CDC_TARGET" --retry 1 "$@"; }

ends() { # NAME STATUS PATTERN OPTION...: no line, this status, this on stderr
	name=$1 want=$2 pattern=$3
	shift 3
	run_quietly verify "$@"
	is "$name: status" "$tap_got" "$want"
	is "$name: nothing on standard output" "$(cat "$out")" ''
	like "$name: one line" "$(cat "$err")" "$pattern"
	is "$name: and no other" "$(wc -l <"$err" | tr -d ' ')" 1
}

faults '[{"method":"*","grpc":16,"text":"auth check failure"}]'
ends 'a login that is refused' 3 '^cdc-verify: source: .*refuses the login .*auth check failure'
faults '[{"method":"ListDatabases","grpc":7,"text":"no"}]'
ends 'no permission' 3 'permission denied'
faults '[{"method":"*","grpc":12,"text":"unknown"}]'
ends 'a call that is not known' 3 'does not know this call'
faults '[]'
ends 'a token that there is not' 2 'nosuch' --token-file nosuch
ends 'a consistency that there is not' 2 'consistency' --consistency bounded
ends 'too many rows' 2 'page' --page 16385
ends 'a rename that is none' 2 'rename' --rename a
ends 'a time that is none' 2 'as-of' --as-of yesterday
ends 'two sources' 2 'backup' --backup file
ends 'an address that is none' 2 'target' -T host

# nothing to compare is not equal
ends 'no collection on either side' 1 'nothing was compared: there is no collection to compare .*--allow-none'
ends 'which is allowed, and said' 0 'nothing was compared' --allow-none
{ begin; create items; create more; end; } | cdc-apply >/dev/null
ends 'a pattern that meets nothing' 1 "^cdc-verify: --include 'nosuch\.\*' meets no collection of either side \(--allow" -i 'nosuch.*'
ends 'one of two' 1 "^cdc-verify: --include 'default\.itmes' meets no collection" -i items -i itmes
fake_stop
done_testing
