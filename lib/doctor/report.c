#include "doctor/priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "codec/json_write.h"

static const char *const verdicts[] = { "ok", "warn", "unknown", "wrong" };

static void
add_json(struct doctor *d, enum verdict v, const char *text, const char *todo,
    struct buf *b)
{
	struct jsonw w = { .b = b };
	const char *key;
	json_t *val;

	jw_open(&w, NULL, '{');
	jw_str(&w, "task", d->name);
	jw_str(&w, "check", d->checks[d->at].name);
	jw_str(&w, "verdict", verdicts[v]);
	jw_str(&w, "text", text);
	jw_str(&w, "todo", todo);
	json_object_foreach(d->more, key, val)
	{
		jw_value(&w, key, val);
	}
	jw_close(&w, '}');
}

static void
add_text(struct doctor *d, enum verdict v, const char *text, const char *todo,
    struct buf *b)
{
	buf_addf(b, "%-7s %-10s ", verdicts[v], d->checks[d->at].name);
	text_plain(b, text, strlen(text));
	if (todo != NULL) {
		buf_adds(b, "; ");
		text_plain(b, todo, strlen(todo));
	}
}

/*
 * Status 1 wins over 3: something wrong weighs more than something that may
 * pass.
 */
static void
count(struct doctor *d, enum verdict v, enum err_kind kind)
{
	int code = v < V_UNKNOWN || kind == ERR_STOP    ? 0
		   : kind == ERR_TEMP                   ? 3
		   : v == V_UNKNOWN && kind == ERR_NONE ? 3
							: 1;

	if (code == 1 || d->status_code == 0)
		d->status_code = code;
}

void
doctor_line(struct doctor *d, enum verdict v, enum err_kind kind,
    const char *text, const char *todo)
{
	struct finding *f = &d->done[d->at];
	struct buf b = { 0 };

	if (f->text == NULL || v > f->verdict) {
		free(f->text);
		f->text = x_strdup(text);
		f->verdict = v;
		f->kind = kind;
	}
	if (d->shown[d->at] && d->failed.kind == ERR_NONE) {
		count(d, v, kind);
		(d->c->json ? add_json : add_text)(d, v, text, todo, &b);
		buf_addc(&b, '\n');
		d->c->print(&b, &d->failed);
		buf_fini(&b);
	}
	json_decref(d->more);
	d->more = NULL;
}

#define SAY(v, kind, todo)                                                     \
	do {                                                                   \
		char text[4096];                                               \
		va_list ap;                                                    \
                                                                               \
		va_start(ap, fmt);                                             \
		vsnprintf(text, sizeof text, fmt, ap);                         \
		va_end(ap);                                                    \
		doctor_line(d, v, kind, text, todo);                           \
	} while (0)

void
doctor_ok(struct doctor *d, const char *fmt, ...)
{
	SAY(V_OK, ERR_NONE, NULL);
}

void
doctor_warn(struct doctor *d, const char *todo, const char *fmt, ...)
{
	SAY(V_WARN, ERR_NONE, todo);
}

void
doctor_wrong(struct doctor *d, const char *todo, const char *fmt, ...)
{
	SAY(V_WRONG, ERR_DATA, todo);
}

void
doctor_unknown(struct doctor *d, const char *todo, const char *fmt, ...)
{
	SAY(V_UNKNOWN, ERR_NONE, todo);
}

void
doctor_unasked(struct doctor *d, const char *todo, const char *fmt, ...)
{
	SAY(V_UNKNOWN, ERR_STOP, todo);
}

void
doctor_fail(struct doctor *d, const struct err *e, const char *todo)
{
	int unknown =
	    e->kind == ERR_TEMP && (d->checks[d->at].how & DOCTOR_REACHES) == 0;

	/* the advice does not fit if the server could not be asked */
	doctor_line(d, unknown ? V_UNKNOWN : V_WRONG, e->kind, e->msg,
	    unknown ? NULL : todo);
}

void
named_add(struct named *l, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (l->n++ >= DOCTOR_NAMED)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (l->n > 1)
		buf_adds(&l->b, ", ");
	buf_adds(&l->b, text);
}

const char *
named_end(struct named *l)
{
	if (l->n > DOCTOR_NAMED)
		buf_addf(&l->b, " and %zu more", l->n - DOCTOR_NAMED);
	l->n = 0;
	return l->b.len == 0 ? "" : l->b.ptr;
}

void
named_fini(struct named *l)
{
	buf_fini(&l->b);
	memset(l, 0, sizeof *l);
}
