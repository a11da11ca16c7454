#include "state/ids.h"

#include <ctype.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/num.h"
#include "state/state.h"

struct ids {
	char *dir;        /* the state directory; NULL: in memory only */
	char *sub, *lock; /* paths below it */
	char *cluster;    /* with the rules of renaming behind it */
	uint64_t born;
	char *key;       /* cluster and birth: the source's key in the file */
	json_t *doc;     /* the whole file */
	json_t *map;     /* this source's entry in "clusters", borrowed */
	json_t *adopted; /* and in "adopted", borrowed */
	int taken;       /* the entry had no birth in the file before */
};

/*
 * The name of a target's file: "127.0.0.1_19530" for "http://127.0.0.1:19530/".
 */
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

/* The key for "by-dev shop=shop2" and birth 7: "by-dev@7 shop=shop2". */
static char *
key_for(const char *whose, uint64_t born)
{
	int n = (int)strcspn(whose, " ");

	return born == 0 ? x_strdup(whose)
			 : x_asprintf(
			       "%.*s@%" PRIu64 "%s", n, whose, born, whose + n);
}

/*
 * 1 if two keys are of one source. The rules of renaming stand behind its name.
 */
static int
same_source(const char *a, const char *b)
{
	size_t n = strcspn(a, " ");

	return strcspn(b, " ") == n && strncmp(a, b, n) == 0;
}

static json_t *
find_part(struct ids *s, const char *part)
{
	json_t *all = json_object_get(s->doc, part);

	if (!json_is_object(all)) {
		all = json_object();
		json_object_set_new(s->doc, part, all);
	}
	return all;
}

/* This source's object in that part of s->doc, made if absent. */
static json_t *
find_map(struct ids *s, const char *part)
{
	json_t *all = find_part(s, part), *map = json_object_get(all, s->key);

	if (!json_is_object(map)) {
		map = json_object();
		json_object_set_new(all, s->key, map);
	}
	return map;
}

/* Moves the entries under the cluster's name alone to this source's key. */
static void
take_over(struct ids *s, json_t *all)
{
	json_t *map, *mine;
	const char *key;
	char *to;
	void *next;

	json_object_foreach_safe(all, next, key, map)
	{
		if (!same_source(key, s->cluster) || !json_is_object(map))
			continue;
		to = key_for(key, s->born);
		mine = json_object_get(all, to);
		if (json_is_object(mine))
			json_object_update_missing(mine, map);
		else
			json_object_set(all, to, map);
		free(to);
		json_object_del(all, key);
		s->taken = 1;
	}
}

/* The birth in "by-dev@7 shop=shop2"; behind: what follows "by-dev". */
static uint64_t
born_of(const char *behind)
{
	struct err ignored;
	uint64_t v;

	return *behind == '@' && num_u64n(behind + 1, strcspn(behind + 1, " "),
				     1, UINT64_MAX, &v, &ignored) == 0
		   ? v
		   : 0;
}

/*
 * The birth of the source of this cluster's name if the file has only one; else
 * 0.
 */
static uint64_t
only_born(struct ids *s)
{
	size_t n = strcspn(s->cluster, " ");
	json_t *all = find_part(s, "clusters"), *map;
	uint64_t only = 0;
	const char *key;

	json_object_foreach(all, key, map)
	{
		uint64_t born =
		    strncmp(key, s->cluster, n) == 0 ? born_of(key + n) : 0;

		if (same_source(key, s->cluster) ||
		    (born != 0 && only != 0 && born != only))
			return 0;
		if (born != 0)
			only = born;
	}
	return only;
}

/* Finds this source's entries in the file. */
static void
find_maps(struct ids *s)
{
	s->taken = 0;
	if (s->born != 0) {
		take_over(s, find_part(s, "clusters"));
		take_over(s, find_part(s, "adopted"));
	}
	free(s->key);
	s->key = key_for(s->cluster, s->born != 0 ? s->born : only_born(s));
	s->map = find_map(s, "clusters");
	s->adopted = find_map(s, "adopted");
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
	if (json_object_get(doc, "v") == NULL)
		json_object_set_new(doc, "v", json_integer(1));
	find_maps(s);
	return 0;
}

static int put(struct ids *s, int64_t source, int64_t target,
    const char *adopted, struct err *e);

static struct ids *
open_file(const char *dir, const char *uri, const char *cluster, uint64_t born,
    int make, struct err *e)
{
	struct ids *s = x_calloc(1, sizeof *s);
	char *name;

	s->cluster = x_strdup(cluster);
	s->born = born;
	if (dir != NULL) {
		name = file_name(uri);
		s->dir = x_strdup(dir);
		s->sub = x_asprintf("targets/%s.json", name);
		s->lock = x_asprintf("targets/%s.lock", name);
		free(name);
		if (make && (state_init(dir, e) == -1 ||
				state_folder(dir, "targets", e) == -1)) {
			ids_close(s);
			return NULL;
		}
	}
	/* durable before another source of this name opens the file */
	if (load(s, e) == -1 ||
	    (make && s->taken && put(s, 0, 0, NULL, e) == -1)) {
		ids_close(s);
		return NULL;
	}
	return s;
}

