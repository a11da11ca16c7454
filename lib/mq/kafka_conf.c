#include "mq/kafka.h"
#include "mq/kafka_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/mem.h"
#include "net/tls.h"

enum {
	MAX_LINE = 1 << 20,   /* a certificate in one line fits */
	TICK_BYTES = 85,      /* a record batch of one TimeTickMsg, zstd */
	ENOUGH_BYTES = 65536, /* not to be waited for, however many tick */
};

/*
 * A small queue, as rows wait better in Kafka than here; kafka_next sees to
 * it that it is filled again. Half a MiB of a partition in a fetch: a backlog
 * is as fast as with a whole one. A record that is larger, up to 10 MiB in
 * Milvus, comes all the same (KIP-74).
 */
static const char *const defaults[][2] = {
	{ "client.id", "milvus-cdc-tools" },
	{ "enable.auto.commit", "false" },
	{ "fetch.message.max.bytes", "524288" },
	{ "fetch.max.bytes", "4194304" },
	{ "receive.message.max.bytes", "100000000" },
	{ "queued.max.messages.kbytes", "2048" },
	/*
	 * Once between two ticks of Milvus, 200 ms, and not when they come:
	 * then some are in one fetch, and W has to wait for the next. That is
	 * so with 250 too: a row in the fetch that the ticks are to end makes
	 * it enough before the last of them (16 topics: 90 to 150 ms later).
	 */
	{ "fetch.wait.max.ms", "150" },
	{ "reconnect.backoff.max.ms", "2000" },
	{ "topic.metadata.refresh.interval.ms", "10000" },
};

/*
 * What makes librdkafka or OpenSSL load code, or start a command of that text:
 * a task's properties may be written by somebody else than who looks at it.
 */
static int
runs_code(const char *name)
{
	static const char *const all[] = { "plugin.library.paths",
		"ssl.engine.location", "ssl.engine.id", "ssl.providers",
		"sasl.kerberos.kinit.cmd" };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcasecmp(name, all[i]) == 0)
			return 1;
	return 0;
}

/* These are put into the command that sasl.kerberos.kinit.cmd is. */
static int
is_odd(const char *name, const char *value)
{
	static const char head[] = "sasl.kerberos.";

	return strncasecmp(name, head, sizeof head - 1) == 0 &&
	       value[strspn(value,
		   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		   "0123456789._/@:=,+-")] != '\0';
}

int
kafka_may(const char *name, const char *value, struct err *e)
{
	if (runs_code(name))
		return err_set(e, ERR_USAGE,
		    "kafka property '%s' would load or start a program, which "
		    "none here may",
		    name);
	if (is_odd(name, value))
		return err_set(e, ERR_USAGE,
		    "kafka property '%s' is for a shell to read, and has a "
		    "character that may mean more there",
		    name);
	return 0;
}

/* librdkafka opens it itself. */
static int
names_file(const char *name)
{
	static const char *const ends[] = { ".location", ".file", ".keytab" };
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (n > strlen(ends[i]) &&
		    strcmp(name + n - strlen(ends[i]), ends[i]) == 0)
			return 1;
	return 0;
}

static int
set(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *e)
{
	char why[256];

	if (kafka_may(name, value, e) == -1)
		return -1;
	if ((strcmp(name, "ssl.key.location") == 0 &&
		trust_private(value, e) == -1) ||
	    (names_file(name) && trust_named(value, e) == -1))
		return err_wrap(e, "kafka property '%s'", name);
	if (rd_kafka_conf_set(conf, name, value, why, sizeof why) ==
	    RD_KAFKA_CONF_OK)
		return 0;
	return err_set(e, ERR_USAGE, "kafka property '%s': %s", name, why);
}

int
kafka_is_secret(const char *prop)
{
	static const char *const words[] = { "password", "secret",
		"sasl.oauthbearer.config", "ssl.key.pem", "sasl.jaas" };
	size_t n = strcspn(prop, "=");

	if (prop[0] == '@')
		return 0;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		for (size_t at = 0; at + strlen(words[i]) <= n; at++)
			if (strncasecmp(
				prop + at, words[i], strlen(words[i])) == 0)
				return 1;
	return 0;
}

