#ifndef CDC_BASE_ERR_H
#define CDC_BASE_ERR_H

/*
 * Why something failed. A function that can fail returns -1 or NULL and fills
 * in an err, its last parameter; callers put what they were doing in front;
 * main() prints one line and exits with err_status().
 */
enum err_kind {
	ERR_NONE,
	ERR_DATA,   /* bad or refused; trying again will not help: status 1 */
	ERR_ODD,    /* refused, for a reason that we do not know: status 1 */
	ERR_OUTPUT, /* we cannot write: status 1 */
	ERR_PIPE,  /* the reader of standard output has left: dies of SIGPIPE */
	ERR_USAGE, /* command line or configuration: status 2 */
	ERR_TEMP,  /* a peer is away, trying again may help: status 3 */
	ERR_GONE,  /* the position is gone from the source: status 4 */
	ERR_BACK,  /* the source went back, or is another one: status 4 */
	ERR_STOP,  /* a signal asked us to stop */
};

struct err {
	enum err_kind kind;
	char msg[1024]; /* always UTF-8: see utf8.h */
};

/*
 * err_set(e, kind, "…", …) sets it; err_wrap(e, "…", …) puts "…: " in front;
 * err_sys(e, kind, "…", …) sets it from errno: "what: No such file or
 * directory". All return -1, so that a caller can say: return err_set(…).
 */
#define err_set(...) err_failed(err_fill(__VA_ARGS__))
#define err_wrap(...) err_failed(err_prefix(__VA_ARGS__))
#define err_sys(...) err_failed(err_errno(__VA_ARGS__))

struct err *err_fill(struct err *e, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
struct err *err_prefix(struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct err *err_errno(struct err *e, enum err_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* For analysers, which then know what a failure returns. */
static inline int
err_failed(const struct err *e)
{
	(void)e;
	return -1;
}
void err_clear(struct err *e);

/* The exit status for this error, 0 for ERR_NONE and ERR_STOP. */
int err_status(const struct err *e);

#endif
