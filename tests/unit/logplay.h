#ifndef CDC_LOGPLAY_H
#define CDC_LOGPLAY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "catalogue/cat.h"
#include "catlog/catlog.h"
#include "format/v26.h"
#include "logfile.h"

/* A log on its way into a catalogue. */
struct play {
	struct logfile f;
	struct cat cat;
	size_t at;       /* the next record */
	struct buf last; /* lines of the last message */
	struct buf all;  /* and of all */
};

static inline void
take(struct cat *c, const char *line, size_t len)
{
	struct cat_change ch;
	struct err e = { 0 };

	if (cat_line(c, line, len, &ch, &e) == -1)
		fail_msg("%.*s: %s", (int)len, line, e.msg);
}

static inline void
start(struct play *p, const char *version)
{
	static const char *const lines[] = {
		"{\"kind\":\"catalogue\",\"v\":1,\"rev\":1,\"follow\":true}",
		"{\"kind\":\"database\",\"id\":\"1\",\"name\":\"default\"}",
		"{\"kind\":\"ready\",\"rev\":1,\"ts\":\"0\"}",
	};

	memset(p, 0, sizeof *p);
	logfile_open(&p->f, version);
	for (int i = 0; i < 3; i++)
		take(&p->cat, lines[i], strlen(lines[i]));
}

static inline void
stop(struct play *p)
{
	logfile_close(&p->f);
	cat_fini(&p->cat);
	buf_fini(&p->last);
	buf_fini(&p->all);
}

/* The lines of a message go into the catalogue. */
static inline void
apply(struct play *p, const struct msg *m)
{
	const char *at, *end;
	struct err e = { 0 };

	buf_clear(&p->last);
	if (catlog_lines(&p->cat, m, &p->last, &e) == -1)
		fail_msg("%s", e.msg);
	buf_add(&p->all, p->last.ptr, p->last.len);
	at = p->last.ptr;
	while (p->last.len > 0 && (end = strchr(at, '\n')) != NULL) {
		take(&p->cat, at, (size_t)(end - at));
		at = end + 1;
	}
}

/* The next change of the control channel: 0 at the end. */
static inline int
step(struct play *p)
{
	struct err e = { 0 };
	struct msg m;

	while (p->at < p->f.n) {
		if (v26_decode(&p->f.v[p->at++].r, &m, &e) == -1)
			fail_msg("%s", e.msg);
		if (!m.control || msg_use(m.kind) != MSG_USE_DDL)
			continue;
		apply(p, &m);
		return 1;
	}
	return 0;
}

#endif
