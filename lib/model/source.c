#include "model/source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/num.h"
#include "codec/json_write.h"

static const char *const words[] = { "stop", "keep", "drop" };

static uint64_t
number(const json_t *j, const char *key)
{
	const json_t *x = json_object_get(j, key);
	const char *s = json_string_value(x);
	struct err ignored;
	uint64_t v = 0;

	if (json_is_integer(x))
		return json_integer_value(x) < 0
			   ? 0
			   : (uint64_t)json_integer_value(x);
	if (s == NULL || num_u64(s, 0, UINT64_MAX, &v, &ignored) == -1)
		return 0;
	return v;
}

static int
missing_of(const char *text)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

int
source_keeps_names(const json_t *j)
{
	struct source s;

	source_from_json(&s, j);
	return s.rev != 0 || s.etcd[0] != '\0';
}

void
source_from_json(struct source *s, const json_t *j)
{
	const char *etcd = json_string_value(json_object_get(j, "etcd"));
	const char *what = json_string_value(json_object_get(j, "missing"));
	int missing = what == NULL ? 0 : missing_of(what);
	uint64_t rev = number(j, "rev"), coll = number(j, "coll");

	memset(s, 0, sizeof *s);
	if (etcd != NULL && strlen(etcd) < sizeof s->etcd)
		memcpy(s->etcd, etcd, strlen(etcd) + 1);
	s->rev = rev > INT64_MAX ? 0 : (int64_t)rev;
	s->born = number(j, "born");
	s->coll = coll > INT64_MAX ? 0 : (int64_t)coll;
	s->ts = number(j, "ts");
	s->missing = missing < 0 ? SOURCE_STOP : (enum source_missing)missing;
	s->until = number(j, "until");
}

void
source_to_json(const struct source *s, struct jsonw *w, const char *key)
{
	jw_open(w, key, '{');
	if (s->etcd[0] != '\0')
		jw_str(w, "etcd", s->etcd);
	if (s->rev != 0)
		jw_i64(w, "rev", s->rev);
	if (s->born != 0)
		jw_u64s(w, "born", s->born);
	if (s->coll != 0) {
		jw_i64s(w, "coll", s->coll);
		jw_u64s(w, "ts", s->ts);
	}
	if (s->missing != SOURCE_STOP)
		jw_str(w, "missing", words[s->missing]);
	if (s->until != 0)
		jw_u64s(w, "until", s->until);
	jw_close(w, '}');
}

int
source_equal(const struct source *a, const struct source *b)
{
	return strcmp(a->etcd, b->etcd) == 0 && a->rev == b->rev &&
	       a->born == b->born && a->coll == b->coll && a->ts == b->ts &&
	       a->missing == b->missing && a->until == b->until;
}

int
source_same(const struct source *was, const struct source *now, struct err *e)
{
	if (was->etcd[0] != '\0' && now->etcd[0] != '\0' &&
	    strcmp(was->etcd, now->etcd) != 0)
		return err_set(e, ERR_BACK,
		    "the source's etcd is another cluster: %s, at revision "
		    "%" PRId64 ", and was %s, at %" PRId64,
		    now->etcd, now->rev, was->etcd, was->rev);
	if (was->born != 0 && now->born != 0 && was->born != now->born)
		return err_set(e, ERR_BACK,
		    "the source is another Milvus: born %" PRIu64
		    " (ns since 1970; etcd %s at revision %" PRId64
		    "), and was born %" PRIu64 " (etcd %s at %" PRId64 ")",
		    now->born, now->etcd, now->rev, was->born, was->etcd,
		    was->rev);
	if (was->rev != 0 && now->rev != 0 && now->rev < was->rev)
		return err_set(e, ERR_BACK,
		    "the source's etcd went back: cluster %s is at revision "
		    "%" PRId64 ", and was at %" PRId64,
		    now->etcd[0] == '\0' ? "?" : now->etcd, now->rev, was->rev);
	return 0;
}

void
source_advise(struct err *e, const char *seen, const char *task)
{
	size_t n = strlen(e->msg);

	snprintf(e->msg + n, sizeof e->msg - n,
	    "%s%s: was it restored? 'cdc-task set %.64s --missing keep' goes "
	    "on with it as it is, and keeps at the target what it has no more, "
	    "'--missing drop' drops that there, '--from WHERE' begins anew; a "
	    "catalogue that is older than the position looks the same",
	    seen == NULL ? "" : ", the newest change seen before is of ",
	    seen == NULL ? "" : seen, task == NULL ? "NAME" : task);
}
