# Sourced behind readlib.sh and etcd.sh: what genuine servers wrote, tests/data/recordings.
#
#   recorded VERSION        puts it into the mock cluster and the etcd of this test; prints the root of its keys
#   judge ARG...            tests/judge/judge.py

recorded() {
	data=$TESTS/data/recordings/$1
	gzip -dc "$data/kafka.jsonl.gz" | jq -r .topic | sort -u | sed 's/.*/!topic	&	1/' >&9
	sh "$TESTS/tools/replay" "$data"
}

judge() {
	"${py:-python3}" "$TESTS/judge/judge.py" "$@" # $py has pymilvus: applylib.sh
}
