#ifndef CDC_LOGFILE_H
#define CDC_LOGFILE_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/mem.h"
#include "codec/base64.h"
#include "mq/record.h"

/* Genuine records of the streaming log, tests/data/logs; for tests. */

/* A record with headers of its own, which may go before it. */
struct logrec {
	struct record_headers pub;
	struct record r;
	int64_t offset;
	json_t *headers; /* name to text */
	const char *topic;
	const char *type; /* _t */
};

struct logfile {
	json_t *lines;
	struct logrec *v;
	size_t n;
};

static inline int
logfile_header(const struct record_headers *h, const char *name, struct span *v)
{
	const struct logrec *l = (const struct logrec *)h;
	const json_t *s = json_object_get(l->headers, name);

	if (s == NULL)
		return 0;
	v->ptr = json_string_value(s);
	v->len = json_string_length(s);
	return 1;
}

static inline void
logfile_add(struct logfile *f, size_t i, json_t *line)
{
	struct logrec *l = &f->v[i];
	const char *text = json_string_value(json_object_get(line, "b64"));
	size_t n = strlen(text);

	l->r.own = x_malloc(b64_max(n) + 1);
	l->r.ptr = l->r.own;
	l->r.len = (size_t)b64_get(text, n, l->r.own);
	l->offset = json_integer_value(json_object_get(line, "o"));
	l->r.id = mq_id_offset(l->offset);
	l->topic = json_string_value(json_object_get(line, "t"));
	l->headers = json_deep_copy(json_object_get(line, "h"));
	l->type = json_string_value(json_object_get(
	    json_object_get(line, "h"), "_t")); /* as long as the file */
	l->pub.get = logfile_header;
	l->r.headers = &l->pub;
}

/* tests/data/logs/NAME.ndjson, here or above the program. */
static inline FILE *
logfile_find(const char *name)
{
	char exe[PATH_MAX] = "", *slash = exe, *path;
	FILE *f;

	if (readlink("/proc/self/exe", exe, sizeof exe - 1) == -1)
		return NULL;
	path = x_asprintf("tests/data/logs/%s.ndjson", name);
	f = fopen(path, "r");
	free(path);
	while (f == NULL && (slash = strrchr(exe, '/')) != NULL) {
		*slash = '\0';
		path = x_asprintf("%s/tests/data/logs/%s.ndjson", exe, name);
		f = fopen(path, "r");
		free(path);
	}
	return f;
}

static inline void
logfile_open(struct logfile *f, const char *name)
{
	FILE *in = logfile_find(name);
	json_t *j;

	f->lines = json_array();
	while (in != NULL &&
	       (j = json_loadf(in, JSON_DISABLE_EOF_CHECK, NULL)) != NULL)
		json_array_append_new(f->lines, j);
	if (in == NULL || !feof(in))
		abort();
	fclose(in);
	f->n = json_array_size(f->lines);
	f->v = x_calloc(f->n, sizeof *f->v);
	for (size_t i = 0; i < f->n; i++)
		logfile_add(f, i, json_array_get(f->lines, i));
}

static inline void
logfile_close(struct logfile *f)
{
	for (size_t i = 0; i < f->n; i++) {
		record_free(&f->v[i].r);
		json_decref(f->v[i].headers);
	}
	free(f->v);
	json_decref(f->lines);
}

/* The memory of its headers goes, as when a reader is called again. */
static inline void
logfile_forget_headers(struct logrec *l)
{
	json_t *copy = json_deep_copy(l->headers);

	json_decref(l->headers);
	l->headers = copy;
}

/* The record at an offset of the topic whose name ends so. */
static inline struct logrec *
logfile_at(const struct logfile *f, const char *topic, int64_t offset)
{
	size_t n = strlen(topic);

	for (size_t i = 0; i < f->n; i++) {
		const char *t = f->v[i].topic;

		if (f->v[i].offset == offset && strlen(t) >= n &&
		    strcmp(t + strlen(t) - n, topic) == 0)
			return &f->v[i];
	}
	abort();
}

#endif
