#include "base/opt.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

enum { MAX_OPTS = 64, OPT_HELP = 1000, OPT_VERSION };

static const struct opt common[] = {
	{ "verbose", 'v', NULL, "say more: a line per event" },
	{ "quiet", 'q', NULL, "errors only" },
	{ "help", OPT_HELP, NULL, "print this and exit" },
	{ "version", OPT_VERSION, NULL, "print the version and exit" },
	{ 0 },
};

static void
help(const struct opt *tables[2], const char *usage)
{
	printf("usage: %s %s\n", log_name(), usage);
	for (int t = 0; t < 2; t++)
		for (const struct opt *o = tables[t]; o->name != NULL; o++) {
			char left[64];

			snprintf(left, sizeof left, "%c%c%s--%s%s%s",
			    o->letter < 256 ? '-' : ' ',
			    o->letter < 256 ? o->letter : ' ',
			    o->letter < 256 ? ", " : "  ", o->name,
			    o->arg == NULL ? "" : " ",
			    o->arg == NULL ? "" : o->arg);
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

/* order: how getopt_long is to take operands, its '+' or '-'. */
static int
next(int argc, char **argv, const struct opt *table, const char *usage,
    char order, const char **arg)
{
	const struct opt *tables[2] = { table, common };
	struct option longs[MAX_OPTS] = { { 0 } };
	char shorts[2 * MAX_OPTS] = { order, ':' }, *s = shorts + 2;
	int n = 0, c, index = -1, at = optind;

	for (int t = 0; t < 2; t++)
		for (const struct opt *o = tables[t];
		     o->name != NULL && n < MAX_OPTS - 1; o++) {
			longs[n].name = o->name;
			longs[n].has_arg = o->arg != NULL;
			longs[n++].val = o->letter;
			if (o->letter < 256) {
				*s++ = (char)o->letter;
				if (o->arg != NULL)
					*s++ = ':';
			}
		}
	opterr = 0;
	c = getopt_long(argc, argv, shorts, longs, &index);
	if (index >= 0 && argv[at] != NULL)
		refuse_abbreviation(argv[at], longs[index].name);
	*arg = optarg;
	switch (c) {
	case ':':
		opt_die("option '%s' needs an argument", argv[optind - 1]);
	case '?':
		if (optopt != 0 && strncmp(argv[at], "--", 2) != 0)
			opt_die("unknown option '-%c'", optopt);
		opt_die("unknown option '%s'", argv[optind - 1]);
	case OPT_HELP:
		help(tables, usage);
		break;
	case OPT_VERSION:
		printf("%s %s\n", log_name(), VERSION);
		exit(fflush(stdout) == 0 ? 0 : 1);
	case 'v':
		log_level(LOG_VERBOSE);
		return next(argc, argv, table, usage, order, arg);
	case 'q':
		log_level(LOG_QUIET);
		return next(argc, argv, table, usage, order, arg);
	default:
		break;
	}
	return c;
}

int
opt_until(int argc, char **argv, const struct opt *table, const char *usage,
    const char **arg, int *first)
{
	int c = next(argc, argv, table, usage, '+', arg);

	*first = optind;
	return c;
}

/* Operands have been set aside; at the end they are the last of argv. */
int
opt_next(int argc, char **argv, const struct opt *table, const char *usage,
    const char **arg, int *first)
{
	enum { OPERAND = 1 }; /* what getopt_long returns for '-' */
	static char **aside;
	static size_t n, cap;
	int c;

	while ((c = next(argc, argv, table, usage, '-', arg)) == OPERAND) {
		aside = x_grow(aside, n, &cap, sizeof *aside);
		aside[n++] = optarg;
	}
	if (c != -1)
		return c;
	*first = optind - (int)n; /* behind "--" are operands, too */
	for (size_t i = 0; i < n; i++)
		argv[*first + (int)i] = aside[i];
	free(aside);
	aside = NULL;
	n = cap = 0;
	return -1;
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

uint64_t
opt_u64(const char *name, const char *arg, uint64_t min, uint64_t max)
{
	struct err e = { 0 };
	uint64_t v;

	if (num_u64(arg, min, max, &v, &e) == -1)
		opt_die("--%s: %s", name, e.msg);
	return v;
}

int
opt_choice(const char *name, const char *arg, const char *no, const char *yes)
{
	if (strcmp(arg, yes) != 0 && strcmp(arg, no) != 0)
		opt_die(
		    "--%s: '%s' is neither '%s' nor '%s'", name, arg, no, yes);
	return strcmp(arg, yes) == 0;
}

const char *
opt_env(const char *name, const char *fallback)
{
	const char *s = getenv(name);

	return s == NULL || s[0] == '\0' ? fallback : s;
}
