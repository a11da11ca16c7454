#include <string.h>

#include "api/priv.h"
#include "base/buf.h"

/*
 * The page at / and its two parts. They hold no secret and are served without a
 * token, because the page is what asks for the token.
 */

static const unsigned char html[] = {
#include "page.html.inc"
};
static const unsigned char css[] = {
#include "page.css.inc"
};
static const unsigned char js[] = {
#include "page.js.inc"
};

static const struct part {
	const char *path, *type;
	const unsigned char *ptr;
	size_t len;
} parts[] = {
	{ "/", "text/html; charset=utf-8", html, sizeof html },
	{ "/page.css", "text/css; charset=utf-8", css, sizeof css },
	{ "/page.js", "text/javascript; charset=utf-8", js, sizeof js },
};
enum { PARTS = sizeof parts / sizeof *parts };

const char *const api_open[] = { "/", "/page.css", "/page.js", NULL };

/* Stands in the page for whether requests need a token. */
#define MARK "@TOKEN@"

/*
 * The page loads nothing from other servers, is shown in no other page, and
 * sends no form.
 */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src "
    "'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

int
plain_page(struct call *c)
{
	const struct part *p = parts;
	struct buf *b = &c->r->body;
	const unsigned char *mark, *rest;

	while (p < parts + PARTS - 1 && strcmp(p->path, c->q->path) != 0)
		p++;
	rest = p->ptr;
	mark = memmem(p->ptr, p->len, MARK, sizeof MARK - 1);
	if (mark != NULL) {
		buf_add(b, p->ptr, (size_t)(mark - p->ptr));
		/* where no token is needed, the page does not ask for one */
		buf_adds(b, c->q->may_write || c->q->no_token ? "not wanted"
							      : "wanted");
		rest = mark + sizeof MARK - 1;
	}
	buf_add(b, rest, (size_t)(p->ptr + p->len - rest));
	c->r->type = p->type;
	kvs_set(&c->r->headers, "Content-Security-Policy", policy);
	kvs_set(&c->r->headers, "Referrer-Policy", "no-referrer");
	return 0;
}
