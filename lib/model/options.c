#include "model/options.h"

#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "model/pattern.h"
#include "model/rename.h"
#include "model/tso.h"

int
option_pattern(void *to, const struct opt *o, const char *arg, struct err *e)
{
	(void)o;
	return patterns_add(to, arg, e);
}

int
option_rename(void *to, const struct opt *o, const char *arg, struct err *e)
{
	(void)o;
	return names_add(to, arg, e);
}

int
option_until(void *to, const struct opt *o, const char *arg, struct err *e)
{
	uint64_t *ts = to;

	(void)o;
	if (tso_parse_time(
		strncmp(arg, "ts:", 3) == 0 ? arg + 3 : arg, ts, e) == -1 ||
	    *ts == 0)
		return err_set(e, ERR_USAGE,
		    "'%s' is not ts:TSO or a time such as 2026-01-02T03:04:05Z",
		    arg);
	return 0;
}
