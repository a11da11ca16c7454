#include "doctor/priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Checks of our own, in the place of the real ones. */

static struct buf said;
static char ran[32]; /* the first letters of the checks, in order */
static int disk_full;

static int
hear(const struct buf *line, struct err *e)
{
	buf_add(&said, line->ptr, line->len);
	return disk_full ? err_set(e, ERR_OUTPUT, "disk full") : 0;
}

static void
run(struct doctor *d)
{
	strncat(ran, d->checks[d->at].name, 1);
}

static void
is_well(struct doctor *d)
{
	run(d);
	doctor_ok(d, "there are %d", 3);
}

static void
is_wrong(struct doctor *d)
{
	run(d);
	doctor_warn(d, NULL, "one is odd");
	doctor_wrong(d, "mend it", "it is broken");
	doctor_warn(d, NULL, "another is odd");
}

static void
is_away(struct doctor *d)
{
	struct err e = { 0 };

	run(d);
	err_set(&e, ERR_TEMP, "nobody answers");
	doctor_fail(d, &e, "start it");
}

static void
needs_in_between(struct doctor *d)
{
	run(d);
	assert_int_equal(doctor_need(d, "away"), V_UNKNOWN);
	doctor_ok(d, "I am still '%s'", d->checks[d->at].name);
}

static const struct doctor_check checks[] = {
	{ "last", is_well, { "well" }, 0 },
	{ "well", is_well, { NULL }, 0 },
	{ "bad", is_wrong, { NULL }, 0 },
	{ "hurt", is_well, { "well", "bad" }, 0 },
	{ "away", is_away, { NULL }, 0 },
	{ "lost", is_well, { "away" }, 0 },
	{ "reach", is_away, { NULL }, DOCTOR_REACHES },
	{ "inside", needs_in_between, { NULL }, 0 },
	{ "away2", is_well, { NULL }, 0 },
};
enum { LAST, WELL, BAD, HURT, AWAY, LOST, REACH, INSIDE, N = 9 };

struct fixture {
	struct doctor_conf conf;
	struct doctor d;
	struct finding done[N];
	int shown[N];
};

static void
begin(struct fixture *f, int json)
{
	memset(f, 0, sizeof *f);
	f->conf.print = hear;
	f->conf.json = json;
	f->d = (struct doctor){ .c = &f->conf,
		.checks = checks,
		.nchecks = N,
		.name = "t",
		.done = f->done,
		.shown = f->shown };
	for (int i = 0; i < N; i++)
		f->shown[i] = 1;
	buf_clear(&said);
	ran[0] = '\0';
	disk_full = 0;
}

static void
end(struct fixture *f)
{
	for (int i = 0; i < N; i++)
		free(f->done[i].text);
	buf_fini(&said);
}

/* What was said, and the status it has come to. */
static void
so_far(struct fixture *f, const char *text, int status)
{
	assert_string_equal(said.len == 0 ? "" : said.ptr, text);
	assert_int_equal(f->d.status_code, status);
	buf_clear(&said);
}

static void
what_is_needed_comes_first_and_once(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 0);
	doctor_make(&f.d, LAST);
	so_far(&f,
	    "ok      well       there are 3\n"
	    "ok      last       there are 3\n",
	    0);
	doctor_make(&f.d, WELL);
	doctor_make(&f.d, LAST);
	so_far(&f, "", 0);
	assert_string_equal(ran, "wl");
	end(&f);
}

static void
what_needs_a_wrong_one_is_not_asked(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 0);
	f.shown[BAD] = 0;
	f.shown[WELL] = 0;
	doctor_make(&f.d, HURT);
	so_far(&f,
	    "unknown hurt       not asked, because of 'bad': it is broken\n",
	    1);
	assert_string_equal(ran, "wb");
	end(&f);
}

static void
the_worst_line_is_the_verdict(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 0);
	doctor_make(&f.d, BAD);
	so_far(&f,
	    "warn    bad        one is odd\n"
	    "wrong   bad        it is broken; mend it\n"
	    "warn    bad        another is odd\n",
	    1);
	assert_int_equal(f.done[BAD].verdict, V_WRONG);
	assert_string_equal(f.done[BAD].text, "it is broken");
	assert_int_equal(doctor_need(&f.d, "bad"), V_WRONG);
	so_far(&f, "", 1);
	end(&f);
}

