/*
 * A fuzz target over its seeds, without libFuzzer: NAME_fuzz_test reads all of
 * tests/fuzz/seeds/NAME, or the files that are named. What was once found and
 * mended stays so.
 */
#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "fuzz.h"

static const char *at; /* the file at hand */

static void
died(int sig)
{
	static const char head[] = "not ok - ";

	if (write(1, head, sizeof head - 1) == -1 ||
	    write(1, at, strlen(at)) == -1 || write(1, "\n", 1) == -1)
		_exit(1);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
replay(const char *path)
{
	char chunk[4096];
	struct buf b = { 0 };
	FILE *f = fopen(path, "rb");
	uint8_t *copy;
	size_t n;

	at = path;
	if (f == NULL)
		abort();
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		buf_add(&b, chunk, n);
	fclose(f);
	/* as long as the input and no longer: a sanitizer sees its end */
	copy = x_memdup(b.ptr == NULL ? "" : b.ptr, b.len);
	LLVMFuzzerTestOneInput(copy, b.len);
	free(copy);
	buf_fini(&b);
	printf("ok - %s\n", path);
	fflush(stdout);
}

static int
is_file(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static int
replay_all(const char *program)
{
	const char *slash = strrchr(program, '/'), *end;
	const char *name = slash == NULL ? program : slash + 1;
	struct dirent **v;
	char *dir;
	int n;

	if ((end = strstr(name, "_fuzz")) == NULL)
		return 0;
	dir = x_asprintf("tests/fuzz/seeds/%.*s", (int)(end - name), name);
	n = scandir(dir, &v, is_file, alphasort);
	for (int i = 0; i < n; i++) {
		char *path = x_asprintf("%s/%s", dir, v[i]->d_name);

		replay(path);
		free(path);
		free(v[i]);
	}
	if (n >= 0)
		free(v);
	free(dir);
	return n;
}

int
main(int argc, char **argv)
{
	int n = argc - 1;

	signal(SIGABRT, died);
	signal(SIGSEGV, died);
	log_level(LOG_QUIET); /* of broken records they warn */
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	if (argc == 1)
		n = replay_all(argv[0]);
	if (n <= 0)
		printf("not ok - no seeds for %s\n", argv[0]);
	printf("1..%d\n", n > 0 ? n : 1);
	return n <= 0;
}
