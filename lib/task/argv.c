#include "task/task.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/utf8.h"

const char *
task_prog_name(enum task_prog prog)
{
	static const char *const names[] = { "cdc-meta", "cdc-read",
		"cdc-apply", "cdc-task" };

	return names[prog];
}

/* A list of arguments that grows. */
struct args {
	char **v;
	size_t n, cap;
};

static void
add(struct args *a, const char *s)
{
	a->v = x_grow(a->v, a->n, &a->cap, sizeof *a->v);
	a->v[a->n++] = s == NULL ? NULL : x_strdup(s);
}

/* The option as its program takes it: --name, or -X. */
static void
add_name(struct args *a, const struct task_option *o)
{
	const char *as = o->as == NULL ? o->name : o->as;
	char *word = x_asprintf("%s%s", as[1] == '\0' ? "-" : "--", as);

	add(a, word);
	free(word);
}

static void
add_option(struct args *a, const struct task_option *o, const json_t *v,
    const char *dir, const char *name)
{
	const char *text = json_string_value(v);
	char *dead;

	if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++)
			add_option(a, o, json_array_get(v, i), dir, name);
		return;
	}
	if (!json_is_true(v) && text == NULL)
		return;
	add_name(a, o);
	if (text == NULL)
		return;
	if (strcmp(o->name, "on-error") != 0 || strcmp(text, "dead") != 0) {
		add(a, text);
		return;
	}
	dead = x_asprintf("dead:%s/tasks/%s/dead.ndjson", dir, name);
	add(a, dead);
	free(dead);
}

static int
is_for(const struct task_option *o, enum task_prog prog, const json_t *task)
{
	if (o->prog != TASK_PROGS)
		return o->prog == prog;
	return (prog == TASK_META && task_asks_source(task)) ||
	       (prog == TASK_READ && task_reads_source(task));
}

char **
task_argv(const json_t *task, enum task_prog prog, const char *dir)
{
	const char *name = json_string_value(json_object_get(task, "name"));
	const json_t *options = json_object_get(task, "options");
	struct args a = { 0 };
	char *from;

	add(&a, task_prog_name(prog));
	for (const struct task_option *o = task_options; o->name != NULL; o++)
		if (is_for(o, prog, task))
			add_option(&a, o, json_object_get(options, o->name),
			    dir, name);
	/* without etcd, changes are in the log alone */
	if (prog == TASK_META && !task_asks_source(task))
		add(&a, "--watch");
	if (prog == TASK_READ) {
		from = x_asprintf("task:%s", name);
		add(&a, "--from");
		add(&a, from);
		free(from);
	}
	if (prog != TASK_META) {
		add(&a, "--state-dir");
		add(&a, dir);
	}
	if (prog == TASK_COMMIT) {
		add(&a, "commit");
		add(&a, name);
	}
	add(&a, NULL);
	return a.v;
}

void
task_argv_free(char **argv)
{
	for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
		free(argv[i]);
	free(argv);
}

static int
plain(const char *s)
{
	for (; *s != '\0'; s++)
		if (!isalnum((unsigned char)*s) &&
		    strchr("-_./:=,@%+", *s) == NULL)
			return 0;
	return 1;
}

/*
 * If a terminal would act on the argument, or it is not UTF-8, it is written as
 * $'…', for the shells that have that (POSIX.1-2024); any other argument as
 * '…', for all shells.
 */
static void
add_quoted(struct buf *b, const char *s)
{
	struct buf shown = { 0 };
	int odd;
	uint32_t u;

	buf_adds(&shown, "");
	text_plain(&shown, s, strlen(s));
	odd = strcmp(shown.ptr, s) != 0;
	buf_fini(&shown);
	buf_adds(b, odd ? "$'" : "'");
	for (size_t k, n = strlen(s); n > 0; s += k, n -= k) {
		k = utf8_seq(s, n);
		if (k == 0 || text_acts(s, k, &u)) {
			k += k == 0;
			for (size_t i = 0; i < k; i++)
				buf_addf(b, "\\%03o", (unsigned char)s[i]);
		} else if (*s == '\'')
			buf_adds(b, odd ? "\\'" : "'\\''");
		else if (*s == '\\' && odd)
			buf_adds(b, "\\\\");
		else
			buf_add(b, s, k);
	}
	buf_addc(b, '\'');
}

char *
task_argv_text(char **argv)
{
	struct buf b = { 0 };

	for (size_t i = 0; argv[i] != NULL; i++) {
		if (i > 0)
			buf_addc(&b, ' ');
		if (argv[i][0] != '\0' && plain(argv[i]))
			buf_adds(&b, argv[i]);
		else
			add_quoted(&b, argv[i]);
	}
	return buf_take(&b);
}
