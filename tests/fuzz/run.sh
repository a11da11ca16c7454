#!/bin/sh
# run.sh FOLDER SECONDS TARGET...: each fuzzer for that long, from its seeds in tests/fuzz/seeds and what earlier runs
# of it kept in FOLDER/TARGET.corpus. One line a target says what was done; the status is 1 if anything was found, and
# the input that did it stays in FOLDER/TARGET.found/. Mend, then keep it among the seeds.
set -u

dir=$1 seconds=$2
shift 2
seeds=$(cd "$(dirname "$0")" && pwd -P)/seeds
status=0

# The last number behind a word of libFuzzer's lines.
last() { # WORD LOG
	sed -n "s/.*$1 *\([0-9][0-9]*\).*/\1/p" "$2" | tail -n 1
}

for t; do
	name=${t%_fuzz}
	mkdir -p "$dir/$t.corpus" "$dir/$t.found"
	[ -d "$seeds/$name" ] || {
		echo "$t: no seeds in $seeds/$name" >&2
		exit 2
	}
	# What the parsers log for people is not of interest here.
	"$dir/$t" -max_total_time="$seconds" -max_len="${FUZZ_LEN:-8192}" -rss_limit_mb=1024 -timeout=20 \
		-close_fd_mask=3 -print_final_stats=1 -artifact_prefix="$dir/$t.found/" \
		"$dir/$t.corpus" "$seeds/$name" >"$dir/$t.log" 2>&1
	rc=$?
	printf '%-12s %12s executions  %6s edges  %7s features  %5s in the corpus  %s\n' "$name" \
		"$(last 'stat::number_of_executed_units:' "$dir/$t.log")" "$(last 'cov:' "$dir/$t.log")" \
		"$(last 'ft:' "$dir/$t.log")" "$(last 'corp:' "$dir/$t.log")" "$([ $rc -eq 0 ] && echo ok || echo FOUND)"
	[ $rc -eq 0 ] || {
		status=1
		tail -n 40 "$dir/$t.log" >&2
	}
done
exit $status
