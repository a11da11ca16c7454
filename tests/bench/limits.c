/*
 * limits RUNS: how fast this machine copies memory and does base64, as a plain
 * loop that anybody would write and as lib/codec/base64 does it.
 *
 * A line of JSON for each run of each: its name, the raw bytes, the seconds on
 * the wall and of this thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/mem.h"
#include "codec/base64.h"

enum { RAW = 48 << 20, TEXT = RAW / 3 * 4, MOST_RUNS = 100 };

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

struct work {
	uint8_t *raw, *back;
	struct buf text;
	uint8_t value[256];
};

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
copy(struct work *w)
{
	memcpy(w->back, w->raw, RAW);
}

static void
plain_out(struct work *w)
{
	char *to = w->text.ptr;

	for (size_t i = 0; i < RAW; i += 3) {
		uint32_t v = (uint32_t)w->raw[i] << 16 |
			     (uint32_t)w->raw[i + 1] << 8 | w->raw[i + 2];

		*to++ = alphabet[v >> 18];
		*to++ = alphabet[v >> 12 & 63];
		*to++ = alphabet[v >> 6 & 63];
		*to++ = alphabet[v & 63];
	}
}

static void
plain_in(struct work *w)
{
	const uint8_t *s = (const uint8_t *)w->text.ptr;
	uint8_t *to = w->back;

	for (size_t i = 0; i < TEXT; i += 4) {
		uint32_t v = (uint32_t)w->value[s[i]] << 18 |
			     (uint32_t)w->value[s[i + 1]] << 12 |
			     (uint32_t)w->value[s[i + 2]] << 6 |
			     w->value[s[i + 3]];

		*to++ = (uint8_t)(v >> 16);
		*to++ = (uint8_t)(v >> 8);
		*to++ = (uint8_t)v;
	}
}

static void
ours_out(struct work *w)
{
	buf_clear(&w->text);
	b64_add(&w->text, w->raw, RAW);
}

static void
ours_in(struct work *w)
{
	if (b64_get(w->text.ptr, w->text.len, w->back) != RAW)
		exit(1);
}

static const struct {
	const char *name;
	void (*f)(struct work *);
} all[] = {
	{ "memcpy", copy },
	{ "base64, a plain loop", plain_out },
	{ "base64 back, a plain loop", plain_in },
	{ "base64, codec/base64", ours_out },
	{ "base64 back, codec/base64", ours_in },
};

static void
measure(struct work *w, size_t i)
{
	double wall = seconds(CLOCK_MONOTONIC);
	double cpu = seconds(CLOCK_THREAD_CPUTIME_ID);

	all[i].f(w);
	cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
	wall = seconds(CLOCK_MONOTONIC) - wall;
	if (memcmp(w->back, w->raw, RAW) != 0)
		exit(1);
	printf("{\"name\":\"%s\",\"bytes\":%d,\"seconds\":%.6f,\"cpu\":%.6f}\n",
	    all[i].name, RAW, wall, cpu);
}

int
main(int argc, char **argv)
{
	long runs = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	uint64_t random = 88172645463325252u;
	struct work w = { .raw = x_malloc(RAW), .back = x_malloc(RAW) };

	if (runs < 1 || runs > MOST_RUNS)
		return 2;
	buf_room(&w.text, TEXT);
	for (size_t i = 0; i < RAW; i++) {
		random ^= random << 13; /* xorshift64 */
		random ^= random >> 7;
		random ^= random << 17;
		w.raw[i] = (uint8_t)random;
	}
	for (uint8_t i = 0; i < 64; i++)
		w.value[(uint8_t)alphabet[i]] = i;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		all[i].f(&w); /* its memory is there, its tables are made */
		for (long n = 0; n < runs; n++)
			measure(&w, i);
	}
	free(w.raw);
	free(w.back);
	buf_fini(&w.text);
	return 0;
}
