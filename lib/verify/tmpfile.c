#include "verify/tmpfile.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"

FILE *
nameless_open(struct err *e)
{
	const char *dir = getenv("TMPDIR");
	char *path = x_asprintf("%s/cdc-verify.XXXXXX",
	    dir == NULL || dir[0] == '\0' ? "/tmp" : dir);
	int fd = mkostemp(path, O_CLOEXEC);
	FILE *f = fd == -1 ? NULL : fdopen(fd, "w+");

	if (f == NULL)
		err_sys(e, ERR_OUTPUT, "'%s'", path);
	if (fd != -1)
		unlink(path);
	if (f == NULL && fd != -1)
		close(fd);
	free(path);
	return f;
}
