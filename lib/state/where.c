#include "state/where.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "model/tso.h"
#include "state/redo.h"
#include "state/state.h"

static const struct {
	const char *name;
	enum where_kind kind;
	int from, until;
} words[] = {
	{ "start", WHERE_START, 1, 0 },
	{ "beginning", WHERE_BEGINNING, 1, 0 },
	{ "checkpoint", WHERE_CHECKPOINT, 1, 0 },
	{ "now", WHERE_NOW, 1, 1 },
	{ "end", WHERE_END, 0, 1 },
	{ "never", WHERE_NEVER, 0, 1 },
};

void
where_fini(struct where *w)
{
	pos_fini(&w->pos);
	json_decref(w->known);
	json_decref(w->source);
	json_decref(w->redo);
	free(w->task);
	memset(w, 0, sizeof *w);
}

static int
word(struct where *w, const char *text, int until)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].name, text) == 0 &&
		    (until ? words[i].until : words[i].from)) {
			w->kind = words[i].kind;
			return 1;
		}
	return 0;
}

static int
moment(struct where *w, const char *text, struct err *e)
{
	if (strncmp(text, "ts:", 3) == 0)
		text += 3;
	w->kind = WHERE_TIME;
	return tso_parse_time(text, &w->ts, e);
}

int
where_line(struct where *w, const json_t *line, struct err *e)
{
	if (pos_from_line(&w->pos, line, e) == -1)
		return -1;
	w->kind = WHERE_POS;
	w->ts = w->pos.ts;
	w->known = json_incref(json_object_get(line, "known"));
	w->source = json_incref(json_object_get(line, "source"));
	return 0;
}

/* Reads the last line of a file: of a whole backup, or of `tail -n 1`. */
static int
file(struct where *w, const char *path, struct err *e)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *last = NULL;
	size_t cap = 0, last_cap = 0;
	json_error_t je;
	json_t *j;
	int rc;

	if (f == NULL)
		return err_sys(e, ERR_USAGE, "'%s'", path);
	while (getline(&line, &cap, f) > 0) {
		char *t = last;
		size_t n = last_cap;

		last = line;
		last_cap = cap;
		line = t;
		cap = n;
	}
	/* the line read last is not the last line of the file */
	if (ferror(f)) {
		rc = err_sys(e, ERR_DATA, "'%s'", path);
		fclose(f);
		free(line);
		free(last);
		return rc;
	}
	fclose(f);
	j = json_loads(last == NULL ? "" : last, 0, &je);
	if (j == NULL)
		rc = err_set(e, ERR_DATA, "last line: %s", je.text);
	else
		rc = where_line(w, j, e);
	if (rc == -1)
		err_wrap(e, "position '%s'", path);
	json_decref(j);
	free(line);
	free(last);
	return rc;
}

static int
task(struct where *w, const char *name, const char *state, struct err *e)
{
	char *dir = state_dir(state);
	json_t *cp = NULL, *def = NULL;
	const char *from;
	int rc = -1;

	w->task = x_strdup(name);
	if ((def = state_task(dir, name, e)) == NULL)
		goto out;
	cp = state_checkpoint(dir, name, e);
	if (cp == NULL && e->kind != ERR_NONE)
		goto out;
	if (cp != NULL) {
		rc = where_line(w, cp, e);
		goto out;
	}
	from = json_string_value(json_object_get(def, "from"));
	if (json_is_object(json_object_get(def, "from")))
		rc = where_line(w, json_object_get(def, "from"), e);
	else if (from != NULL && strncmp(from, "task:", 5) == 0)
		rc = err_set(e, ERR_DATA, "'from' is '%s'", from);
	else
		rc = where_from(w, from == NULL ? "start" : from, state, e);
	if (rc == 0 && w->source == NULL)
		w->source = json_incref(json_object_get(def, "source"));
out:
	if (rc == 0 && (w->redo = redo_read(dir, name, &w->pos, e)) == NULL)
		rc = -1;
	if (rc == -1)
		err_wrap(e, "task '%s'", name);
	json_decref(cp);
	json_decref(def);
	free(dir);
	return rc;
}

int
where_from(struct where *w, const char *text, const char *state, struct err *e)
{
	if (word(w, text, 0))
		return 0;
	if (text[0] == '@')
		return file(w, text + 1, e);
	if (strncmp(text, "task:", 5) == 0)
		return task(w, text + 5, state, e);
	if (moment(w, text, e) == 0)
		return 0;
	return err_set(e, ERR_USAGE,
	    "'%s' is not start, beginning, now, checkpoint, task:NAME, "
	    "@FILE, ts:TSO or a time such as 2026-01-02T03:04:05Z",
	    text);
}

int
where_until(struct where *w, const char *text, struct err *e)
{
	if (word(w, text, 1) || moment(w, text, e) == 0)
		return 0;
	return err_set(e, ERR_USAGE,
	    "'%s' is not now, end, ts:TSO or a time such as "
	    "2026-01-02T03:04:05Z",
	    text);
}
