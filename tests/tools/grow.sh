#!/bin/sh
# grow.sh [operation|format|queue|option]...: follows the steps that HACKING.md lists for a new one, with a dummy, in a copy
# of the tree; builds it, and sees the dummy at work. For whoever changes those steps; not part of make check.
. "$(dirname "$0")/../lib/lib.sh"
[ $# -gt 0 ] || set -- operation format queue option

cp -R "$top/Makefile" "$top/VERSION" "$top/cmd" "$top/completions" "$top/lib" "$top/tests" "$top/man" "$top/dist" .
unset MAKEFLAGS MFLAGS MAKELEVEL
line() { # FILE BEFORE TEXT: one line more, in front of the first that has BEFORE in it
	grep -qF -- "$2" "$1" || { diag "$1 has no line with '$2'"; exit 1; }
	BEFORE=$2 TEXT=$3 awk '!done && index($0, ENVIRON["BEFORE"]) { print ENVIRON["TEXT"]; done = 1 } { print }' "$1" >new && mv new "$1"
}
build() { ok "$1" make -s -j2 BUILD=build WERROR=1 all; }

# A collection that is to be polished: the target flushes it.
operation() {
	line lib/model/ops.def 'OP(CREATE_ALIAS' 'OP(POLISH_COLLECTION, "polish_collection", COLL, DDL)'
	line lib/apply/priv.h '/* alias.c' 'do_fn do_polish_collection;'
	line lib/apply/apply.c '[OP_CREATE_ALIAS] =' '	[OP_POLISH_COLLECTION] = { DDL, do_polish_collection },'
	sed -n '/^do_flush/,/^}/p' lib/apply/collection.c | sed 's/do_flush/do_polish_collection/; 1i\\nint' >>lib/apply/collection.c
	build 'a new operation'
	PATH=$T/build:$PATH BUILD=$T/build
	. "$TESTS/lib/applylib.sh"
	fake_start
	op='{"op":"polish_collection","ts":"5","db":"default","coll":"a","coll_id":"1a"}'
	{ begin; create a; echo "$op"; end; } >in
	exits 0 cdc-apply in
	is '  is applied' "$(calls Flush)" 'Flush default ok'
	: >fake.log
	exits 0 cdc-apply --skip polish_collection in
	is '  and left out' "$(calls Flush)" ''
	{ begin; echo '{"op":"polish_collection","ts":"5","db":"default"}'; end; } >in
	exits 1 cdc-apply in
	like '  its line is checked' "$(cat "$err")" "polish_collection.*'coll'"
	fake_stop
}

# Records with a header of their own, each of which is a tick.
format() {
	sed -i 's/formats\[\] = { /&\&format_v99, /' lib/format/format.c
	sed -i 's/^extern const struct format /&format_v99, /' lib/format/format.h
	cat >lib/format/v99.c <<-'X'
		#include "format/format.h"

		static int
		is_v99(const struct record *r)
		{
			struct span v;

			return record_header(r, "_dummy", &v);
		}

		static int
		decode(const struct record *r, struct msg *m, struct err *e)
		{
			(void)e;
			*m = (struct msg){ .kind = MSG_TICK, .ts = r->len };
			return 0;
		}

		const struct format format_v99 = { .name = "dummy log", .versions = "9.9", .first = 9009000, .last = 9009999, .is = is_v99, .decode = decode };
	X
	sed '/^main/,$d' tests/unit/format/format_test.c | sed '$d' >tests/unit/format/v99_test.c
	cat >>tests/unit/format/v99_test.c <<-'X'
		static void
		a_new_format_is_read(void **state)
		{
			struct one h = { { get }, "_dummy", { "1", 1 } };
			struct buf b = { 0 };
			struct record r = tick(&b, &h.pub);
			struct err e = { 0 };
			struct msg m;

			(void)state;
			assert_string_equal(format_of(&r)->name, "dummy log");
			assert_int_equal(format_peek(&r, &m), 0);
			assert_int_equal(m.kind, MSG_TICK);
			assert_int_equal(m.ts, b.len);
			format_versions(&b);
			assert_non_null(strstr(b.ptr, "9.9"));
			buf_fini(&b);
		}

		int
		main(void)
		{
			const struct CMUnitTest tests[] = { cmocka_unit_test(a_new_format_is_read) };

			return cmocka_run_group_tests(tests, NULL, NULL);
		}
	X
	ok 'a new format' make -s -j2 BUILD=build all build/tests/unit/format/v99_test
	ok '  reads its records' "$T/build/tests/unit/format/v99_test"
}

# Five ticks in two ledgers, in memory.
queue() {
	sed -i 's/queues\[\] = { /&\&mq_dummy, /' lib/mq/mq.c
	line lib/mq/mq.c '#include "mq/kafka.h"' '#include "mq/dummy.h"'
	cat >lib/mq/dummy.h <<-'X'
		#ifndef CDC_MQ_DUMMY_H
		#define CDC_MQ_DUMMY_H

		#include "mq/mq.h"

		extern const struct mq_queue mq_dummy;

		#endif
	X
	cat >lib/mq/dummy.c <<-'X'
		#include "mq/dummy.h"

		#include <poll.h>
		#include <stdlib.h>
		#include <string.h>

		#include "base/buf.h"
		#include "base/err.h"
		#include "base/mem.h"
		#include "codec/pb_write.h"

		enum { ALL = 5, FIRST = 3, STEP_MS = 100 };
		static const char name[] = "by-dev-rootcoord-dml_0";

		struct dummy {
			struct mq pub;
			int next, number;
		};

		static struct mq_id
		id_of(int i)
		{
			return (struct mq_id){ MQ_LEDGER, -1, i < FIRST ? 7 : 9, i < FIRST ? i : i - FIRST };
		}

		static int
		number_of(struct mq_id id)
		{
			int i = 0;

			while (i < ALL && mq_id_cmp(id_of(i), id) < 0)
				i++;
			return i;
		}

		static int is_dummy(const char *brokers) { return strncmp(brokers, "dummy://", 8) == 0; }

		static struct mq *
		open_dummy(const struct mq_conf *conf, struct err *e)
		{
			struct dummy *d = x_calloc(1, sizeof *d);

			(void)conf, (void)e;
			d->pub.queue = &mq_dummy;
			d->next = -1;
			return &d->pub;
		}

		static void close_dummy(struct mq *q) { free(q); }

		static char **
		topics(struct mq *q, const char *prefix, struct err *e)
		{
			char **list = x_calloc(2, sizeof *list);

			(void)q, (void)e;
			if (strncmp(name, prefix, strlen(prefix)) == 0)
				list[0] = x_strdup(name);
			return list;
		}

		static int
		lows(struct mq *q, const char *const *t, size_t n, struct mq_id *low, struct err *e)
		{
			(void)q, (void)t, (void)e;
			for (size_t i = 0; i < n; i++)
				low[i] = id_of(0);
			return 0;
		}

		static int
		highs(struct mq *q, const char *const *t, size_t n, struct mq_id *high, struct err *e)
		{
			(void)q, (void)t, (void)e;
			for (size_t i = 0; i < n; i++)
				high[i] = mq_id_next(id_of(ALL - 1));
			return 0;
		}

		static struct mq_id high(struct mq *q, const char *t) { (void)q, (void)t; return mq_id_next(id_of(ALL - 1)); }

		static int
		at_time(struct mq *q, const char *t, int64_t ms, struct mq_id *id, struct err *e)
		{
			(void)q, (void)t, (void)e;
			*id = ms < STEP_MS ? id_of(0) : id_of(ALL - 1);
			return 0;
		}

		static int ahead(struct mq *q, const char *t, struct mq_id id, struct err *e) { (void)q, (void)t, (void)id, (void)e; return 0; }

		static int
		peek(struct mq *q, const char *t, struct mq_id id, struct record *m, struct err *e)
		{
			struct buf base = { 0 }, b = { 0 };
			int i = number_of(id);

			(void)q, (void)t;
			if (i == ALL)
				return err_set(e, ERR_GONE, "no record at %s", MQ_TEXT(id));
			pbw_u64(&base, 1, 1200); /* TimeTick */
			pbw_u64(&base, 3, (uint64_t)(i + 1) * STEP_MS << 18);
			pbw_bytes(&b, 1, base.ptr, base.len);
			*m = (struct record){ .ptr = b.ptr, .own = b.ptr, .len = b.len, .id = id_of(i), .time_ms = -1 };
			buf_fini(&base);
			return 0;
		}

		static int
		start(struct mq *q, const char *t, int number, struct mq_id id, struct err *e)
		{
			struct dummy *d = (struct dummy *)q;

			(void)t, (void)e;
			d->number = number;
			d->next = number_of(id);
			return 0;
		}

		static int halt(struct mq *q, const char *t, struct err *e) { (void)q, (void)t, (void)e; return 0; }

		static int
		next(struct mq *q, int wait_ms, struct record *m, struct err *e)
		{
			struct dummy *d = (struct dummy *)q;

			if (d->next < 0 || d->next == ALL)
				return poll(NULL, 0, wait_ms), MQ_IDLE;
			if (peek(q, name, id_of(d->next++), m, e) == -1)
				return -1;
			m->topic = d->number;
			return MQ_RECORD;
		}

		static int fd(const struct mq *q) { (void)q; return -1; }

		static int
		follows(struct mq_id want, struct mq_id got)
		{
			return number_of(want) == number_of(got);
		}

		const struct mq_queue mq_dummy = {
			.name = "Dummy", .is = is_dummy, .open = open_dummy, .close = close_dummy, .topics = topics, .lows = lows,
			.highs = highs, .high = high, .at_time = at_time, .ahead = ahead, .peek = peek, .start = start,
			.pause = halt, .resume = halt, .next = next, .fd = fd, .follows = follows,
		};
	X
	build 'a new queue'
	. "$TESTS/lib/readlib.sh"
	header >cat.ndjson
	ready 1 >>cat.ndjson
	one=by-dev-rootcoord-dml_0
	read_dummy() { exits "$1" "$T/build/cdc-read" -b dummy://x "$2" --from "$3" --until "$4" <cat.ndjson; }
	read_dummy 0 --cluster=by-dev beginning end
	jq -c .from "$out" | head -n 1 >from
	tail -n 1 "$out" >all
	is '  begins at its first record' "$(jq -r ".[\"$one\"].o" from)" 7:0
	is '  and is read to its end, over two ledgers' "$(jq -r '.ts, .pos[].n' all | tr '\n' ' ')" "$(ts 500) 9:2 "
	printf '{"op":"tick","ts":"%s","pos":{"%s":{"o":"7:1","n":"7:2","ts":"%s","last":"%s"}}}\n' "$(ts 200)" $one "$(ts 200)" "$(ts 200)" >at
	read_dummy 0 --cluster=by-dev @at end
	is '  goes on at a position' "$(jq -r 'select(.op == "begin") | .from[].o' "$out") $(tail -n 1 "$out" | jq -r '.pos[].n')" '7:1 9:2'
	sed 's/7:2/8:1/; s/7:1/8:0/' at >gone
	read_dummy 4 --cluster=by-dev @gone end
	like '  sees a record that is another one' "$(cat "$err")" "topic '$one' was made anew.*Dummy has 7:0 to 9:2"
	sed 's/"7:\(.\)"/\1/g' at >kafka
	read_dummy 1 --cluster=by-dev @kafka end
	like '  and refuses an offset of Kafka' "$(cat "$err")" "the position 1 is not one of Dummy"
}

# A number of cdc-apply, which a task hands on.
option() {
	line lib/apply/apply.h 'int with_users;' '	int polish;'
	line lib/apply/options.c 'OPT_TEXT(0, "state-dir"' '	OPT_NUM(0, "polish", "N", A, conf.polish, 1, 9, 5, "how bright [5]"),'
	line lib/task/options.c '.name = "with-users"' '	{ .name = "polish", .prog = TASK_APPLY },'
	build 'a new option'
	exits 2 "$T/build/cdc-apply" --polish 10
	is '  has its bounds' "$(cat "$err")" "cdc-apply: --polish: '10' is not a number from 1 to 9 (try --help)"
	export CDC_STATE_DIR="$T/state"
	exits 0 "$T/build/cdc-task" create a --no-check --polish 7
	like '  is handed on by a task' "$("$T/build/cdc-task" show a)" 'cdc-apply .*--polish 7'
	for f in cdc.bash _cdc cdc-apply.fish cdc-task.fish; do
		like "  $f offers it" "$(cat "$T/build/completions/$f")" 'polish'
	done
}

for what; do
	case $what in
	operation | format | queue | option) $what ;;
	*) diag "no steps for '$what'"; exit 2 ;;
	esac
done
done_testing
