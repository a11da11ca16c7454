#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

static void vset(struct err *e, enum err_kind kind, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

static void
vset(struct err *e, enum err_kind kind, const char *fmt, va_list ap)
{
	int n = vsnprintf(e->msg, sizeof e->msg, fmt, ap);

	e->kind = kind;
	utf8_mend(e->msg, sizeof e->msg, n >= (int)sizeof e->msg);
}

/* Appends ": why". */
static void
add(struct err *e, const char *why)
{
	size_t n = strlen(e->msg), room = sizeof e->msg - n;
	int k = snprintf(e->msg + n, room, ": %s", why);

	utf8_mend(e->msg, sizeof e->msg, k >= (int)room);
}

struct err *
err_fill(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vset(e, kind, fmt, ap);
	va_end(ap);
	return e;
}

struct err *
err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof e->msg];
	va_list ap;

	memcpy(old, e->msg, sizeof old);
	va_start(ap, fmt);
	vset(e, e->kind, fmt, ap);
	va_end(ap);
	add(e, old);
	return e;
}

struct err *
err_errno(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	int no = errno;
	va_list ap;

	va_start(ap, fmt);
	vset(e, kind, fmt, ap);
	va_end(ap);
	add(e, strerror(no));
	return e;
}

void
err_clear(struct err *e)
{
	e->kind = ERR_NONE;
	e->msg[0] = '\0';
}

int
err_status(const struct err *e)
{
	switch (e->kind) {
	case ERR_NONE:
	case ERR_STOP:
	case ERR_PIPE:
		return 0;
	case ERR_USAGE:
		return 2;
	case ERR_TEMP:
		return 3;
	case ERR_GONE:
	case ERR_BACK:
		return 4;
	case ERR_DATA:
	case ERR_ODD:
	case ERR_OUTPUT:
		break;
	}
	return 1;
}
