#include "meta/value.h"

#include <inttypes.h>

#include "common.pb-c.h"

#include "base/err.h"
#include "codec/json_write.h"
#include "meta/store.h"

int
metavalue_bad(const struct item *i, const char *what, struct err *e)
{
	return err_set(e, ERR_DATA,
	    "etcd: not a %s: %zu bytes of '%" PRId64 "/%" PRId64 "%s'", what,
	    i->len, i->a, i->b, i->name);
}

int
metavalue_state(const struct item *i, int state)
{
	if (i->gone)
		return STATE_DROPPED;
	return state < STATE_CREATED || state > STATE_DROPPED ? STATE_CREATED
							      : state;
}

/*
 * The time at which the object came into its state. For a dropped object this
 * is the moment of the drop, not the tombstone that follows hours later.
 */
static uint64_t
ts_of(const struct item *i, int state, uint64_t create_ts)
{
	if (state >= STATE_DROPPING && i->drop_ts != 0)
		return i->drop_ts;
	return i->ts != 0 ? i->ts : create_ts;
}

void
metavalue_write_state_name(struct jsonw *w, int state)
{
	static const char *const names[] = { "created", "creating", "dropping",
		"dropped" };

	jw_str(w, "state", names[state]);
}

void
metavalue_write_state(
    struct jsonw *w, const struct item *i, int state, uint64_t create)
{
	metavalue_write_state_name(w, state);
	jw_u64s(w, "ts", ts_of(i, state, create));
}

void
metavalue_write_kvs(
    struct jsonw *w, const char *key, Pb__KeyValuePair *const *v, size_t n)
{
	struct kvs k = { 0 };

	for (size_t i = 0; i < n; i++)
		kvs_set(&k, v[i]->key, v[i]->value);
	kvs_to_json(&k, w, key);
	kvs_fini(&k);
}
