#include "meta/priv.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "net/etcd.h"

/*
 * A root can have many thousands of keys that sort before the key by which a
 * Milvus is recognized, so the search goes from one top folder to the next, and
 * asks for that key in each. A root has at most MAX_DEPTH folders.
 */
enum { MAX_QUESTIONS = 300, MAX_DEPTH = 3, MAX_ROOTS = 10 };

struct search {
	struct etcd *c;
	const char *meta_path;
	int64_t rev;
	int questions;
	char *key; /* the key that was found last, or NULL */
};

static int
keep(void *arg, const struct etcd_kv *kv, struct err *e)
{
	struct search *s = arg;

	(void)e;
	if (kv->key[0] == '\0')
		return 0; /* no folder can be cut from it */
	free(s->key); /* etcd may answer more than the one that was asked for */
	s->key = x_strdup(kv->key);
	return 0;
}

/* Sets s->key to the first key in [from, end). */
static int
first(struct search *s, const char *from, const char *end, struct err *e)
{
	struct etcd_range r = {
		.from = from,
		.end = end,
		.rev = s->rev,
		.limit = 1,
		.keys_only = 1,
	};
	int64_t now;

	free(s->key);
	s->key = NULL;
	s->questions++;
	return etcd_range(s->c, &r, keep, s, &now, e) == -1 ? -1 : 0;
}

static int
has_prefix(struct search *s, const char *prefix, struct err *e)
{
	char *end = etcd_prefix_end(prefix);
	int rc = first(s, prefix, end, e);

	free(end);
	return rc == -1 ? -1 : s->key != NULL;
}

/* The length of the folder of this key that is a root; 0 if none is, or -1. */
static ptrdiff_t
root_of(struct search *s, const char *key, struct err *e)
{
	const char *slash = key;

	for (int d = 0; d < MAX_DEPTH; d++) {
		char *prefix;
		int rc;

		if ((slash = strchr(slash + 1, '/')) == NULL)
			return 0;
		prefix = x_asprintf("%.*s/%s/root-coord/database/",
		    (int)(slash - key), key, s->meta_path);
		rc = has_prefix(s, prefix, e);
		free(prefix);
		if (rc != 0)
			return rc == -1 ? -1 : slash - key;
	}
	return 0;
}

/* Append the roots that look like one. */
static int
list(struct search *s, struct buf *roots, struct err *e)
{
	char *from = x_strdup(""), *key;
	ptrdiff_t n = 0;

	for (int found = 0;
	     found < MAX_ROOTS && s->questions < MAX_QUESTIONS;) {
		n = first(s, from, "", e);
		if (n == -1 || s->key == NULL)
			break;
		key = x_strdup(s->key);
		if ((n = root_of(s, key, e)) > 0)
			buf_addf(roots, "%s'%.*s'", found++ > 0 ? ", " : "",
			    (int)n, key);
		free(from);
		if (n <= 0 && (n = (ptrdiff_t)strcspn(key + 1, "/") + 1) > 0 &&
		    key[n] == '\0')
			from = x_asprintf("%s\x01", key);
		else
			from = x_asprintf("%.*s0", (int)n, key);
		free(key);
	}
	free(from);
	return n == -1 ? -1 : 0;
}

int
metaroots_explain(struct etcd *c, const char *root, const char *meta_path,
    int64_t rev, struct err *e)
{
	struct search s = { .c = c, .meta_path = meta_path, .rev = rev };
	char *prefix = x_asprintf("%s/", root);
	struct buf roots = { 0 };
	int below = has_prefix(&s, prefix, e), rc = -1;

	free(prefix);
	if (below != -1 && list(&s, &roots, e) != -1)
		rc = 0;
	free(s.key);
	if (rc == 0 && roots.len > 0)
		err_set(e, ERR_DATA,
		    "no Milvus under '%s'; roots that look like one: %s", root,
		    roots.ptr);
	else if (rc == 0)
		err_set(e, ERR_DATA, "no Milvus under '%s': %s '%s/%s/'", root,
		    below ? "there are keys, but none beneath"
			  : "etcd has no key beneath",
		    root, meta_path);
	buf_fini(&roots);
	return -1;
}
