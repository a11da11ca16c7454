/*
 * What a Milvus answers, from curl's callbacks to what is made of it.
 *
 * An input is a mode, text up to a NUL, and answers (fuzzcurl.h). 'a': the
 * text is a stream, and cdc-apply writes it to that Milvus. 'v': the text is
 * not used, and the questions of cdc-verify are asked about a collection
 * until there are no answers.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "apply/apply.h"
#include "base/err.h"
#include "codec/json_minify.h"
#include "fuzz.h"
#include "fuzzcurl.h"
#include "milvus/count.h"
#include "milvus/feed.h"
#include "verify/priv.h"
#include "verify/row_diff.h"

enum { PAGES = 20 };

static struct milvus_conf
server(void)
{
	return (struct milvus_conf){
		.grpc = { .uri = "http://x", .token = "u:p" }, .timeout_s = 30
	};
}

/* cdc-apply, its standard output nowhere. */
static void
applied(struct fuzz text)
{
	char path[40], *file = path;
	struct apply_conf conf = {
		.milvus = server(),
		.rows = { .window = 4, .batch_bytes = 500 },
		.with_users = 1,
		.create_missing = 1,
		.state_dir = "/dev/null/none",
		.files = &file,
		.nfiles = 1,
	};
	struct err e = { 0 };
	int fd = memfd_create("lines", 0), out = dup(STDOUT_FILENO);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (fd == -1 || null == -1 ||
	    write(fd, text.p, text.len) != (ssize_t)text.len)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	dup2(null, STDOUT_FILENO);
	apply_run(&conf, &e);
	if (out == -1) {
		close(STDOUT_FILENO);
	} else {
		dup2(out, STDOUT_FILENO);
		close(out);
	}
	close(null);
	close(fd);
}

static void
differ(struct vpage *a, struct vpage *b, const struct vfields *f)
{
	struct vdiff d[2] = { { 0 } };
	struct buf text = { 0 };
	struct jsonw w = { .b = &text };
	struct err e = { 0 };

	jw_open(&w, NULL, '{');
	if (a->n > 0 && b->n > 0 && !a->unreadable && !b->unreadable &&
	    vdiff_prepare(&d[0], a, &e) == 0 &&
	    vdiff_prepare(&d[1], b, &e) == 0)
		vdiff_fields(&w, f, d, a->rows[a->n - 1].at, b->rows[0].at);
	jw_close(&w, '}');
	if (!jsonmin_is(text.ptr, text.len))
		abort();
	vdiff_fini(&d[0]);
	vdiff_fini(&d[1]);
	buf_fini(&text);
}

static void
pages(struct peer *s, const struct coll *c, const struct vfields *f)
{
	struct vask ask = { .peer = s,
		.db = c->db,
		.coll = c->name,
		.schema = &c->schema,
		.pk = c->pk,
		.fields = f,
		.page_max = 3 };
	struct vcursor cur = { .ask = ask };
	struct vpage *p = NULL, *last = NULL;
	struct err e = { 0 };

	for (int i = 0; i < PAGES && vcursor_next(&cur, &p, &e) == 1; i++) {
		for (size_t k = 1; k < p->n; k++)
			if (vkey_cmp(&p->rows[k - 1].key, &p->rows[k].key) >= 0)
				abort();
		if (last != NULL)
			differ(last, p, f);
		vpage_free(last);
		last = p;
	}
	vpage_free(last);
	vcursor_fini(&cur);
}

static void
rows(struct peer *s, const struct coll *c)
{
	struct vfields f = { 0 };

	f.v = x_calloc(c->schema.n + 1, sizeof *f.v);
	for (size_t i = 0; i < c->schema.n; i++) {
		if (&c->schema.v[i] == c->pk)
			f.pk = f.n;
		f.v[f.n++] = c->schema.v[i].name;
	}
	pages(s, c, &f);
	free(f.v);
}

static void
verified(void)
{
	struct milvus_conf conf = server();
	struct peer s = { .name = "source" };
	struct textset t = { 0 }, parts = { 0 };
	struct vload load = { 0 };
	struct vindexes x = { 0 };
	struct coll *c;
	struct err e = { 0 };
	uint64_t n;

	if ((s.m = milvus_open(&conf, &e)) == NULL)
		abort();
	ask_databases(&s, &t, &e);
	ask_collections(&s, "d", &t, &e);
	ask_partitions(&s, "d", "c", &parts, &e);
	ask_load(s.m, "d", "c", &parts, &load, &e);
	ask_indexes(&s, "d", "c", &x, &e);
	milvus_rows(s.m, "d", "c", &n, &e);
	ask_timestamp(&s, &n, &e);
	if (colls_get(&s.colls, s.m, "d", "c", &c, &e) == 0 &&
	    coll_writable(c, &e) == 0)
		rows(&s, c);
	textset_fini(&t);
	textset_fini(&parts);
	vload_fini(&load);
	vindexes_fini(&x);
	colls_fini(&s.colls);
	milvus_close(s.m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz in = { data, size }, text;
	int mode = fuzz_byte(&in);

	text = fuzz_until(&in, '\0');
	fuzz_answers = in;
	fuzz_calls = 0;
	if (mode == 'v')
		verified();
	else if (text.len > 0)
		applied(text);
	for (int i = 0; i < MAX_HANDLES; i++)
		if (fuzz_handles[i] != NULL)
			abort(); /* a call that nobody has ended */
	return 0;
}
