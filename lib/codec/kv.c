#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "codec/json_write.h"
#include "codec/kv.h"

void
kvs_fini(struct kvs *k)
{
	for (size_t i = 0; i < k->n; i++) {
		free(k->v[i].key);
		free(k->v[i].value);
	}
	free(k->v);
	memset(k, 0, sizeof *k);
}

static struct kv *
find(const struct kvs *k, const char *key)
{
	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->v[i].key, key) == 0)
			return &k->v[i];
	return NULL;
}

void
kvs_set(struct kvs *k, const char *key, const char *value)
{
	struct kv *kv = find(k, key);

	if (kv == NULL) {
		k->v = x_grow(k->v, k->n, &k->cap, sizeof *k->v);
		kv = &k->v[k->n++];
		kv->key = x_strdup(key);
	} else {
		free(kv->value);
	}
	kv->value = x_strdup(value);
}

void
kvs_unset(struct kvs *k, const char *key)
{
	struct kv *kv = find(k, key);

	if (kv == NULL)
		return;
	free(kv->key);
	free(kv->value);
	k->n--;
	memmove(kv, kv + 1, (size_t)(k->v + k->n - kv) * sizeof *kv);
}

void
kvs_copy(struct kvs *to, const struct kvs *from)
{
	for (size_t i = 0; i < from->n; i++)
		kvs_set(to, from->v[i].key, from->v[i].value);
}

const char *
kvs_get(const struct kvs *k, const char *key)
{
	const struct kv *kv = find(k, key);

	return kv == NULL ? NULL : kv->value;
}

void
kvs_missing(const struct kvs *k, const struct kvs *has, struct kvs *out)
{
	for (size_t i = 0; i < k->n; i++) {
		const char *v = kvs_get(has, k->v[i].key);

		if (v == NULL || strcmp(v, k->v[i].value) != 0)
			kvs_set(out, k->v[i].key, k->v[i].value);
	}
}

int
kvs_equal(const struct kvs *a, const struct kvs *b)
{
	if (a->n != b->n)
		return 0;
	for (size_t i = 0; i < a->n; i++) {
		const char *v = kvs_get(b, a->v[i].key);

		if (v == NULL || strcmp(v, a->v[i].value) != 0)
			return 0;
	}
	return 1;
}

void
kvs_to_json(const struct kvs *k, struct jsonw *w, const char *key)
{
	jw_open(w, key, '{');
	for (size_t i = 0; i < k->n; i++)
		jw_str(w, k->v[i].key, k->v[i].value);
	jw_close(w, '}');
}

int
kvs_from_json(struct kvs *k, const json_t *j, struct err *e)
{
	const char *key;
	json_t *v;

	if (j == NULL || json_is_null(j))
		return 0;
	if (!json_is_object(j))
		return err_set(e, ERR_DATA, "not an object of strings");
	json_object_foreach((json_t *)(uintptr_t)j, key, v)
	{
		if (!json_is_string(v))
			return err_set(
			    e, ERR_DATA, "'%s' is not a string", key);
		kvs_set(k, key, json_string_value(v));
	}
	return 0;
}
