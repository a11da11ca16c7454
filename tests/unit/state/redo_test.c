#include "state/redo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "state/state.h"

struct place {
	char dir[32];
	char *path;
	struct err e;
};

static int
setup(void **state)
{
	struct place *p = x_calloc(1, sizeof *p);
	char *task, *def;

	strcpy(p->dir, "/tmp/redo.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	assert_int_equal(state_init(p->dir, &p->e), 0);
	task = state_path(p->dir, "t", NULL);
	def = x_asprintf("mkdir -p %s && echo '{}' >%s/task.json", task, task);
	assert_int_equal(system(def), 0); /* NOLINT(cert-env33-c) */
	free(def);
	free(task);
	p->path = state_path(p->dir, "t", "redo.ndjson");
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	char *rm = x_asprintf("rm -rf %s", p->dir);

	assert_int_equal(system(rm), 0); /* NOLINT(cert-env33-c) */
	free(rm);
	free(p->path);
	free(p);
	return 0;
}

static void
add(struct place *p, struct redo *r, const char *line)
{
	assert_int_equal(redo_add(r, line, strlen(line), &p->e), 0);
}

/* One topic, which has come as far as the timestamp. */
static const struct pos *
at(uint64_t ts)
{
	static struct pos p;

	p.ts = ts;
	pos_set(&p, "topic", mq_id_offset(1), mq_id_offset(1), ts);
	return &p;
}

/* The "n" of all lines that a checkpoint at `from` does not know. */
static void
left_at(struct place *p, const struct pos *from, const char *want)
{
	json_t *all = redo_read(p->dir, "t", from, &p->e), *j;
	struct buf got = { 0 };
	size_t i;

	assert_non_null(all);
	buf_adds(&got, "");
	json_array_foreach(all, i, j)
	{
		buf_adds(&got, json_string_value(json_object_get(j, "n")));
	}
	assert_string_equal(got.ptr, want);
	buf_fini(&got);
	json_decref(all);
}

static void
left(struct place *p, uint64_t from, const char *want)
{
	left_at(p, at(from), want);
}

/*
 * While a topic is quiet, the others have come further at each tick: a
 * checkpoint at the first tick does not cover the second one.
 */
static void
ticks_at_one_time_are_told_by_their_topics(void **state)
{
	struct place *p = *state;
	struct pos first = { .ts = 200 }, second = { .ts = 200 };
	struct redo *r = redo_open(p->dir, "t", at(100), &p->e);

	pos_set(&first, "a", mq_id_offset(5), mq_id_offset(7), 210);
	pos_set(&second, "a", mq_id_offset(6), mq_id_offset(7), 220);
	pos_set(&second, "b", mq_id_offset(0), mq_id_offset(0), 0);
	add(p, r, "{\"n\":\"a\"}");
	assert_int_equal(redo_tick(r, &first, &p->e), 0);
	add(p, r, "{\"n\":\"b\"}");
	assert_int_equal(redo_tick(r, &second, &p->e), 0);
	add(p, r, "{\"n\":\"c\"}");
	assert_int_equal(redo_tick(r, &second, &p->e), 0);
	redo_close(r);
	left_at(p, &first, "bc");
	left_at(p, &second, "c");
	pos_fini(&first);
	pos_fini(&second);
}

/* Lines of a version that did not write where a tick stands. */
static void
an_older_tick_has_its_timestamp(void **state)
{
	struct place *p = *state;
	struct redo *r = redo_open(p->dir, "t", at(0), &p->e);

	add(p, r, "{\"n\":\"a\"}");
	add(p, r, "{\"op\":\"tick\",\"ts\":\"200\"}");
	add(p, r, "{\"n\":\"b\"}");
	redo_close(r);
	left(p, 199, "ab");
	left(p, 200, "b");
}

static void
what_a_checkpoint_knows_is_over(void **state)
{
	struct place *p = *state;
	struct redo *r = redo_open(p->dir, "t", at(100), &p->e);

	assert_non_null(r);
	left(p, 0, "");
	add(p, r, "{\"n\":\"a\"}");
	left(p, 100, "a");
	assert_int_equal(redo_tick(r, at(200), &p->e), 0);
	add(p, r, "{\"n\":\"b\"}");
	left(p, 100, "ab");
	left(p, 199, "ab");
	left(p, 200, "b");
	redo_close(r);
}

/* Of two ticks at one time a checkpoint may be the first. */
static void
a_tick_at_the_same_time_says_nothing(void **state)
{
	struct place *p = *state;
	struct redo *r = redo_open(p->dir, "t", at(100), &p->e);

	add(p, r, "{\"n\":\"a\"}");
	assert_int_equal(redo_tick(r, at(100), &p->e), 0);
	left(p, 100, "a");
	assert_int_equal(redo_tick(r, at(200), &p->e), 0);
	add(p, r, "{\"n\":\"b\"}");
	assert_int_equal(redo_tick(r, at(200), &p->e), 0);
	left(p, 200, "b");
	redo_close(r);
}

static void
the_next_start_takes_it_over(void **state)
{
	struct place *p = *state;
	struct redo *r = redo_open(p->dir, "t", at(0), &p->e);

	add(p, r, "{\"n\":\"a\"}");
	assert_int_equal(redo_tick(r, at(200), &p->e), 0);
	add(p, r, "{\"n\":\"b\"}");
	redo_close(r);
	/* Killed before 200 was committed: what the tick said is void. */
	r = redo_open(p->dir, "t", at(150), &p->e);
	add(p, r, "{\"n\":\"c\"}");
	redo_close(r);
	left(p, 200, "abc");
	r = redo_open(p->dir, "t", at(160), &p->e);
	assert_int_equal(redo_tick(r, at(300), &p->e), 0);
	redo_close(r);
	left(p, 299, "abc");
	left(p, 300, "");
}

static void
what_is_torn_was_not_done(void **state)
{
	struct place *p = *state;
	struct redo *r = redo_open(p->dir, "t", at(0), &p->e);
	FILE *f;

	add(p, r, "{\"n\":\"a\"}");
	redo_close(r);
	f = fopen(p->path, "a");
	assert_non_null(f);
	fputs("{\"n\":\"b\"}", f); /* whole, but for its newline */
	fclose(f);
	left(p, 0, "a");
	r = redo_open(p->dir, "t", at(0), &p->e);
	add(p, r, "{\"n\":\"c\"}");
	left(p, 0, "ac");
	redo_close(r);
}

/* The oldest go as soon as the checkpoint is past them. */
static void
it_does_not_grow_for_ever(void **state)
{
	struct place *p = *state;
	struct redo *r = redo_open(p->dir, "t", at(0), &p->e);
	struct checkpoint c = { 0 };
	json_t *all;

	for (int i = 0; i < REDO_LINES_MAX - 1; i++)
		add(p, r, "{\"n\":\"a\"}");
	assert_int_equal(redo_tick(r, at(200), &p->e), 0);
	c.pos.ts = 200;
	pos_set(&c.pos, "topic", mq_id_offset(1), mq_id_offset(1), 200);
	assert_int_equal(checkpoint_save(p->dir, "t", &c, &p->e), 0);
	checkpoint_fini(&c);
	add(p, r, "{\"n\":\"b\"}");
	redo_close(r);
	all = redo_read(p->dir, "t", at(0), &p->e);
	assert_int_equal(json_array_size(all), 1);
	json_decref(all);
	left(p, 0, "b");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_a_checkpoint_knows_is_over, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    a_tick_at_the_same_time_says_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    ticks_at_one_time_are_told_by_their_topics, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    an_older_tick_has_its_timestamp, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_next_start_takes_it_over, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    what_is_torn_was_not_done, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    it_does_not_grow_for_ever, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
