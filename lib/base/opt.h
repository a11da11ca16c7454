#ifndef CDC_BASE_OPT_H
#define CDC_BASE_OPT_H

#include <stddef.h>
#include <stdint.h>

struct err;

/*
 * Command lines. A table has a row for each option of a program: name, letter,
 * what its argument is called, help, and where in the program's conf the
 * argument goes. getopt_long does the parsing: options may stand behind
 * operands, "--" ends them; abbreviations are refused, a mistake is one line
 * on stderr and status 2.
 */
enum opt_kind {
	OPT_IS_FLAG, /* int: 1 */
	OPT_IS_TEXT, /* const char *, borrowed from argv */
	OPT_IS_LIST, /* struct opt_list: text that may be repeated */
	OPT_IS_NUM,  /* a number from min to max */
	OPT_IS_WORD, /* one of words: min for the first, min + 1, … */
	OPT_IS_CALL, /* its function reads the argument */
};

/* v is NULL or has NULL at its end; free it. */
struct opt_list {
	const char **v;
	size_t n, cap;
};

void opt_append(struct opt_list *l, const char *arg);

struct opt;
/* -1 with *e: what is wrong with arg; the option's name is put in front. */
typedef int opt_call(
    void *to, const struct opt *o, const char *arg, struct err *e);

struct opt {
	const char *name; /* long, without dashes; NULL ends the table */
	int letter;       /* or 0 */
	const char *arg;  /* "URL", or NULL if it takes none */
	const char *help; /* one line */
	enum opt_kind kind;
	size_t at, size; /* of the destination, in the conf */
	uint64_t min, max;
	uint64_t number; /* the default; 0: the conf's value stays */
	const char *words;
	opt_call *call;
	/* the environment variable with the text, if the option is not given */
	const char *env;
	/* the text without that variable; NULL: the conf's value stays */
	const char *fallback;
};

/*
 * Rows: letter or 0, name, argument, type of the conf, member of it, what is
 * special to the kind, help. A member of another type does not compile.
 */
#define OPT_AT(t_, m_, is_) _Generic(((t_ *)0)->m_, is_ : offsetof(t_, m_))
#define OPT_INT(t_, m_)                                                        \
	_Generic(((t_ *)0)->m_, int                                            \
		 : offsetof(t_, m_), unsigned                                  \
		 : offsetof(t_, m_))
#define OPT_ROW(l_, n_, a_, k_, h_)                                            \
	.name = n_, .letter = l_, .arg = a_, .kind = OPT_IS_##k_, .help = h_
#define OPT_FLAG(l_, n_, t_, m_, h_)                                           \
	{                                                                      \
		OPT_ROW(l_, n_, NULL, FLAG, h_), .at = OPT_INT(t_, m_)         \
	}
/* env and or: what it is if it is not given; each may be NULL. */
#define OPT_TEXT(l_, n_, a_, t_, m_, env_, or_, h_)                            \
	{                                                                      \
		OPT_ROW(l_, n_, a_, TEXT, h_),                                 \
		    .env = env_, .fallback = or_,                              \
		    .at = OPT_AT(t_, m_, const char *)                         \
	}
#define OPT_LIST(l_, n_, a_, t_, m_, h_)                                       \
	{                                                                      \
		OPT_ROW(l_, n_, a_, LIST, h_),                                 \
		    .at = OPT_AT(t_, m_, struct opt_list)                      \
	}
/* The member is an int, or an integer of 64 bits; or: if it is not given. */
#define OPT_NUM(l_, n_, a_, t_, m_, min_, max_, or_, h_)                       \
	{                                                                      \
		OPT_ROW(l_, n_, a_, NUM, h_),                                  \
		    .min = min_, .max = max_, .number = or_,                   \
		    .size = sizeof((t_ *)0)->m_, .at = offsetof(t_, m_)        \
	}
/* An int or an enum: first for the first word. */
#define OPT_WORD(l_, n_, a_, t_, m_, words_, first_, or_, h_)                  \
	{                                                                      \
		OPT_ROW(l_, n_, a_, WORD, h_), .words = words_, .min = first_, \
					       .number = or_,                  \
					       .at = OPT_INT(t_, m_)           \
	}
#define OPT_CALL(l_, n_, a_, t_, m_, call_, h_)                                \
	{                                                                      \
		OPT_ROW(l_, n_, a_, CALL, h_), .call = call_,                  \
					       .at = offsetof(t_, m_)          \
	}

/*
 * Put a command line into conf: what is not given gets its default first.
 * Handles --help and --version (status 0) and -v and -q by itself: each table
 * gets them. usage is the line after the program's name, such as "[OPTION]...
 * FILE". Returns the index of the first operand, and all that follow in argv,
 * which is put in order for that, are operands.
 */
int opt_parse(int argc, char **argv, const struct opt *table, const char *usage,
    void *conf);
/*
 * The same up to the first operand, behind which other options may stand:
 * those of a command, which opt_go_on then takes from argv[at] on.
 */
int opt_until(int argc, char **argv, const struct opt *table, const char *usage,
    void *conf);
int opt_go_on(int argc, char **argv, int at, const struct opt *table,
    const char *usage, void *conf);

/* Put one argument into conf. -1 with *e: what is wrong with it. */
int opt_take(const struct opt *o, void *conf, const char *arg, struct err *e);

/*
 * The value of a text option that was not given: from the environment, or NULL.
 */
const char *opt_default(const struct opt *o);
/*
 * The place of the n bytes at s in "upsert|insert|...", or -1 with ERR_USAGE:
 * "'x' is not upsert, insert or ...".
 */
int opt_word(const char *words, const char *s, size_t n, struct err *e);

/* A mistake on the command line: one line on stderr, status 2. */
void opt_die(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* The value of an environment variable, or fallback if unset or empty. */
const char *opt_env(const char *name, const char *fallback);

#endif
