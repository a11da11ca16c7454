#!/bin/sh
# A log that is written while it is read through DumpMessages; kill -9 of either side; much of it; hardly any of it.
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/dumplib.sh"

mkdir d
cp "$TESTS/data/dump/2.jsonl" d/p.jsonl
: >d/n.jsonl
dump_start

follow() {
	dumpcat "$URI" 2000 follow out marks p n 2>>cat.err &
	cat_pid=$!
}
stop() { # SIGNAL
	kill -"$1" "$cat_pid"
	wait "$cat_pid" 2>/dev/null
}
has() { # PCHANNEL LAST
	read_of "$1" | tail -1 | grep -q "^$2 "
}

follow
for i in 1 2 3 4 5 6 7 8; do
	write_log "a$i" p 0 20 300
	write_log "b$i" p "$i" 30 2000
	write_log "c$i" n "$((i + 50))" 10 50
	sleep 0.3
	case $i in
	2 | 5)
		stop 9
		follow
		;;
	3 | 6)
		dump_kill
		sleep 0.2
		dump_start
		;;
	4)
		fault '"after": 7, "cut": true'
		stop 9
		follow
		;;
	7)
		stop TERM
		follow
		;;
	esac
done
written
wait_until 20 has p "$(log_of p | tail -1 | cut -d' ' -f1)"
wait_until 20 has n "$(log_of n | tail -1 | cut -d' ' -f1)"
sleep 0.5
stop TERM
is 'under kill -9 of either side all is read once' "$(read_of p)" "$(log_of p)"
is '  of the other channel, too' "$(read_of n)" "$(log_of n)"
is '  in the order of time ticks' "$(read_of p | awk '$2 < t { print } { t = $2 }')" ''
is '  and none comes at or below what was proven' \
	"$(awk '$2 == "made" { w[$1] = $3 } $2 != "made" && $3 <= w[$1] { print }' out)" ''
is '  and is said what was wrong' "$(grep -c 'not in the log' cat.err)" 0

# Idle: a call a second and channel, and a timestamp for both of them; a great last transaction is not sent again.
write_log big p 99 4 60000
written
follow
wait_until 20 has p "$(log_of p | tail -1 | cut -d' ' -f1)"
sleep 1
before=$(wc -l <d/log)
cpu() {
	awk '{ print $14 + $15 }' "/proc/$cat_pid/stat"
}
used=$(cpu)
sleep 4
used=$(($(cpu) - used))
tail -n "+$((before + 1))" d/log >idle
calls=$(grep -c 'DumpMessages p' idle)
ok "$calls calls in 4 s: one a second" test "$calls" -ge 3 -a "$calls" -le 5
is 'and not more for the other' "$(grep -c 'DumpMessages n' idle)" "$calls"
ok '  with one timestamp for both' test "$(grep -c AllocTimestamp idle)" -le $((calls + 2))
ok "$used ticks of a processor: next to nothing" test "$used" -le 10
is 'what stands at the last time tick is not sent again' "$(grep 'DumpMessages p' idle | grep -vc 'sent 0')" 0
ok 'and is proven all the while' test "$(grep -c 'p made' out)" -ge 4
write_log more p 0 1 10
written
wait_until 20 has p "$(log_of p | tail -1 | cut -d' ' -f1)"
stop TERM
is 'and what is new comes once' "$(read_of p)" "$(log_of p)"

# A backlog of 1 GiB; the reader is killed in it, and takes a part of it slowly.
printf '{"messages": 16384, "bytes": 65536}' >d/f.flood
rm -f out marks
dumpcat "$URI" 20000 slow out marks f 2>cat.err &
cat_pid=$!
sleep 3
stop 9
[ -s marks ] || echo '# no mark yet'
dumpcat "$URI" 20000 once out marks f 2>cat.err
is 'all of 1 GiB is there, once' "$(awk '$2 != "made" { if ($2 != ++n || $5 != 65536) print "bad", n }
	END { print n, $2 }' out)" '16384 made'
is '  by value' "$(awk '$2 == 1 || $2 == 9000 || $2 == 16384 { print $6 }' out)" "$(python3 -c '
for i in 0, 8999, 16383:
    s = 0
    for b in i.to_bytes(8, "big") * 8192:
        s = (s * 31 + b) % 2 ** 64
    print(s)')"
mib=$(sed -n 's/.* \([0-9]*\) MiB/\1/p' cat.err)
ok "  in $mib MiB of memory" test "$mib" -lt 64

dump_kill
done_testing
