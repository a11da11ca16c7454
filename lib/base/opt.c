#include "base/opt.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

enum { MAX_OPTS = 72, LONG_ONLY = 256, OPERAND = 1 };

/* The tables in the form of getopt_long. */
struct spec {
	const struct opt *rows[MAX_OPTS];
	struct option longs[MAX_OPTS];
	char shorts[2 * MAX_OPTS + 2];
	size_t n, at;
	const char *usage;
};

enum { VERBOSE, QUIET, HELP, VERSION_ };
static const struct opt common[] = {
	[VERBOSE] = { .name = "verbose",
	    .letter = 'v',
	    .help = "say more: a line per event" },
	[QUIET] = { .name = "quiet", .letter = 'q', .help = "errors only" },
	[HELP] = { .name = "help", .help = "print this and exit" },
	[VERSION_] = { .name = "version",
	    .help = "print the version and exit" },
	{ 0 },
};

static void
add_table(struct spec *s, const struct opt *table)
{
	for (const struct opt *o = table; o->name != NULL; o++) {
		if (s->n == MAX_OPTS - 1)
			/* only a table with too many rows can cause this */
			abort();
		s->longs[s->n].name = o->name;
		s->longs[s->n].has_arg = o->arg != NULL;
		s->longs[s->n].val =
		    o->letter != 0 ? o->letter : LONG_ONLY + (int)s->n;
		s->rows[s->n++] = o;
		if (o->letter == 0)
			continue;
		s->shorts[s->at++] = (char)o->letter;
		if (o->arg != NULL)
			s->shorts[s->at++] = ':';
	}
}

static void
help(const struct spec *s)
{
	printf("usage: %s %s\n", log_name(), s->usage);
	for (size_t i = 0; i < s->n; i++) {
		const struct opt *o = s->rows[i];
		char left[64];

		snprintf(left, sizeof left, "%c%c%s--%s%s%s",
		    o->letter != 0 ? '-' : ' ',
		    o->letter != 0 ? o->letter : ' ',
		    o->letter != 0 ? ", " : "  ", o->name,
		    o->arg == NULL ? "" : " ", o->arg == NULL ? "" : o->arg);
		printf("  %-28s %s\n", left, o->help);
	}
	exit(fflush(stdout) == 0 ? 0 : 1);
}

/* getopt_long accepts abbreviations; a script's --top must not. */
static void
refuse_abbreviation(const char *word, const char *name)
{
	size_t n = strcspn(word, "=");

	if (strncmp(word, "--", 2) != 0)
		return;
	/* NOLINTNEXTLINE: an option of the table has a name */
	if (n - 2 != strlen(name) || strncmp(word + 2, name, n - 2) != 0)
		opt_die("unknown option '%.*s'", (int)n, word);
}

/* The next option's row, NULL at the end, or an operand's in *operand. */
static const struct opt *
next(const struct spec *s, int argc, char **argv, char **operand)
{
	int index = -1, at = optind == 0 ? 1 : optind, c;

	opterr = 0;
	*operand = NULL;
	c = getopt_long(argc, argv, s->shorts, s->longs, &index);
	if (index >= 0 && argv[at] != NULL)
		refuse_abbreviation(argv[at], s->longs[index].name);
	if (c == ':')
		opt_die("option '%s' needs an argument", argv[optind - 1]);
	if (c == '?' && optopt != 0 && strncmp(argv[at], "--", 2) != 0)
		opt_die("unknown option '-%c'", optopt);
	if (c == '?')
		opt_die("unknown option '%s'", argv[optind - 1]);
	if (c == OPERAND)
		*operand = optarg;
	for (size_t i = 0; i < s->n; i++)
		if (s->longs[i].val == c)
			return s->rows[i];
	return NULL;
}

int
opt_word(const char *words, const char *s, size_t n, struct err *e)
{
	struct buf b = { 0 };
	const char *w = words;

	for (int i = 0;; i++) {
		size_t len = strcspn(w, "|");

		if (len == n && memcmp(w, s, n) == 0) {
			buf_fini(&b);
			return i;
		}
		buf_add(&b, w, len);
		w += len;
		if (*w == '\0')
			break;
		buf_adds(&b, strchr(++w, '|') == NULL ? " or " : ", ");
	}
	err_set(e, ERR_USAGE, "'%.*s' is not %s", (int)n, s, b.ptr);
	buf_fini(&b);
	return -1;
}

