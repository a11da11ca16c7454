#include "net/trouble.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

#define TRYING "trying again for "
#define ANSWERS " answers again, after "

enum { TEXT_MAX = 1024 };

void
trouble_tell(struct trouble *t, int limit_s, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	if (t->since_ns == 0)
		t->since_ns = clock_ns();
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_warn("%s; " TRYING "%d s", text, limit_s);
}

void
trouble_over(struct trouble *t, const char *who)
{
	int64_t ms;

	/* nearly always; this is called for each record */
	if (t->since_ns == 0)
		return;
	ms = (clock_ns() - t->since_ns) / NS_PER_MS;
	t->since_ns = 0;
	log_warn("%s" ANSWERS "%" PRId64 ".%" PRId64 " s", who, ms / 1000,
	    ms % 1000 / 100);
}

enum trouble_line
trouble_line(const char *text, int64_t *limit_s)
{
	const char *at = strstr(text, TRYING);

	if (at != NULL) {
		*limit_s = strtol(at + sizeof TRYING - 1, NULL, 10);
		return TROUBLE_BEGINS;
	}
	return strstr(text, ANSWERS) != NULL ? TROUBLE_OVER : TROUBLE_NONE;
}

int
trouble_same(const char *a, const char *b)
{
	static const char digits[] = "0123456789";

	for (;; a++, b++) {
		a += strspn(a, digits);
		b += strspn(b, digits);
		if (*a != *b || *a == '\0')
			return *a == *b;
	}
}