static int
set_prop(rd_kafka_conf_t *conf, const char *prop, struct err *e)
{
	const char *eq = strchr(prop, '=');
	char *name;
	int rc;

	if (eq == NULL)
		return err_set(
		    e, ERR_USAGE, "kafka property '%s': want name=value", prop);
	if (kafka_is_secret(prop))
		return err_set(e, ERR_USAGE,
		    "kafka property '%.*s' is a secret, which has its place in "
		    "a file: @FILE",
		    (int)(eq - prop), prop);
	name = x_strndup(prop, (size_t)(eq - prop));
	rc = set(conf, name, eq + 1, e);
	free(name);
	return rc;
}

static char *
trim(char *s)
{
	size_t n;

	s += strspn(s, " \t");
	n = strlen(s);
	while (n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL)
		s[--n] = '\0';
	return s;
}

/* What stands there may be a secret: it is in no message. */
static int
set_line(rd_kafka_conf_t *conf, char *line, struct err *e)
{
	char *text = trim(line), *eq;

	if (text[0] == '\0' || text[0] == '#')
		return 0;
	if ((eq = strchr(text, '=')) == NULL)
		return err_set(e, ERR_USAGE, "want name=value");
	*eq = '\0';
	return set(conf, trim(text), trim(eq + 1), e);
}

static int
set_file(rd_kafka_conf_t *conf, const char *path, struct err *e)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0, n = 0;
	ssize_t len;
	int rc = 0;

	if (f == NULL)
		return err_sys(e, ERR_USAGE, "kafka properties '%s'", path);
	rc = trust_named_fd(fileno(f), path, e);
	while (rc == 0 && (len = getline(&line, &cap, f)) > 0) {
		n++;
		rc = len > MAX_LINE ? err_set(e, ERR_USAGE, "too long") : 0;
		if (rc == 0 && kafka_is_secret(line + strspn(line, " \t")))
			rc = trust_private(path, e);
		if (rc == 0)
			rc = set_line(conf, line, e);
		if (rc == -1)
			err_wrap(e, "kafka properties '%s' line %zu", path, n);
		explicit_bzero(line, cap);
	}
	if (rc == 0 && ferror(f))
		rc = err_sys(e, ERR_USAGE, "kafka properties '%s'", path);
	fclose(f);
	free(line);
	return rc;
}

static int
has_zstd(const rd_kafka_conf_t *conf, struct err *e)
{
	char have[512] = "";
	size_t len = sizeof have;

	if (rd_kafka_conf_get(conf, "builtin.features", have, &len) ==
		RD_KAFKA_CONF_OK &&
	    strstr(have, "zstd") != NULL)
		return 0;
	return err_set(e, ERR_DATA,
	    "librdkafka %s was built without zstd, in which Milvus writes its "
	    "log",
	    rd_kafka_version_str());
}

int
kafka_zstd(struct err *e)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int rc = has_zstd(conf, e);

	rd_kafka_conf_destroy(conf);
	return rc;
}

/*
 * Milvus has all its topics tick at nearly the same moment: a fetch that is
 * answered with the first would be followed by one for each of the others,
 * and an idle program would be busy with them. So it is answered with the
 * last one; or after fetch.wait.max.ms, if there are more brokers than one, or
 * other topics in use by now.
 */
static int
set_fetch(rd_kafka_conf_t *conf, size_t ticking, struct err *e)
{
	size_t least = 1;
	char text[24];

	if (ticking > 0)
		least = ticking * TICK_BYTES - TICK_BYTES / 2;
	if (least > ENOUGH_BYTES)
		least = ENOUGH_BYTES;
	snprintf(text, sizeof text, "%zu", least);
	return set(conf, "fetch.min.bytes", text, e);
}

int
kafka_configure(rd_kafka_conf_t *conf, const struct mq_conf *c, struct err *e)
{
	if (has_zstd(conf, e) == -1)
		return -1;
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		if (set(conf, defaults[i][0], defaults[i][1], e) == -1)
			return -1;
	if (set_fetch(conf, c->ticking, e) == -1 ||
	    trust_no_user(c->brokers, "-X @FILE", e) == -1 ||
	    set(conf, "metadata.broker.list", c->brokers, e) == -1)
		return -1;
	for (const char **p = c->props; p != NULL && *p != NULL; p++)
		if ((**p == '@' ? set_file(conf, *p + 1, e)
				: set_prop(conf, *p, e)) == -1)
			return -1;
	return 0;
}
