# Sourced by tests/1[5-9]?-read-*.t behind lib.sh: a Kafka, catalogue lines, what cdc-read made of them.
#
#   kafka_up [NAME]         a mock cluster; $CDC_BROKERS is it; `feed` reads mkmsg's words and returns when all is there
#   header [MORE] · db ID NAME · coll ID NAME [KEY=VALUE...] · part ID COLL NAME · alias NAME COLL · index ID COLL
#   load COLL [PARTS] · ready TS [MORE] · at               catalogue lines; times are in ms, as mkmsg has them
#   told COMMAND [PAUSE]    COMMAND prints a catalogue's body: cat.ndjson, and follow.ndjson for who watches; bin/cdc-meta,
#                           first in PATH, prints them, behind follow.ndjson an `at` each PAUSE [0.05] seconds; if there is
#                           a meta.says, it says that and fails
#   items                   the body of a catalogue with one collection of this name, on topics 0 and 1
#   reads ARG...            cdc-read with the catalogue `cat.ndjson`: $out, $err, status in $got
#   ops [FILE]              the stream in short, a line each: op@ms what
#   rows [FILE]             of it what carries data
#   more N                  words for `feed`: N rows with new keys, and ticks behind; moves $time and $key, adds to $want

exec 8>/dev/null 9>/dev/null
kafka_n=0

kafka_up() {
	kafka_n=$((kafka_n + 1))
	mkfifo "k$kafka_n.in"
	mock-kafka <"k$kafka_n.in" >"k$kafka_n.out" 2>"k$kafka_n.err" &
	kafka_pid=$!
	exec 9>"k$kafka_n.in"
	wait_until 10 test -s "k$kafka_n.out" || echo "# mock-kafka: $(cat "k$kafka_n.err")"
	CDC_BROKERS=$(head -n 1 "k$kafka_n.out")
	export CDC_BROKERS
}

kafka_down() {
	exec 9>/dev/null
	wait "$kafka_pid"
}

feed() { # numbered by what was said so far: behind a pipe, a variable of ours would be forgotten
	fed=$(wc -l <"k$kafka_n.out")
	{ cat && echo "!say fed$fed"; } | mkmsg >&9
	wait_until 20 grep -qx "fed$fed" "k$kafka_n.out" || echo "# mock-kafka: $(cat "k$kafka_n.err")"
}

ts() { # MS
	echo $(($1 * 262144))
}

# Optional members, as KEY=VALUE words: ts create state event db db_id shards start=TOPIC:OFFSET,... props schema name
opt() { # KEY DEFAULT WORD...
	opt_key=$1 opt_value=$2
	shift 2
	for opt_word; do
		case $opt_word in "$opt_key"=*) opt_value=${opt_word#*=} ;; esac
	done
	printf '%s' "$opt_value"
}

event() { # WORD...
	case " $*" in *\ event=*) printf '"rev":9,"event":"%s",' "$(opt event put "$@")" ;; esac
}

header() {
	printf '{"kind":"catalogue","v":1,"rev":5,"root":"by-dev/meta"%s}\n' "${1:-}"
}

FOLLOW=',"follow":true'

db() { # ID NAME [WORD...]
	printf '{"kind":"database",%s"id":"%s","name":"%s","state":"%s","ts":"%s","properties":%s}\n' \
		"$(event "$@")" "$1" "$2" "$(opt state created "$@")" "$(ts "$(opt ts 0 "$@")")" "$(opt props '{}' "$@")"
}

PK='{"id":100,"name":"pk","type":"Int64","primary_key":true,"auto_id":false}'
V='{"id":101,"name":"v","type":"VarChar","params":{"max_length":"65535"}}'
VK='{"id":101,"name":"v","type":"VarChar","params":{"max_length":"65535"},"partition_key":true}'
VEC='{"id":102,"name":"vec","type":"FloatVector","params":{"dim":"2"}}'
SCHEMA="{\"description\":\"\",\"dynamic\":false,\"fields\":[$PK,$V,$VEC]}"
PKSCHEMA="{\"description\":\"\",\"dynamic\":false,\"fields\":[$PK,$VK,$VEC]}"

# The start is topic 0 at 0 if not said: start=0:5,1:7
coll() { # ID NAME [WORD...]
	coll_v='' coll_s='' coll_n=0
	for coll_t in $(opt start 0:0 "$@" | tr , ' '); do
		coll_p=by-dev-rootcoord-dml_${coll_t%%:*}
		coll_v=$coll_v,\"${coll_p}_$1v$coll_n\"
		coll_s=$coll_s,\"$coll_p\":${coll_t#*:}
		coll_n=$((coll_n + 1))
	done
	coll_c=$(opt create 10 "$@")
	printf '{"kind":"collection",%s"id":"%s","db":"%s","db_id":"%s","name":"%s","state":"%s","ts":"%s","create_ts":"%s",' \
		"$(event "$@")" "$1" "$(opt db default "$@")" "$(opt db_id 1 "$@")" "$2" "$(opt state created "$@")" \
		"$(ts "$(opt ts "$coll_c" "$@")")" "$(ts "$coll_c")"
	printf '"schema":%s,"shards":%s,"vchannels":[%s],"start":{%s},"consistency":"Bounded","properties":%s}\n' \
		"$(opt schema "$SCHEMA" "$@")" "$coll_n" "${coll_v#,}" "${coll_s#,}" "$(opt props '{}' "$@")"
}

part() { # ID COLL NAME [WORD...]
	part_c=$(opt create 10 "$@")
	printf '{"kind":"partition",%s"id":"%s","coll_id":"%s","name":"%s","state":"%s","ts":"%s","create_ts":"%s"}\n' \
		"$(event "$@")" "$1" "$2" "$3" "$(opt state created "$@")" "$(ts "$(opt ts "$part_c" "$@")")" "$(ts "$part_c")"
}