static int
number(const struct opt *o, const char *arg, uint64_t *v, struct err *e)
{
	struct err unused;

	if (num_u64(arg, o->min, o->max, v, &unused) == -1)
		return err_set(e, ERR_USAGE,
		    "'%s' is not a number from %" PRIu64 " to %" PRIu64, arg,
		    o->min, o->max);
	return 0;
}

static void
put(void *to, const struct opt *o, uint64_t v)
{
	int i = (int)v;

	if (o->kind == OPT_IS_NUM && o->size == sizeof v)
		memcpy(to, &v, sizeof v);
	else
		memcpy(to, &i, sizeof i);
}

void
opt_append(struct opt_list *l, const char *arg)
{
	l->v = x_grow(l->v, l->n + 1, &l->cap, sizeof *l->v);
	l->v[l->n++] = arg;
	l->v[l->n] = NULL;
}

int
opt_take(const struct opt *o, void *conf, const char *arg, struct err *e)
{
	void *to = (char *)conf + o->at;
	uint64_t v = 1;
	int i;

	switch (o->kind) {
	case OPT_IS_TEXT:
		*(const char **)to = arg;
		return 0;
	case OPT_IS_LIST:
		opt_append(to, arg);
		return 0;
	case OPT_IS_CALL:
		return o->call(to, o, arg, e);
	case OPT_IS_NUM:
		if (number(o, arg, &v, e) == -1)
			return -1;
		break;
	case OPT_IS_WORD:
		if ((i = opt_word(o->words, arg, strlen(arg), e)) == -1)
			return -1;
		v = o->min + (uint64_t)i;
		break;
	case OPT_IS_FLAG:
		break;
	}
	put(to, o, v);
	return 0;
}

/* An option of each program. 0: it is none of these. */
static int
is_common(const struct spec *s, const struct opt *o)
{
	if (o == &common[HELP])
		help(s);
	if (o == &common[VERSION_]) {
		printf("%s %s\n", log_name(), VERSION);
		exit(fflush(stdout) == 0 ? 0 : 1);
	}
	if (o != &common[VERBOSE] && o != &common[QUIET])
		return 0;
	log_level(o == &common[VERBOSE] ? LOG_VERBOSE : LOG_QUIET);
	return 1;
}

const char *
opt_default(const struct opt *o)
{
	return o->env == NULL ? o->fallback : opt_env(o->env, o->fallback);
}

static void
defaults(const struct opt *table, void *conf)
{
	for (const struct opt *o = table; o->name != NULL; o++) {
		const char *text = opt_default(o);

		if (text != NULL)
			*(const char **)(void *)((char *)conf + o->at) = text;
		if (o->number != 0)
			put((char *)conf + o->at, o, o->number);
	}
}

/*
 * order: how getopt_long is to take operands, its '+' or '-'. With '-' they
 * are set aside, and are the last of argv at the end.
 */
static int
parse(int argc, char **argv, char order, const struct opt *table,
    const char *usage, void *conf)
{
	struct spec s = { .shorts = { order, ':' }, .at = 2, .usage = usage };
	char **aside = x_calloc((size_t)argc + 1, sizeof *aside), *operand;
	const struct opt *o;
	struct err e = { 0 };
	int n = 0, first;

	add_table(&s, table);
	add_table(&s, common);
	defaults(table, conf);
	while ((o = next(&s, argc, argv, &operand)) != NULL || operand != NULL)
		if (operand != NULL)
			aside[n++] = operand;
		else if (!is_common(&s, o) &&
			 opt_take(o, conf, optarg, &e) == -1)
			opt_die("--%s: %s", o->name, e.msg);
	first = optind - n; /* behind "--" are operands, too */
	memcpy(argv + first, aside, (size_t)n * sizeof *aside);
	free(aside);
	return first;
}

int
opt_parse(int argc, char **argv, const struct opt *table, const char *usage,
    void *conf)
{
	return parse(argc, argv, '-', table, usage, conf);
}

int
opt_until(int argc, char **argv, const struct opt *table, const char *usage,
    void *conf)
{
	return parse(argc, argv, '+', table, usage, conf);
}

int
opt_go_on(int argc, char **argv, int at, const struct opt *table,
    const char *usage, void *conf)
{
	int before = at - 1; /* stands where a program's name does */

	optind = 0; /* getopt_long begins anew, with another order */
	return before +
	       parse(argc - before, argv + before, '-', table, usage, conf);
}

void
opt_die(const char *fmt, ...)
{
	char msg[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	log_error("%s (try --help)", msg);
	exit(2);
}

const char *
opt_env(const char *name, const char *fallback)
{
	const char *s = getenv(name);

	return s == NULL || s[0] == '\0' ? fallback : s;
}
