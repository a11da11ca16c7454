#ifndef CDC_CODEC_JSON_WRITE_H
#define CDC_CODEC_JSON_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"

/*
 * JSON written as a stream into a buffer: compact, keys in the order of the
 * calls. Commas are written where they belong. key is NULL inside an array.
 *
 *	struct jsonw w = { .b = &line };
 *	jw_open(&w, NULL, '{');
 *	jw_str(&w, "op", "tick");
 *	jw_u64s(&w, "ts", ts);
 *	jw_close(&w, '}');
 */
struct jsonw {
	struct buf *b; /* borrowed */
	int comma;     /* a value stands before, on this level */
};

void jw_open(struct jsonw *w, const char *key, char bracket); /* { or [ */
void jw_close(struct jsonw *w, char bracket);                 /* } or ] */
void jw_str(struct jsonw *w, const char *key, const char *s); /* NULL: null */
/* Bytes: a string if they are UTF-8, else {"b64":"…"}. */
void jw_bytes(struct jsonw *w, const char *key, const void *p, size_t n);
void jw_b64(struct jsonw *w, const char *key, const void *p, size_t n);
void jw_i64(struct jsonw *w, const char *key, int64_t v);   /* 5 */
void jw_i64s(struct jsonw *w, const char *key, int64_t v);  /* "5" */
void jw_u64s(struct jsonw *w, const char *key, uint64_t v); /* "5" */
void jw_bool(struct jsonw *w, const char *key, int v);
void jw_null(struct jsonw *w, const char *key);
void jw_raw(struct jsonw *w, const char *key, const void *json, size_t n);
/* Shortest decimal; NaN and infinities are strings. */
void jw_f32(struct jsonw *w, const char *key, float v);
void jw_f64(struct jsonw *w, const char *key, double v);
/* n little-endian floats, of any alignment, into an array. */
void jw_f32s(struct jsonw *w, const void *le, size_t n);

/* JSON from elsewhere: the value is written as it is. */
void jw_json(struct jsonw *w, const char *key, const char *json, size_t n);
/* A value of jansson, compact; null for NULL. */
void jw_value(struct jsonw *w, const char *key, const json_t *v);

/*
 * A quoted, escaped string of n UTF-8 bytes, without a comma. This and the
 * functions below also escape DEL and C1, since a terminal acts on them.
 */
void jw_quote(struct buf *b, const void *p, size_t n);
/* A whole value of jansson, written with its flags; null for NULL. */
void jw_dump(struct buf *b, const json_t *v, size_t flags);
/* Lines of JSON from elsewhere. */
void jw_lines(struct buf *b, const char *json, size_t n);

#endif
