#include <string.h>

#include "api/priv.h"
#include "base/log.h"
#include "base/num.h"

/* The operations of a maintenance request. */

static int
say(struct call *c, const char *state)
{
	json_object_set_new(c->data, "State", api_text(state));
	json_object_set_new(c->data, "state", api_text(state));
	return 0;
}

static int
set_log_level(struct call *c, const json_t *params)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = { { "debug", LOG_VERBOSE }, { "info", LOG_VERBOSE },
		{ "warn", LOG_NORMAL }, { "error", LOG_QUIET },
		{ "dpanic", LOG_QUIET }, { "panic", LOG_QUIET },
		{ "fatal", LOG_QUIET } };
	const char *level = api_str(params, "log_level");
	char cut[API_SHOWN + 1], text[128];

	if (level[0] == '\0')
		return call_fail(c, 400, "log_level is required");
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		if (strcmp(levels[i].name, level) == 0) {
			log_level(levels[i].level);
			snprintf(
			    text, sizeof text, "set log level to %s", level);
			return say(c, text);
		}
	return call_fail(c, 400,
	    "parse log level failed: unrecognized level: \"%s\"",
	    api_cut(level, cut));
}

static int
set_force_log_msg(struct call *c, const json_t *params)
{
	(void)params;
	return call_fail(c, 400,
	    "set_force_log_msg is refused: rows have no place in a log");
}

/* A number, given as a number or as text. */
static int
integer(struct call *c, const json_t *params, const char *name, int64_t *v)
{
	const json_t *j = json_object_get(params, name);
	struct err e;

	if (j == NULL || json_is_null(j))
		return call_fail(c, 400, "%s is required", name);
	*v = json_integer_value(j);
	if (json_is_integer(j) ||
	    (json_is_string(j) && num_i64(json_string_value(j), INT64_MIN,
				      INT64_MAX, v, &e) == 0))
		return 0;
	return call_fail(c, 400, "parse %s failed: it is no integer", name);
}

static int
reset_log_msg(struct call *c, const json_t *params)
{
	int64_t count, duration;
	char text[128];

	if (integer(c, params, "count", &count) == -1 ||
	    integer(c, params, "duration", &duration) == -1)
		return -1;
	call_warn(c, "'reset_log_msg' has no effect: rows are never logged");
	snprintf(text, sizeof text,
	    "reset log msg count to %lld, duration to %lld", (long long)count,
	    (long long)duration);
	return say(c, text);
}

static const struct {
	const char *name;
	int (*run)(struct call *c, const json_t *params);
} operations[] = {
	{ "set_log_level", set_log_level },
	{ "set_force_log_msg", set_force_log_msg },
	{ "reset_log_msg", reset_log_msg },
};

int
cdc_maintenance(struct call *c, const json_t *data)
{
	const char *name = api_str(data, "operation");
	char cut[API_SHOWN + 1];

	for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
		if (strcmp(operations[i].name, name) == 0)
			return operations[i].run(
			    c, json_object_get(data, "params"));
	return call_fail(
	    c, 400, "unsupported operation: %s", api_cut(name, cut));
}
