#include "applyids.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "err.h"
#include "num.h"
#include "state.h"
#include "x.h"

struct ids {
	char *dir;        /* the state directory, or NULL: in memory only */
	char *sub, *lock; /* below it */
	char *cluster;
	json_t *doc; /* the whole file */
	json_t *map; /* this cluster's part of it, borrowed */
};

/* "http://127.0.0.1:19530/" as a file's name: "127.0.0.1_19530". */
static char *
file_name(const char *uri)
{
	const char *p = strstr(uri, "://");
	char *s = x_strdup(p == NULL ? uri : p + 3);

	s[strcspn(s, "/")] = '\0';
	for (char *c = s; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && *c != '.' && *c != '-')
			*c = '_';
	return s;
}

/* The cluster's object in s->doc, made if it is not there. */
static void
find_map(struct ids *s)
{
	json_t *all = json_object_get(s->doc, "clusters");

	if (!json_is_object(all)) {
		all = json_object();
		json_object_set_new(s->doc, "v", json_integer(1));
		json_object_set_new(s->doc, "clusters", all);
	}
	s->map = json_object_get(all, s->cluster);
	if (!json_is_object(s->map)) {
		s->map = json_object();
		json_object_set_new(all, s->cluster, s->map);
	}
}

static int
load(struct ids *s, struct err *e)
{
	json_t *doc;
	struct stat st;

	if (s->dir == NULL || state_stat(s->dir, s->sub, &st) == -1) {
		doc = json_object();
	} else if ((doc = state_read(s->dir, s->sub, e)) == NULL) {
		return err_wrap(e,
		    "the collections' ids (remove the file if it cannot be "
		    "restored: they are known by name then)");
	}
	json_decref(s->doc);
	s->doc = doc;
	find_map(s);
	return 0;
}

struct ids *
ids_open(const char *dir, const char *uri, const char *cluster, struct err *e)
{
	struct ids *s = x_calloc(1, sizeof *s);
	char *name;

	s->cluster = x_strdup(cluster);
	if (dir != NULL) {
		name = file_name(uri);
		s->dir = x_strdup(dir);
		s->sub = x_asprintf("targets/%s.json", name);
		s->lock = x_asprintf("targets/%s.lock", name);
		free(name);
		if (state_init(dir, e) == -1 ||
		    state_folder(dir, "targets", e) == -1) {
			ids_close(s);
			return NULL;
		}
	}
	if (load(s, e) == -1) {
		ids_close(s);
		return NULL;
	}
	return s;
}

void
ids_close(struct ids *s)
{
	if (s == NULL)
		return;
	json_decref(s->doc);
	free(s->dir);
	free(s->sub);
	free(s->lock);
	free(s->cluster);
	free(s);
}

static const char *
key_of(char text[static 24], int64_t id)
{
	snprintf(text, 24, "%" PRId64, id);
	return text;
}

static int64_t
value(const json_t *j)
{
	struct err ignored;
	int64_t v = 0;

	if (!json_is_string(j) ||
	    num_i64(json_string_value(j), 0, INT64_MAX, &v, &ignored) == -1)
		return 0;
	return v;
}

int64_t
ids_target(const struct ids *s, int64_t source)
{
	char key[24];

	return value(json_object_get(s->map, key_of(key, source)));
}

int64_t
ids_source(const struct ids *s, int64_t target)
{
	struct err ignored;
	const char *key;
	json_t *v;
	int64_t id;

	json_object_foreach(s->map, key,
	    v) if (value(v) == target &&
		   num_i64(key, 1, INT64_MAX, &id, &ignored) == 0) return id;
	return 0;
}

static int
save(struct ids *s, struct err *e)
{
	char *text = json_dumps(s->doc, JSON_INDENT(1));
	int rc;

	if (text == NULL)
		return err_set(
		    e, ERR_OUTPUT, "'%s/%s': no JSON", s->dir, s->sub);
	rc = state_replace(s->dir, s->sub, text, strlen(text), e);
	free(text);
	return rc;
}

/* Other writers to this target have the same file: read it again, locked. */
static int
put(struct ids *s, int64_t source, int64_t target, struct err *e)
{
	char key[24], to[24];
	int fd, rc;

	if (s->dir == NULL) {
		json_object_set_new(s->map, key_of(key, source),
		    json_string(key_of(to, target)));
		return 0;
	}
	fd = state_open(s->dir, s->lock, O_RDWR | O_CREAT);
	if (fd == -1)
		return state_failed(e, ERR_OUTPUT, s->dir, s->lock);
	while ((rc = flock(fd, LOCK_EX)) == -1 && errno == EINTR)
		continue;
	if (rc == -1)
		state_failed(e, ERR_OUTPUT, s->dir, s->lock);
	else if ((rc = load(s, e)) == 0) {
		if (target == 0)
			json_object_del(s->map, key_of(key, source));
		else
			json_object_set_new(s->map, key_of(key, source),
			    json_string(key_of(to, target)));
		rc = save(s, e);
	}
	close(fd);
	return rc;
}

int
ids_set(struct ids *s, int64_t source, int64_t target, struct err *e)
{
	return ids_target(s, source) == target ? 0 : put(s, source, target, e);
}

int
ids_forget(struct ids *s, int64_t source, struct err *e)
{
	char key[24];

	if (json_object_get(s->map, key_of(key, source)) == NULL)
		return 0;
	return put(s, source, 0, e);
}
