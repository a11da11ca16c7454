#!/bin/sh
# grow.sh [operation|format|option]...: follows the steps that HACKING.md lists for a new one, with a dummy, in a copy
# of the tree; builds it, and sees the dummy at work. For whoever changes those steps; not part of make check.
. "$(dirname "$0")/../lib/lib.sh"
[ $# -gt 0 ] || set -- operation format option

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

		const struct format format_v99 = { .name = "dummy log", .versions = "9.9", .first = 9009, .is = is_v99, .decode = decode };
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
			assert_string_equal(format_of(&r, "t", &e)->name, "dummy log");
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
	operation | format | option) $what ;;
	*) diag "no steps for '$what'"; exit 2 ;;
	esac
done
done_testing
