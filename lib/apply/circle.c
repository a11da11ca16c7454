#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service.pb-c.h"

#include "apply/priv.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/tso.h"
#include "state/state.h"

enum {
	AGAIN_MS = 1000,
	TEXT = 40,
	SLACK_MS = 10000,
};
static const char file[] = "circle.json";

/* A mark that is being sent. */
struct mark {
	struct mark *next;
	struct apply *a;
	char id[24];
	uint8_t *body;
	struct span piece;
};

/*
 * The key of a collection's mark, as it is written in an expression and in a
 * line. An Int64 key of 2^62 or more is above all keys that Milvus makes itself
 * (autoID), and equal to a user's key with a probability of 2^-62.
 */
static void
text_of(int64_t id, const struct coll *c, char text[static TEXT])
{
	/*
	 * v is the same in every process and release; near ids give distant
	 * keys
	 */
	uint64_t v = hash_mix((uint64_t)id + UINT64_C(0x9e3779b97f4a7c15));

	if (c->pk->type == TYPE_INT64)
		snprintf(text, TEXT, "%" PRIu64,
		    (v & ((UINT64_C(1) << 62) - 1)) | UINT64_C(1) << 62);
	else
		snprintf(text, TEXT, "\"cdc-came-from-%016" PRIx64 "\"", v);
}

/* ---- sending ---- */

static void
unlist(struct mark *k)
{
	struct mark **p = &k->a->marks.out;

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	free(k->body);
	free(k);
}

/*
 * Rows of the collection waited for this answer, so that the log has them
 * behind the mark.
 */
static void
answered(void *arg, const struct grpc_result *r)
{
	struct mark *k = arg;
	struct marks *m = &k->a->marks;
	struct mv_status s;
	int again = 0;

	milvus_judge(r, 0, &s);
	if (s.class == MV_RETRY || s.class == MV_SLOW || s.class == MV_ODD) {
		again = 1;
		kvs_unset(&m->sent, k->id);
		m->not_before = clock_ns() + (int64_t)AGAIN_MS * NS_PER_MS;
	} else if (s.class != MV_OK && !m->refused) {
		m->refused = 1;
		log_info("the target refuses marks (%s): a circle would not "
			 "be seen by them",
		    s.reason);
	}
	colls_marked(&k->a->colls, k, again);
	unlist(k);
}

static void
start(struct apply *a, struct coll *c, int64_t id)
{
	Pb__DeleteRequest req = PB__DELETE_REQUEST__INIT;
	struct mark *k = x_calloc(1, sizeof *k);
	char text[TEXT];
	size_t n;

	text_of(id, c, text);
	req.db_name = c->db;
	req.collection_name = c->name;
	req.expr = x_asprintf("%s in [%s]", c->pk->name, text);
	n = protobuf_c_message_get_packed_size(&req.base);
	k->body = x_malloc(n + 1);
	protobuf_c_message_pack(&req.base, k->body);
	free(req.expr);
	k->piece = (struct span){ (const char *)k->body, n };
	k->a = a;
	snprintf(k->id, sizeof k->id, "%" PRId64, id);
	k->next = a->marks.out;
	a->marks.out = k;
	kvs_set(&a->marks.sent, k->id, "");
	c->awaits = k;
	grpc_start(milvus_grpc(a->m), "Delete", &k->piece, 1,
	    milvus_timeout_ms(a->m), answered, k);
}

void
mark_send(struct apply *a, struct coll *c)
{
	int64_t id = apply_coll_id(a);
	char key[24];

	if (a->op.ts > a->marks.told && a->marks.told != 0) {
		a->marks.told = 0;
		kvs_fini(&a->marks.sent);
		colls_marked(&a->colls, NULL, 1);
	}
	if (id == 0 || c->marked == id || a->conf->dry_run ||
	    a->conf->skip[OP_DELETE] || a->conf->allow_circle ||
	    clock_ns() < a->marks.not_before)
		return;
	c->marked = id;
	snprintf(key, sizeof key, "%" PRId64, id);
	if (kvs_get(&a->marks.sent, key) == NULL)
		start(a, c, id);
}

void
mark_fini(struct marks *m)
{
	for (struct mark *k = m->out, *next; k != NULL; k = next) {
		next = k->next;
		free(k->body);
		free(k);
	}
	m->out = NULL;
	kvs_fini(&m->sent);
	free(m->task);
}

/* ---- looking ---- */

void
mark_begin(struct apply *a, const char *task)
{
	char *dir = state_dir(a->conf->state_dir);
	char *sub = state_sub(task, file);
	struct stat st;
	struct err ignored;
	json_t *j = NULL;
	int64_t v = 0;

	free(a->marks.task);
	a->marks.task = x_strdup(task);
	a->marks.told = 0;
	if (state_stat(dir, sub, &st) == 0)
		j = state_read(dir, sub, &ignored);
	if (json_is_string(json_object_get(j, "told")) &&
	    num_i64(json_string_value(json_object_get(j, "told")), 0, INT64_MAX,
		&v, &ignored) == 0)
		a->marks.told = (uint64_t)v;
	json_decref(j);
	free(sub);
	free(dir);
}

/*
 * Notes the time up to which marks were reported, plus that of marks still on
 * their way. So a run after the circle has been ended does not stop at the
 * marks that are left; it sends new ones.
 */
static int
keep_told(struct apply *a, struct err *e)
{
	uint64_t now = tso_from_ms(clock_unix_ms());
	char *dir, *sub, *text;
	int rc;

	if (a->marks.task == NULL || a->conf->dry_run)
		return 0;
	dir = state_dir(a->conf->state_dir);
	sub = state_sub(a->marks.task, file);
	text = x_asprintf("{\"v\":1,\"told\":\"%" PRIu64 "\"}\n",
	    (now > a->op.ts ? now : a->op.ts) + tso_from_ms(SLACK_MS));
	rc = state_replace(dir, sub, text, strlen(text), e);
	free(text);
	free(sub);
	free(dir);
	return rc;
}

static int
has(const struct apply *a, const struct coll *c, int64_t id)
{
	char text[TEXT];

	text_of(id, c, text);
	return memmem(a->op.keys.ptr, a->op.keys.len, text, strlen(text)) !=
	       NULL;
}

int
mark_look(struct apply *a, const struct coll *c, struct err *e)
{
	int64_t id = apply_coll_id(a);

	if (id == 0 || a->conf->allow_circle || a->op.ts <= a->marks.told ||
	    (!has(a, c, c->id) && !has(a, c, id)))
		return 0;
	a->never_aside = 1;
	if (keep_told(a, e) == -1)
		return -1;
	return err_set(e, ERR_DATA,
	    "rows of '%s' at the target '%s' come round to here: some other "
	    "task or pipe carries them to this source, and this one would "
	    "write them there again, over later ones: a circle. End the other "
	    "one, or choose patterns that share nothing; run again, this goes "
	    "on behind what was told here (or --allow-circle)",
	    apply_label(c->db, c->name, NULL), a->conf->milvus.grpc.uri);
}
