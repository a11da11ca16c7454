#include "model/tso.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/num.h"

enum { LOGICAL_BITS = 18 };
#define MAX_MS ((int64_t)1 << (64 - LOGICAL_BITS)) /* in the year 4199 */

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

/* n digits at s as a number of at most max, or -1. */
static int
part(const char *s, size_t n, int max)
{
	int64_t v;
	struct err e;

	return num_i64n(s, n, 0, max, &v, &e) == -1 ? -1 : (int)v;
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
	h = part(s + 1, 2, 23);
	m = part(s + 4, 2, 59);
	if (h == -1 || m == -1)
		return -1;
	*sec = (s[0] == '-' ? -1 : 1) * (h * 3600L + m * 60L);
	return 0;
}

/* "2026-01-02T03:04:05" at s, of 19 bytes or more, as Unix seconds. */
static int
seconds(const char *s, int64_t *sec)
{
	struct tm tm = { 0 };
	int day;

	if (s[4] != '-' || s[7] != '-' || (s[10] != 'T' && s[10] != 't') ||
	    s[13] != ':' || s[16] != ':')
		return -1;
	tm.tm_year = part(s, 4, 9999) - 1900;
	tm.tm_mon = part(s + 5, 2, 12) - 1;
	tm.tm_mday = part(s + 8, 2, 31);
	tm.tm_hour = part(s + 11, 2, 23);
	tm.tm_min = part(s + 14, 2, 59);
	tm.tm_sec = part(s + 17, 2, 59);
	if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mday < 1 ||
	    tm.tm_hour < 0 || tm.tm_min < 0 || tm.tm_sec < 0)
		return -1;
	day = tm.tm_mday;
	*sec = (int64_t)timegm(&tm);
	return day == tm.tm_mday ? 0 : -1; /* 30 February becomes 2 March */
}

/* ".678" at *s as milliseconds; further digits are dropped. */
static int
fraction(const char **s, int64_t *ms)
{
	int64_t scale = 100;

	*ms = 0;
	if (**s != '.')
		return 0;
	for (++*s; **s >= '0' && **s <= '9'; ++*s, scale /= 10)
		*ms += scale * (**s - '0');
	return (*s)[-1] == '.' ? -1 : 0;
}

int
tso_parse_time(const char *s, uint64_t *ts, struct err *e)
{
	int64_t sec, ms;
	long east;
	const char *p;

	if (num_u64(s, 0, UINT64_MAX, ts, e) == 0)
		return 0;
	if (strlen(s) < 20 || seconds(s, &sec) == -1)
		goto bad;
	p = s + 19;
	if (fraction(&p, &ms) == -1 || zone(p, &east) == -1)
		goto bad;
	ms += (sec - east) * 1000;
	if (ms < 0 || ms >= MAX_MS)
		goto bad;
	err_clear(e);
	*ts = tso_from_ms(ms);
	return 0;
bad:
	return err_set(e, ERR_DATA,
	    "'%s' is not a timestamp or a time such as "
	    "2026-01-02T03:04:05Z",
	    s);
}