alias_() { # NAME COLL [WORD...]
	printf '{"kind":"alias",%s"db":"default","db_id":"1","name":"%s","coll_id":"%s","state":"%s","ts":"%s"}\n' \
		"$(event "$@")" "$1" "$2" "$(opt state created "$@")" "$(ts "$(opt ts 20 "$@")")"
}

index() { # ID COLL [WORD...]
	printf '{"kind":"index",%s"id":"%s","coll_id":"%s","field_id":"102","field":"vec","name":"vec_idx","state":"%s","ts":"%s",' \
		"$(event "$@")" "$1" "$2" "$(opt state created "$@")" "$(ts "$(opt ts 20 "$@")")"
	printf '"params":{"index_type":"FLAT","metric_type":"L2"}}\n'
}

load() { # COLL [WORD...]: parts=11,12, or the whole collection
	load_p=$(opt parts '' "$@")
	load_t=collection
	[ -z "$load_p" ] || load_t=partitions load_p="\"$(echo "$load_p" | sed 's/,/","/g')\""
	printf '{"kind":"load",%s"coll_id":"%s","type":"%s","replicas":1,"partitions":[%s]}\n' \
		"$(event "$@")" "$1" "$load_t" "$load_p"
}

ready() { # MS
	printf '{"kind":"ready","rev":9,"ts":"%s"}\n' "$(ts "$1")"
}

items() {
	coll 1 items start=0:0,1:0
	part 11 1 _default
	ready 20
}

told() {
	{ header ',"born":"1764547200000000000"' && "$1"; } >cat.ndjson
	{ header "$FOLLOW"',"born":"1764547200000000000"' && "$1"; } >follow.ndjson
	mkdir -p bin
	cat >bin/cdc-meta <<X
#!/bin/sh
[ -e '$T/meta.says' ] && { cat '$T/meta.says' >&2; exit 1; }
case "\$*" in *--watch*) ;; *) exec cat '$T/cat.ndjson' ;; esac
cat '$T/follow.ndjson'
while mkmsg at 9; do sleep ${2:-0.05}; done
X
	chmod +x bin/cdc-meta
	PATH=$T/bin:$PATH
}

at() {
	mkmsg at "${1:-9}"
}

reads() {
	got=0
	timeout 20 cdc-read "$@" <cat.ndjson >"$out" 2>"$err" || got=$?
}

ops() {
	jq -r '
	def ms: (tonumber / 262144 | floor | tostring);
	def flags: [ (["late","gone","ensure","partial","lossy","stopped"][] as $f | select(.[$f] == true) | $f) ] | join(",");
	.op + "@" + ((.ts // "0") | ms)
	+ (if .coll then " " + .db + "." + .coll else if .db then " " + .db else "" end end)
	+ (if .coll_id and (.coll | not) then " #" + .coll_id else "" end)
	+ (if .new_coll then " -> " + .new_db + "." + .new_coll else "" end)
	+ (if .part then "/" + .part else "" end)
	+ (if .parts then "/" + (.parts | join(",")) else "" end)
	+ (if .alias then " alias " + .alias else "" end)
	+ (if .index then " index " + .index else "" end)
	+ (if .rows then " " + ([.rows[] | .pk] | join(",")) else "" end)
	+ (if .keys then " " + (.keys | join(",")) else "" end)
	+ (if .op == "unknown" then " " + (.type | tostring) else "" end)
	+ (if flags == "" then "" else " " + flags end)' "${1:-$out}"
}

rows() {
	ops "$@" | grep -E '^(insert|upsert|delete|unknown|import|flush)@' || true
}

# All but ticks and what frames the stream.
body() {
	ops "$@" | grep -vE '^(begin|tick|end)@' || true
}

# live ARG...: cdc-read in the background, $live its pid, live.out and live.err what it writes; the catalogue goes to
# file descriptor 8.  sees PATTERN: waits for such a line of `ops live.out`, with an `at` now and then.
live() {
	rm -f cat.in
	mkfifo cat.in
	: >live.out
	cdc-read "$@" <cat.in >live.out 2>live.err 9>&- &
	live=$!
	exec 8>cat.in
}

seen() {
	at >&8
	sleep 0.05
	ops live.out 2>/dev/null | grep -Eq -- "$1"
}

sees() {
	wait_until 8 seen "$1" || {
		tap 1 "sees $1"
		ops live.out 2>&1 | tail -n 20 | diag
		diag <live.err
	}
}

# A few turns with `at`, in which nothing should happen.
turns() { # N
	for turn in $(seq "$1"); do
		at >&8
		sleep 0.1
	done
}

dead() {
	at >&8 2>/dev/null
	! kill -0 "$live" 2>/dev/null
}

# Waits for its end; the status is in $got.
ends() {
	wait_until 10 dead || {
		kill -KILL "$live" 2>/dev/null
		echo "# did not end"
		ops live.out 2>&1 | tail -n 20 | diag
		diag <live.err
	}
	got=0
	wait "$live" || got=$?
	exec 8>/dev/null
}

stop() {
	kill "-${1:-TERM}" "$live" 2>/dev/null
	ends
}

more() { # N: rows with keys that are new, and ticks behind them
	more_i=0
	while [ $more_i -lt "$1" ]; do
		more_i=$((more_i + 1)) key=$((key + 1)) time=$((time + 10))
		want="$want $key"
		echo "insert $((key % 2)) $time part=11 keys=$key id=$key"
	done
	time=$((time + 10))
	echo "tick 0 $time"
	echo "tick 1 $time"
}
