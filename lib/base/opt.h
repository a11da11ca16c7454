#ifndef CDC_BASE_OPT_H
#define CDC_BASE_OPT_H

#include <stdint.h>

/*
 * Command lines. One table per program says every option once: long name,
 * letter, what its argument is called, help. getopt_long does the parsing:
 * options may stand behind operands, "--" ends them; abbreviations are
 * refused, a mistake is one line on stderr and status 2.
 */
struct opt {
	const char *name; /* long, without dashes; NULL ends the table */
	int letter;       /* a character, or from 256 on for long-only ones */
	const char *arg;  /* "URL", or NULL if it takes none */
	const char *help; /* one line */
};

/*
 * The next option's letter, with its argument in *arg, or -1 at the end, then
 * *first is the index of the first operand, and all that follow in argv, which
 * is put in order for that, are operands. Handles --help and
 * --version (status 0) and -v and -q by itself: each table gets them.
 * usage is the line after the program's name, such as "[OPTION]... FILE".
 */
int opt_next(int argc, char **argv, const struct opt *table, const char *usage,
    const char **arg, int *first);
/* The same up to the first operand, behind which other options may stand. */
int opt_until(int argc, char **argv, const struct opt *table, const char *usage,
    const char **arg, int *first);

/* A mistake on the command line: one line on stderr, status 2. */
void opt_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* An option's number between min and max, or opt_die. */
uint64_t opt_u64(const char *name, const char *arg, uint64_t min, uint64_t max);
/* One word of two: 1 for yes, 0 for no, or opt_die. */
int opt_choice(
    const char *name, const char *arg, const char *no, const char *yes);

/* The value of an environment variable, or fallback if unset or empty. */
const char *opt_env(const char *name, const char *fallback);

#endif