struct ids *
ids_open(const char *dir, const char *uri, const char *cluster, uint64_t born,
    struct err *e)
{
	return open_file(dir, uri, cluster, born, 1, e);
}

struct ids *
ids_look(const char *dir, const char *uri, const char *cluster, uint64_t born,
    struct err *e)
{
	return open_file(dir, uri, cluster, born, 0, e);
}

const char *
ids_name(const struct ids *s)
{
	return s->key;
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
	free(s->key);
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

/*
 * The source's id in map for the target's collection; 0 if there is none, or if
 * adopted, which may be NULL, has it.
 */
static int64_t
made_by(json_t *map, const json_t *adopted, int64_t target)
{
	struct err ignored;
	const char *key;
	json_t *v;
	int64_t id;

	json_object_foreach(map, key, v)
	{
		if (value(v) == target &&
		    json_object_get(adopted, key) == NULL &&
		    num_i64(key, 1, INT64_MAX, &id, &ignored) == 0)
			return id;
	}
	return 0;
}

int64_t
ids_source(const struct ids *s, int64_t target)
{
	return made_by(s->map, NULL, target);
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

/* source 0: no change. target 0: forget the collection. */
static void
change(struct ids *s, int64_t source, int64_t target, const char *adopted)
{
	char key[24], to[24];

	if (source == 0)
		return;
	key_of(key, source);
	json_object_del(s->adopted, key);
	if (target == 0) {
		json_object_del(s->map, key);
		return;
	}
	json_object_set_new(s->map, key, json_string(key_of(to, target)));
	if (adopted != NULL)
		json_object_set_new(s->adopted, key, json_string(adopted));
}

/*
 * Other writers to this target share the file, so it is read again under the
 * lock.
 */
static int
put(struct ids *s, int64_t source, int64_t target, const char *adopted,
    struct err *e)
{
	int fd, rc;

	if (s->dir == NULL) {
		change(s, source, target, adopted);
		return 0;
	}
	fd = state_open(s->dir, s->lock, O_RDWR | O_CREAT);
	if (fd == -1)
		return state_failed(e, ERR_OUTPUT, s->dir, s->lock);
	if ((rc = state_flock(fd)) == -1)
		state_failed(e, ERR_OUTPUT, s->dir, s->lock);
	else if ((rc = load(s, e)) == 0) {
		change(s, source, target, adopted);
		rc = save(s, e);
	}
	close(fd);
	return rc;
}

json_t *
ids_all_adopted(const struct ids *s)
{
	return s->adopted;
}

const char *
ids_adopted(const struct ids *s, int64_t source)
{
	char key[24];

	return json_string_value(
	    json_object_get(s->adopted, key_of(key, source)));
}

int
ids_has_target(const struct ids *s, int64_t target)
{
	json_t *all = json_object_get(s->doc, "clusters"), *map;
	json_t *adopted = json_object_get(s->doc, "adopted");
	const char *who;

	json_object_foreach(all, who, map)
	{
		if (same_source(who, s->key) &&
		    made_by(map, json_object_get(adopted, who), target) != 0)
			return 1;
	}
	return 0;
}

/*
 * Reads the file again, since others write to it. Two sources have no ids in
 * common, so an entry that has both ids is of this source.
 */
const char *
ids_another(struct ids *s, int64_t source, int64_t target, int64_t *its)
{
	struct err ignored;
	json_t *all, *adopted, *map;
	const char *who, *found = NULL;

	if (s->dir != NULL)
		load(s, &ignored); /* on failure, use what was read before */
	all = json_object_get(s->doc, "clusters");
	adopted = json_object_get(s->doc, "adopted");
	json_object_foreach(all, who, map)
	{
		int64_t id =
		    made_by(map, json_object_get(adopted, who), target);

		if (id == 0)
			continue;
		if (id == source || same_source(who, s->key))
			return NULL;
		found = who;
		*its = id;
	}
	return found;
}

int
ids_is(const struct ids *s, int64_t source, int64_t target)
{
	json_t *all = json_object_get(s->doc, "clusters"), *map;
	json_t *adopted = json_object_get(s->doc, "adopted");
	const char *who;
	char key[24];

	key_of(key, source);
	json_object_foreach(all, who, map)
	{
		if (value(json_object_get(map, key)) == target &&
		    json_object_get(json_object_get(adopted, who), key) == NULL)
			return 1;
	}
	return 0;
}

int
ids_set(struct ids *s, int64_t source, int64_t target, struct err *e)
{
	return ids_target(s, source) == target
		   ? 0
		   : put(s, source, target, NULL, e);
}

int
ids_take(struct ids *s, int64_t source, int64_t target, const char *adopted,
    struct err *e)
{
	if (ids_target(s, source) == target &&
	    (ids_adopted(s, source) == NULL) == (adopted == NULL))
		return 0;
	return put(s, source, target, adopted, e);
}

int
ids_forget(struct ids *s, int64_t source, struct err *e)
{
	char key[24];

	if (json_object_get(s->map, key_of(key, source)) == NULL)
		return 0;
	return put(s, source, 0, NULL, e);
}
