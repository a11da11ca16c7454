#include "tso.h"

#include <string.h>
#include <time.h>

#include "buf.h"
#include "err.h"
#include "num.h"

enum { LOGICAL_BITS = 18 };

uint64_t
tso_from_ms(int64_t ms)
{
	return ms < 0 ? 0 : (uint64_t)ms << LOGICAL_BITS;
}

int64_t
tso_ms(uint64_t ts)
{
	return (int64_t)(ts >> LOGICAL_BITS);
}

void
tso_add_time(struct buf *b, uint64_t ts)
{
	int64_t ms = tso_ms(ts);
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	char s[40];
	size_t n;

	gmtime_r(&t, &tm);
	n = strftime(s, sizeof s, "%Y-%m-%dT%H:%M:%S", &tm);
	buf_add(b, s, n);
	buf_addf(b, ".%03dZ", (int)(ms % 1000));
}

/* Two digits at s, or -1. */
static int
two(const char *s)
{
	int64_t v;
	struct err e;

	return num_i64n(s, 2, 0, 99, &v, &e) == -1 ? -1 : (int)v;
}

/* "Z", "+hh:mm" or "-hh:mm" as seconds east of UTC. */
static int
zone(const char *s, long *sec)
{
	int h, m;

	*sec = 0;
	if (strcmp(s, "Z") == 0 || strcmp(s, "z") == 0)
		return 0;
	if (strlen(s) != 6 || (s[0] != '+' && s[0] != '-') || s[3] != ':')
		return -1;
	h = two(s + 1);
	m = two(s + 4);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return -1;
	*sec = (s[0] == '-' ? -1 : 1) * (h * 3600L + m * 60L);
	return 0;
}

int
tso_parse_time(const char *s, uint64_t *ts, struct err *e)
{
	struct tm tm = { 0 };
	const char *p;
	long east;
	int64_t ms = 0, scale = 100;

	if (num_u64(s, 0, UINT64_MAX, ts, e) == 0)
		return 0;
	p = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	if (p == NULL)
		goto bad;
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, scale /= 10)
			ms += scale * (*p - '0');
	if (zone(p, &east) == -1)
		goto bad;
	err_clear(e);
	*ts = tso_from_ms(((int64_t)timegm(&tm) - east) * 1000 + ms);
	return 0;
bad:
	return err_set(e, ERR_DATA,
	    "'%s' is neither a timestamp nor a time such as "
	    "2026-01-02T03:04:05Z", s);
}

int64_t
tso_mono_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t
tso_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
