#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "mq/kafka_priv.h"

static rd_kafka_ConfigResource_t *
broker(struct kafka *r, struct err *e)
{
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t rc =
	    rd_kafka_metadata(r->rk, 0, NULL, &md, kafka_left(r));
	char id[16] = "";

	if (rc != RD_KAFKA_RESP_ERR_NO_ERROR) {
		err_set(e, ERR_TEMP, "%s", kafka_why(r, rd_kafka_err2str(rc)));
		return NULL;
	}
	if (md->broker_cnt > 0)
		snprintf(id, sizeof id, "%" PRId32, md->brokers[0].id);
	rd_kafka_metadata_destroy(md);
	return rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_BROKER, id);
}

static int
take(const rd_kafka_ConfigResource_t *c, struct kvs *out, struct err *e)
{
	const rd_kafka_ConfigEntry_t **v;
	size_t n;

	if (rd_kafka_ConfigResource_error(c) != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(e, ERR_DATA, "'%s': %s",
		    rd_kafka_ConfigResource_name(c),
		    rd_kafka_err2str(rd_kafka_ConfigResource_error(c)));
	v = rd_kafka_ConfigResource_configs(c, &n);
	for (size_t i = 0; i < n; i++)
		if (!rd_kafka_ConfigEntry_is_sensitive(v[i]) &&
		    rd_kafka_ConfigEntry_value(v[i]) != NULL)
			kvs_set(out, rd_kafka_ConfigEntry_name(v[i]),
			    rd_kafka_ConfigEntry_value(v[i]));
	return 0;
}

/* Answers come in an order of their own. */
static struct kvs *
place(const char *const *topics, size_t n, const char *name, struct kvs *out)
{
	for (size_t i = 0; topics != NULL && i < n; i++)
		if (strcmp(topics[i], name) == 0)
			return &out[i];
	return topics == NULL ? out : NULL;
}

static int
answer(rd_kafka_event_t *ev, const char *const *topics, size_t n,
    struct kvs *out, struct err *e)
{
	rd_kafka_resp_err_t rc = rd_kafka_event_error(ev);
	const rd_kafka_ConfigResource_t **v;
	size_t got;

	if (rc == RD_KAFKA_RESP_ERR__TIMED_OUT ||
	    rc == RD_KAFKA_RESP_ERR__TRANSPORT)
		return err_set(
		    e, ERR_TEMP, "%s", rd_kafka_event_error_string(ev));
	if (rc != RD_KAFKA_RESP_ERR_NO_ERROR)
		return err_set(
		    e, ERR_DATA, "%s", rd_kafka_event_error_string(ev));
	v = rd_kafka_DescribeConfigs_result_resources(
	    rd_kafka_event_DescribeConfigs_result(ev), &got);
	for (size_t i = 0; i < got; i++) {
		struct kvs *to =
		    place(topics, n, rd_kafka_ConfigResource_name(v[i]), out);

		if (to != NULL && take(v[i], to, e) == -1)
			return -1;
	}
	return 0;
}

static int
ask(struct kafka *r, rd_kafka_ConfigResource_t **v, const char *const *topics,
    size_t n, struct kvs *out, struct err *e)
{
	rd_kafka_AdminOptions_t *o =
	    rd_kafka_AdminOptions_new(r->rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_queue_t *q = rd_kafka_queue_new(r->rk);
	rd_kafka_event_t *ev;
	char why[256];
	int rc, ms = kafka_left(r);

	rd_kafka_AdminOptions_set_request_timeout(o, ms, why, sizeof why);
	rd_kafka_DescribeConfigs(r->rk, v, n, o, q);
	ev = rd_kafka_queue_poll(q, ms + 1000);
	rc = ev == NULL ? err_set(e, ERR_TEMP, "%s", kafka_why(r, "no answer"))
			: answer(ev, topics, n, out, e);
	if (rc == -1 && e->kind == ERR_TEMP && topics != NULL)
		kafka_silent_topic(r, topics[0], e);
	if (ev != NULL)
		rd_kafka_event_destroy(ev);
	rd_kafka_queue_destroy(q);
	rd_kafka_AdminOptions_destroy(o);
	return rc;
}

int
kafka_settings(struct mq *q, const char *const *topics, size_t n,
    struct kvs *out, struct err *e)
{
	struct kafka *r = kafka_of(q);
	rd_kafka_ConfigResource_t **v = x_calloc(n + 1, sizeof *v);
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		v[i] = topics == NULL ? broker(r, e)
				      : rd_kafka_ConfigResource_new(
					    RD_KAFKA_RESOURCE_TOPIC, topics[i]);
		rc = v[i] == NULL ? -1 : 0;
	}
	if (rc == 0 && n > 0)
		rc = ask(r, v, topics, n, out, e);
	for (size_t i = 0; i < n; i++)
		if (v[i] != NULL)
			rd_kafka_ConfigResource_destroy(v[i]);
	free(v);
	return rc;
}

long long
kafka_property(const struct mq *q, const char *name)
{
	char text[64];
	size_t len = sizeof text;
	int64_t v;
	struct err e;

	if (rd_kafka_conf_get(rd_kafka_conf(kafka_of(q)->rk), name, text,
		&len) != RD_KAFKA_CONF_OK ||
	    num_i64(text, 0, INT64_MAX, &v, &e) == -1)
		return 0;
	return v;
}
