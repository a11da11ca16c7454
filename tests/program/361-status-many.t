#!/bin/sh
# Many ask the server for all its tasks at a time, and Kafka is silent: it does not take a thread and a client for each.
. "$(dirname "$0")/../lib/lib.sh"
export CDC_STATE_DIR="$T/state"
python3 - >port <<'X2' &
import socket, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(4096)
print(s.getsockname()[1], flush=True)
all = []
while True:
    all.append(s.accept())
X2
silent=$!
wait_until 10 test -s port
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	cdc-task create t$i --no-check -i "db$i.*" -b "127.0.0.1:$(cat port)" >/dev/null 2>&1
	echo '{"op":"ack","ts":"449052000000000000","pos":{"t":{"o":5,"n":5,"ts":"449052000000000000"}},"known":{},"n":{"rows":1},"end":true}' |
		cdc-task commit t$i || exit 1
done
cdc-httpd --listen 127.0.0.1:0 --print-address >at 2>httpd.log &
httpd=$!
wait_until 10 test -s at
for i in $(seq 40); do
	curl -s -m 60 -o "r$i" -w '%{http_code}\n' "http://$(cat at)/tasks" >"c$i" &
	asks="${asks:-} $!"
done
threads=0 fds=0
while [ "$(cat c* | grep -c .)" -lt 40 ] && kill -0 $httpd; do
	n=$(ls /proc/$httpd/task | wc -l)
	[ "$n" -le $threads ] || threads=$n
	n=$(ls /proc/$httpd/fd | wc -l)
	[ "$n" -le $fds ] || fds=$n
	sleep 0.1
done
wait $asks
diag <<X2
$threads threads, $fds descriptors
X2
is 'all are answered' "$(cat c* | sort | uniq -c | tr -s ' ')" ' 40 200'
ok 'with few threads' [ $threads -lt 250 ]
ok 'and few descriptors' [ $fds -lt 400 ]
is 'each has all the tasks' "$(for i in $(seq 40); do jq '.tasks | length' "r$i"; done | sort | uniq -c | tr -s ' ')" ' 40 12'
is 'with why the lag is not known' "$(jq '.tasks[] | select(.lag_ms == null and .lag_unknown != null) | 1' r* | grep -c .)" 480
kill $httpd $silent
done_testing