/* Unknown is 3, wrong is 1, and wrong is more. */
static void
who_is_away_makes_it_unknown(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 0);
	doctor_make(&f.d, LOST);
	so_far(&f,
	    "unknown away       nobody answers\n"
	    "unknown lost       not asked, because of 'away'\n",
	    3);
	doctor_make(&f.d, BAD);
	assert_int_equal(f.d.status_code, 1);
	doctor_make(&f.d, REACH);
	assert_int_equal(f.d.status_code, 1);
	end(&f);
	begin(&f, 0);
	doctor_make(&f.d, REACH); /* here that is the question */
	so_far(&f, "wrong   reach      nobody answers; start it\n", 3);
	doctor_unasked(&f.d, NULL, "nobody was to be asked");
	assert_int_equal(f.d.status_code, 3);
	end(&f);
}

static void
another_may_be_asked_in_between(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 0);
	doctor_make(&f.d, INSIDE);
	so_far(&f,
	    "unknown away       nobody answers\n"
	    "ok      inside     I am still 'inside'\n",
	    3);
	end(&f);
}

static void
json_has_what_the_line_has_and_more(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 1);
	f.d.at = WELL;
	f.d.more = json_pack("{s:i}", "rows", 7);
	doctor_wrong(&f.d, "mend it", "a \"b\"");
	so_far(&f,
	    "{\"task\":\"t\",\"check\":\"well\",\"verdict\":\"wrong\","
	    "\"text\":\"a \\\"b\\\"\",\"todo\":\"mend it\",\"rows\":7}\n",
	    1);
	doctor_ok(&f.d, "c");
	so_far(&f,
	    "{\"task\":\"t\",\"check\":\"well\",\"verdict\":\"ok\","
	    "\"text\":\"c\",\"todo\":null}\n",
	    1);
	end(&f);
}

static void
nothing_is_asked_for_who_cannot_hear(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 0);
	disk_full = 1;
	doctor_make(&f.d, WELL);
	doctor_make(&f.d, BAD);
	assert_string_equal(ran, "w");
	assert_int_equal(f.d.failed.kind, ERR_OUTPUT);
	assert_true(doctor_over(&f.d));
	end(&f);
}

static void
a_check_is_found_by_its_whole_name(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f, 0);
	assert_int_equal(doctor_number(&f.d, "away", 4), AWAY);
	assert_int_equal(doctor_number(&f.d, "away2", 5), 8);
	assert_int_equal(doctor_number(&f.d, "away,x", 4), AWAY);
	assert_int_equal(doctor_number(&f.d, "awa", 3), N);
	assert_int_equal(doctor_number(&f.d, "away3", 5), N);
	end(&f);
}

static void
a_long_list_is_cut(void **state)
{
	struct named l = { 0 };

	(void)state;
	assert_string_equal(named_end(&l), "");
	for (int i = 1; i <= DOCTOR_NAMED; i++)
		named_add(&l, "n%d", i);
	assert_string_equal(named_end(&l), "n1, n2, n3, n4, n5");
	named_fini(&l);
	for (int i = 1; i <= DOCTOR_NAMED + 2; i++)
		named_add(&l, "n%d", i);
	assert_string_equal(named_end(&l), "n1, n2, n3, n4, n5 and 2 more");
	named_fini(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_comes_first_and_once),
		cmocka_unit_test(what_needs_a_wrong_one_is_not_asked),
		cmocka_unit_test(the_worst_line_is_the_verdict),
		cmocka_unit_test(who_is_away_makes_it_unknown),
		cmocka_unit_test(another_may_be_asked_in_between),
		cmocka_unit_test(json_has_what_the_line_has_and_more),
		cmocka_unit_test(nothing_is_asked_for_who_cannot_hear),
		cmocka_unit_test(a_check_is_found_by_its_whole_name),
		cmocka_unit_test(a_long_list_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
