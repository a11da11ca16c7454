#!/bin/sh
# the streaming logs of a 2.6.20 and a 3.0.0 that had a hard life, put back: transactions that did not end, deletes behind
# their inserts, retries, kills, restarts, schema changes, imports, secrets; what is read is by value what the clients did
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/recorded.sh"

kafka_up
etcd_start --unsafe-no-fsync
is '2.6.20 is put back' "$(recorded 2.6.20-more)" by-m26c
is '3.0.0 is put back' "$(recorded 3.0.0)" by-m30

# shellcheck disable=SC2046
whole() { # ROOT VERSION
	cdc-meta -r "$1" >"$2.cat" && cdc-read --from beginning --until end $(judge --left-out "$2") <"$2.cat" >"$2.nd"
}
truth() { # VERSION
	echo "$TESTS/data/recordings/$1/truth.jsonl.gz"
}

ok '2.6.20 is read' whole by-m26c 2.6.20-more
cp "$err" 2.6.20-more.err
is '  equal' "$(judge --of 2.6.20-more "$(truth 2.6.20-more)" 2.6.20-more.nd)" 'equal: 10 collections, 69 rows'
is '  and says what it does not carry' "$(sed 's/.*: //' 2.6.20-more.err | sort | uniq -c | sed 's/^ *//')" \
	'1 AlterReplicateConfig is not carried
1 AlterResourceGroup is not carried'
ok '3.0.0 is read' whole by-m30 3.0.0
cp "$err" 3.0.0.err
is '  equal' "$(judge --of 3.0.0 "$(truth 3.0.0)" 3.0.0.nd)" 'equal: 20 collections, 101 rows'
is '  and says what it does not carry' "$(sed 's/.*: //' 3.0.0.err | sort | uniq -c | sed 's/^ *//')" \
	'1 AlterReplicateConfig is not carried
2 AlterResourceGroup is not carried
3 CreateSnapshot is not carried
1 DropResourceGroup is not carried
1 DropSnapshot is not carried'

# Upserts that raced with drops of partitions and new fields: those that the server confirmed, each once, though it
# tried some again and left others open.
raced() { # VERSION NAME
	jq -c "select(.coll == \"$2\" and .op == \"upsert\")" "$1.nd" | wc -l
}
confirmed() { # VERSION PATTERN
	gzip -dc "$(truth "$1")" | jq -s "[.[] | select(.op | test(\"^racing upserts $2\")) | .ret.ok] | add"
}
begun() { # VERSION TYPE
	gzip -dc "$TESTS/data/recordings/$1/kafka.jsonl.gz" | grep -c "\\[\"_t\",\"$(printf %s "$2" | base64)\"\\]"
}
for v in 2.6.20-more 3.0.0; do
	is "$v: each of racing upserts once" "$(raced $v roll) $(raced $v roll2)" "$(confirmed $v q) $(confirmed $v roll2)"
	ok '  though more were begun' [ "$(begun $v 900)" -gt "$(begun $v 901)" ]
done

# What came from files is a gap with a name, that of a collection made of a snapshot, too.
gaps() { jq -r 'select(.op == "import") | .coll' "$@" | sort | uniq -c | sed 's/^ *//' | paste -sd ,; }
is 'imports are named' "$(gaps 2.6.20-more.nd) $(gaps 3.0.0.nd)" '2 imp 3 imp,1 sn_r'

# A stream that ends between the copies of one change goes on with that change. Its position is before it.
# shellcheck disable=SC2046
cut() { # TIME
	timeout 20 cdc-read --from beginning --until "$1" $(judge --left-out 2.6.20-more) <2.6.20-more.cat >one.nd 2>one.err &&
		timeout 20 cdc-read --from @one.nd --until end $(judge --left-out 2.6.20-more) <2.6.20-more.cat >two.nd 2>two.err
}
changes() { jq -c 'select(.coll == "evo" and (.op | test("insert|upsert|delete"))) | [.op, .ts, .part, [.rows[]?.id], .keys]' "$@"; }
changes 2.6.20-more.nd >whole
for at in 470824478165696541 470824478165696542 470824478217601037 470824478217601047; do
	ok "cut at $at" cut $at
	is '  not a row less or more' "$(changes one.nd two.nd | diff - whole)" ''
	[ $at != 470824478165696541 ] || is '  its end is before the change' "$(jq -r 'select(.op == "end") | .ts' one.nd)" 470824478165696540
done

# 3.0.0: fields that come, change and go; then a struct array comes, which is not read.
jq -c 'if .name == "evo" then del(.unread) else . end' 3.0.0.cat >evo.cat
ok 'a collection until a struct array comes' timeout 20 cdc-read --from beginning --until 470824463753543708 --include default.evo <evo.cat
is '  equal' "$(judge --only default.evo --until 2045 "$(truth 3.0.0)" "$out")" 'equal: 1 collections, 27 rows'
is '  a name came back with another field' "$(jq -c 'select(.op | endswith("_field")) | [.op, .field, .field_id]' "$out" | grep f1 | paste -sd ' ')" \
	'["add_field","f1","104"] ["drop_field","f1","104"] ["add_field","f1","108"]'

# Tokens, access keys and hashes of passwords stand in these logs and catalogues in clear text.
# shellcheck disable=SC2046
for v in 2.6.20-more:by-m26c 3.0.0:by-m30; do
	root=${v#*:} v=${v%:*}
	python3 "$TESTS/judge/hidden.py" "$TESTS/data/recordings/$v" >secrets
	{
		cdc-meta -v -r $root && cdc-read -v --from beginning --until end $(judge --left-out $v) <$v.cat
		cdc-read --explain --from beginning --until end $(judge --left-out $v) <$v.cat
		for c in $(judge --left-out $v | grep -v -e --exclude -e '[*]'); do # what is not read is said, or leaves as it is
			timeout 20 cdc-read -v --from beginning --until end --include $c <$v.cat
		done
	} >said 2>&1
	cat $v.cat $v.nd $v.err >>said
	is "$v: none of its secrets leaves" "$(grep -F -f secrets said | cut -c 1-200)" ''
	ok '  and it has some' grep -q -F -e root:Milvus -e "$(grep -F '$2a' secrets | head -n 1)" secrets
	gzip -dc "$TESTS/data/recordings/$v/truth.jsonl.gz" >spoken
	ok '  which would be seen' grep -q -F -f secrets spoken
done
done_testing
