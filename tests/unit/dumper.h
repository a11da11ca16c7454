#ifndef DUMPER_H
#define DUMPER_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Needs what cmocka.h needs. */
#include <cmocka.h>

/* tests/fake/dumper.py on a folder of its own. */
struct dumper {
	pid_t pid;
	char dir[64];
	char url[64];
};

static inline void
dumper_nap(int ms)
{
	struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&t, NULL);
}

/* A file of its folder, whole at once. */
static inline void
dumper_say(const struct dumper *d, const char *name, const char *text)
{
	char path[128], fresh[160];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", d->dir, name);
	snprintf(fresh, sizeof fresh, "%s.new", path);
	f = fopen(fresh, "w");
	assert_non_null(f);
	assert_int_not_equal(fputs(text, f), EOF);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(fresh, path), 0);
}

static inline struct dumper
dumper_folder(void)
{
	struct dumper d = { .dir = "/tmp/dumper.XXXXXX" };

	assert_non_null(mkdtemp(d.dir));
	return d;
}

static inline void
dumper_wait(struct dumper *d)
{
	char path[128];
	int port = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/port", d->dir);
	for (int i = 0; port == 0 && i < 1000; i++) {
		dumper_nap(10);
		if ((f = fopen(path, "r")) == NULL)
			continue;
		assert_int_equal(fscanf(f, "%d", &port), 1);
		fclose(f);
	}
	assert_int_not_equal(port, 0);
	snprintf(d->url, sizeof d->url, "http://127.0.0.1:%d", port);
}

/* argv behind "python3 tests/fake/dumper.py". */
static inline void
dumper_run(struct dumper *d, const char *a, const char *b, const char *c)
{
	d->pid = fork();
	if (d->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails */
		execlp("python3", "python3", "tests/fake/dumper.py", a, b, c,
		    (char *)NULL);
		_exit(127);
	}
	dumper_wait(d);
}

static inline void
dumper_start(struct dumper *d)
{
	dumper_run(d, d->dir, NULL, NULL);
}

/* What FILE has, as PCHANNEL's log. */
static inline void
dumper_log(const struct dumper *d, const char *file, const char *pchannel)
{
	char text[160];

	snprintf(
	    text, sizeof text, "cp '%s' %s/%s.jsonl", file, d->dir, pchannel);
	assert_int_equal(system(text), 0);
}

static inline void
dumper_stop(struct dumper *d)
{
	char text[96];

	kill(d->pid, SIGKILL);
	assert_int_equal(waitpid(d->pid, NULL, 0), d->pid);
	snprintf(text, sizeof text, "rm -rf %s", d->dir);
	assert_int_equal(system(text), 0);
}

#endif
