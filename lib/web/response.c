#include "web/priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/json_write.h"

void
web_res_fini(struct web_res *r)
{
	buf_fini(&r->body);
	kvs_fini(&r->headers);
	memset(r, 0, sizeof *r);
}

static void
problem(struct jsonw *w, int status, const char *text)
{
	jw_str(w, "type", "about:blank");
	jw_str(w, "title", MHD_get_reason_phrase_for((unsigned)status));
	jw_i64(w, "status", status);
	jw_str(w, "detail", text);
	jw_i64(w, "code", status);
	jw_str(w, "message", text);
}

void
web_fail(struct web_res *r, const char *path, int status, const char *fmt, ...)
{
	int cdc = strcmp(path, "/cdc") == 0;
	struct jsonw w = { .b = &r->body };
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	buf_clear(&r->body);
	r->status = r->code = status;
	r->type = cdc ? "application/json" : "application/problem+json";
	jw_open(&w, NULL, '{');
	if (cdc) {
		jw_i64(&w, "code", status);
		jw_str(&w, "message", text);
	} else {
		problem(&w, status, text);
	}
	jw_close(&w, '}');
	buf_addc(&r->body, '\n');
}
