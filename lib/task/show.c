#include "task/show.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/opt.h"
#include "codec/json_write.h"
#include "state/state.h"
#include "task/process.h"
#include "task/task.h"

/* 1 if it is the first such program in PATH. */
static int
first_in_path(const char *path, const char *name)
{
	char *dirs = x_strdup(opt_env("PATH", "")), *save = NULL;
	struct stat want, got;
	int same = 0;

	for (char *d = strtok_r(dirs, ":", &save); d != NULL;
	     d = strtok_r(NULL, ":", &save)) {
		char *there = x_asprintf("%s/%s", d, name);
		int found = access(there, X_OK) == 0 && stat(there, &got) == 0;

		free(there);
		if (!found)
			continue;
		same = stat(path, &want) == 0 && want.st_ino == got.st_ino &&
		       want.st_dev == got.st_dev;
		break;
	}
	free(dirs);
	return same;
}

static void
paste(char **argv)
{
	char *path = process_beside(argv[0]);

	if (path == NULL || access(path, X_OK) == -1 ||
	    first_in_path(path, argv[0])) {
		free(path);
		return;
	}
	free(argv[0]);
	argv[0] = path;
}

void
task_show_shell(const char *dir, const json_t *task, struct buf *b)
{
	for (int i = 0; i < TASK_PROGS; i++) {
		char **argv = task_argv(task, (enum task_prog)i, dir);
		char *line;

		paste(argv);
		line = task_argv_text(argv);
		buf_adds(b, line);
		buf_adds(b, i < TASK_PROGS - 1 ? " |\n" : "\n");
		free(line);
		task_argv_free(argv);
	}
}

/*
 * 1 if cdc-task supervise runs for this directory, and so will start the task.
 */
static int
is_supervised(const char *dir)
{
	struct err e = { 0 };
	int fd = task_dir_lock(dir, ".supervise.lock", 0, &e);

	if (fd != -1)
		close(fd);
	return fd == -1 && e.kind == ERR_TEMP;
}

void
task_show_next(const char *dir, const char *name, int paused, struct buf *b)
{
	const char *verb = paused               ? "resume"
			   : is_supervised(dir) ? "status"
						: "run";
	char *usual = state_dir_whole(NULL), *line;
	int said = strcmp(usual, dir) != 0;
	char *argv[] = { x_strdup("cdc-task"),
		x_strdup(said ? "--state-dir" : verb),
		x_strdup(said ? dir : name), said ? x_strdup(verb) : NULL,
		said ? x_strdup(name) : NULL, NULL };

	line = task_argv_text(argv);
	buf_addf(b, "next      %s\n", line);
	for (size_t i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	free(line);
	free(usual);
}

void
task_show_json(const char *dir, json_t *task, struct buf *b)
{
	json_t *lines = json_array();

	for (int i = 0; i < TASK_PROGS; i++) {
		char **argv = task_argv(task, (enum task_prog)i, dir);
		char *line = task_argv_text(argv);

		json_array_append_new(lines, json_string(line));
		free(line);
		task_argv_free(argv);
	}
	json_object_del(task, "owner");
	json_object_set_new(task, "pipeline", lines);
	jw_dump(b, task, JSON_INDENT(2));
	buf_addc(b, '\n');
}
