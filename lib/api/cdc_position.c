#include <stdlib.h>
#include <string.h>

#include "api/priv.h"
#include "base/buf.h"
#include "base/num.h"
#include "codec/base64.h"
#include "codec/pb_write.h"
#include "model/tso.h"
#include "state/state.h"
#include "state/where.h"

/* Positions in the form of Milvus-CDC. */

/*
 * MsgPosition {1 channel_name, 2 msgID} of the last message before o; of a log
 * that is read through Milvus, which that form has no place for, without an id.
 */
static json_t *
msg_id(const struct pos_topic *t)
{
	struct buf pb = { 0 }, text = { 0 };
	uint8_t id[8];
	json_t *j;

	num_put_le64(id, (uint64_t)(t->o.entry - 1));
	pbw_bytes(&pb, 1, t->topic, strlen(t->topic));
	if (t->mark == NULL)
		pbw_bytes(&pb, 2, id, sizeof id);
	b64_add(&text, pb.ptr, pb.len);
	j = json_string(text.ptr);
	buf_fini(&pb);
	buf_fini(&text);
	return j;
}

static json_t *
one(const struct pos_topic *t, int64_t coll)
{
	int64_t ms = tso_ms(t->ts);

	return json_pack("{s:I, s:s, s:I, s:I, s:o}", "collection_id",
	    (json_int_t)coll, "channel_name", t->topic, "time", (json_int_t)ms,
	    "tt", (json_int_t)tso_from_ms(ms + 1), "msg_id", msg_id(t));
}

static json_t *
all(const struct pos *p, const json_t *known)
{
	json_t *list = json_array(), *x;
	const char *key;

	for (size_t i = 0; i < p->n; i++) {
		size_t n = json_array_size(list);

		json_object_foreach(api_any(known), key, x)
		{
			int64_t id;
			struct err ignored;

			if (num_i64(key, 1, INT64_MAX, &id, &ignored) == 0)
				json_array_append_new(list, one(&p->v[i], id));
		}
		if (json_array_size(list) == n)
			json_array_append_new(list, one(&p->v[i], 0));
	}
	return list;
}

/*
 * The position of a task that has not run yet is the start in its definition.
 */
static int
stands(struct call *c, struct checkpoint *cp)
{
	struct where w = { 0 };
	json_t *task;
	struct err ignored;

	if (checkpoint_load(c->api->dir, c->name, cp, &c->e) == -1)
		return -1;
	if (cp->gen > 0)
		return 0;
	task = state_task(c->api->dir, c->name, &ignored);
	if (json_is_object(json_object_get(task, "from")) &&
	    where_line(&w, json_object_get(task, "from"), &ignored) == 0)
		pos_copy(&cp->pos, &w.pos);
	where_fini(&w);
	json_decref(task);
	return 0;
}

int
cdc_position(struct call *c, const json_t *data)
{
	struct checkpoint cp = { 0 };
	json_t *list;

	(void)data;
	if (stands(c, &cp) == -1) {
		c->code = 500;
		return -1;
	}
	list = all(&cp.pos, cp.known);
	json_object_set_new(c->data, "positions", list);
	json_object_set_new(c->data, "op_positions", json_deep_copy(list));
	json_object_set_new(c->data, "target_positions", json_null());
	checkpoint_fini(&cp);
	return 0;
}
