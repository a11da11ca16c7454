#!/bin/sh
# what genuine servers wrote, put back, goes through the whole chain into a target, which has by value what the clients did
. "$(dirname "$0")/../lib/lib.sh"
. "$TESTS/lib/readlib.sh"
. "$TESTS/lib/etcd.sh"
. "$TESTS/lib/applylib.sh"
. "$TESTS/lib/recorded.sh"

# cdc-meta | cdc-read | cdc-apply | cdc-task commit, from where the task is
# shellcheck disable=SC2046
chain() { # UNTIL ARG-OF-APPLY...
	chain_until=$1
	shift
	cdc-meta -r "$root" | cdc-read --from "task:$v" --until "$chain_until" $(judge --target --left-out "$v") -v 2>>read.err |
		{ cdc-apply -v "$@" 2>>apply.err || echo $? >apply.status; } | cdc-task commit "$v" && [ ! -e apply.status ]
}
# The time of the line in the middle.
# shellcheck disable=SC2046
middle() {
	cdc-meta -r "$root" | cdc-read --from beginning --until end $(judge --target --left-out "$v") 2>read.err >all
	sed -n "$(($(wc -l <all) / 2))p" all | jq -r .ts
}

compared() { # FILE
	judge --target --of "$v" "$TESTS/data/recordings/$v/truth.jsonl.gz" "$1" | sed 's/equal: .*/equal/'
}

kafka_up
etcd_start --unsafe-no-fsync
for v in 2.4.24 2.5.27 2.6.20 2.6.20-more 3.0.0; do
	mkdir "$T/$v" && cd "$T/$v" || exit 1
	root=$(recorded $v)
	rm -f "$T/fake.port"
	fake_start
	cdc-task create "$v" --no-check || exit 1
	ok "$v: one half" chain "$(middle)" --with-users --skip import
	ok '  the other half' chain end --with-users --skip import
	is '  the target has by value what the client did' "$(compared fake)" equal
	cp fake before; cp fake.users before.users
	ok '  and once more' chain end --with-users --skip import
	is '  it is as it was' "$(cmp fake before; cmp fake.users before.users)" ''
	fake_stop
	case $v in 2.6*|3*)
		python3 "$TESTS/judge/hidden.py" "$TESTS/data/recordings/$v" >../secrets
		is '  and no secret of the source is anywhere' "$(grep -r -l -F -f ../secrets . "$CDC_STATE_DIR")" ''
		;;
	esac
done

# What the judge sees of a target.
worse() { # STATEMENT-ABOUT-rows-users-roles
	"$py" -c "import pickle
d, (users, roles) = pickle.load(open('fake', 'rb')), pickle.load(open('fake.users', 'rb'))
rows = d['default']['after']['rows']
$1
pickle.dump(d, open('worse', 'wb'))
pickle.dump((users, roles), open('worse.users', 'wb'))" && compared worse
}
is 'sees a row that lacks' "$(worse "del rows[3, '_default']")" 'collections default.after rows: 3: only in the truth'
is 'sees a float that differs' "$(worse "rows[3, '_default']['v'][0] = 3.5")" \
	'collections default.after rows 3 v: truth 000040400000803f, target 000060400000803f'
is 'sees another partition' "$(worse "rows[3, 'p'] = rows.pop((3, '_default'))")" \
	"collections default.after rows 3 partition: truth '_default', target 'p'"
is 'sees a user that is left over' "$(worse "users['u2'] = set()")" 'users: u2: only in the target'

# Rows that came from files are a gap, where the chain stops unless it is told to go on.
for v in 2.6.20-more:by-m26c 3.0.0:by-m30; do
	root=${v#*:} v=${v%:*}
	mkdir "$T/gap-$v" && cd "$T/gap-$v" || exit 1
	fake_start
	cdc-task create gap --no-check >/dev/null 2>&1
	# shellcheck disable=SC2046
	cdc-meta -r "$root" | cdc-read --from beginning --until end $(judge --target --left-out "$v") 2>read.err >all
	exits 1 cdc-apply all
	like "$v: names the import" "$(cat "$err")" "import 'default.imp'.*rows were imported in bulk at the source"
	fake_stop
done
done_testing
