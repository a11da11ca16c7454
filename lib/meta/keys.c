#include "meta/keys.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "meta/position.h"
#include "meta/priv.h"

/*
 * The newest version first: a version has a mark that no older one has, and the
 * last row takes all sources without a mark.
 */
static const struct keys *const all[] = { &keys_v26, &keys_v23 };
enum { OLDEST = sizeof all / sizeof *all - 1 };

static int
on_any(void *arg, const struct etcd_kv *kv, struct err *e)
{
	int *any = arg;

	(void)kv;
	(void)e;
	*any = 1;
	return 0;
}

/* 1 if there is a key in this folder, 0 if not, -1. */
static int
is_there(const struct meta *m, const char *folder, struct err *e)
{
	char *path = x_asprintf("%s/%s", m->base, folder);
	char *end = etcd_prefix_end(path);
	struct etcd_range r = {
		.from = path,
		.end = end,
		.rev = m->rev,
		.limit = 1,
		.keys_only = 1,
	};
	int64_t now;
	int any = 0, rc;

	rc = etcd_range(m->etcd, &r, on_any, &any, &now, e);
	free(path);
	free(end);
	if (rc == -1)
		return m->rev == 0 ? -1
				   : err_wrap(e, "revision %" PRId64, m->rev);
	return any;
}

static int
on_queue(void *arg, const struct etcd_kv *kv, struct err *e)
{
	static const char *const names[][2] = { { "rocksmq", "RocksMQ" },
		{ "pulsar", "Pulsar" }, { "woodpecker", "Woodpecker" } };

	(void)arg;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i][0]) == kv->value_len &&
		    memcmp(names[i][0], kv->value, kv->value_len) == 0)
			return position_refuse(names[i][1], e);
	return 0;
}

static int
check_queue(const struct meta *m, const char *key, struct err *e)
{
	char *path = x_asprintf("%s/%s", m->conf->root, key);
	struct etcd_range r = { .from = path, .rev = m->rev };
	int64_t now;
	int rc = etcd_range(m->etcd, &r, on_queue, NULL, &now, e);

	free(path);
	return rc == -1 ? err_wrap(e, "'%s'", m->conf->root) : 0;
}

const struct keys *
keys_of(const struct meta *m, struct err *e)
{
	size_t i = 0;
	int rc = 0;

	while (i < OLDEST && (rc = is_there(m, all[i]->mark, e)) == 0)
		i++;
	if (rc != -1 && all[i]->queue != NULL)
		rc = check_queue(m, all[i]->queue, e);
	return rc == -1 ? NULL : all[i];
}
