#include "run/priv.h"

#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"
#include "state/state.h"

/*
 * when a file is replaced, the old one loses its name, which counts as
 * IN_ATTRIB
 */
static const uint32_t of_file =
    IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW;
static const uint32_t of_folder = IN_CREATE | IN_DELETE | IN_MOVED_TO |
				  IN_MOVED_FROM | IN_MOVE_SELF | IN_ONLYDIR |
				  IN_DONT_FOLLOW;

int
taskwatch_open(void)
{
	return inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

int
taskwatch_tasks(int fd, const char *dir)
{
	char *path = x_asprintf("%s/tasks", dir);
	int rc = fd == -1 ? -1 : inotify_add_watch(fd, path, of_folder);

	free(path);
	return rc == -1 ? -1 : 0;
}

int
taskwatch_task(int fd, const char *dir, const char *name)
{
	static const char *const files[] = { "task.json", "desired.json" };
	int rc = fd == -1 ? -1 : 0;

	for (int i = 0; i < 2 && rc != -1; i++) {
		char *path = state_path(dir, name, files[i]);

		rc = inotify_add_watch(fd, path, of_file);
		free(path);
	}
	return rc == -1 ? -1 : 0;
}

void
taskwatch_drain(int fd)
{
	char drop[4096];

	while (fd != -1 && read(fd, drop, sizeof drop) > 0)
		;
}
