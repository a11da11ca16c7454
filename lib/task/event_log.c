#include "task/task.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/opt.h"
#include "codec/json_write.h"
#include "codec/utf8_json.h"
#include "model/tso.h"
#include "state/state.h"

enum { LOG_MAX = 1 << 20, TAIL_MAX = 256 << 10 };

static int
append(const char *dir, const char *sub, const char *p, size_t n)
{
	int fd = state_open(dir, sub, O_WRONLY | O_APPEND | O_CREAT);
	ssize_t k;

	if (fd == -1)
		return -1;
	k = write(fd, p, n); /* one write, so that events do not mix */
	if (close(fd) == -1)
		return -1;
	return k == (ssize_t)n ? 0 : -1;
}

void
task_log(const char *dir, const char *name, const char *event, json_t *own_more)
{
	char *sub = state_sub(name, "log.ndjson"), *now = task_now();
	json_t *j = json_pack("{s:s, s:s}", "time", now, "event", event);
	struct buf b = { 0 };

	if (own_more != NULL)
		json_object_update(j, own_more);
	jw_dump(&b, j, JSON_COMPACT);
	buf_addc(&b, '\n');
	if (append(dir, sub, b.ptr, b.len) == -1) {
		struct err e;

		state_failed(&e, ERR_OUTPUT, dir, sub);
		log_warn("%s", e.msg);
	}
	buf_fini(&b);
	json_decref(own_more);
	json_decref(j);
	free(now);
	free(sub);
}

void
task_log_by(
    const char *dir, const char *name, const char *event, json_t *own_more)
{
	char *by = task_by();
	json_t *j = own_more == NULL ? json_object() : own_more;

	json_object_set_new(j, "by", utf8_json(by));
	task_log(dir, name, event, j);
	free(by);
}

void
task_log_rotate(const char *dir, const char *name)
{
	char *sub = state_sub(name, "log.ndjson");
	const char *base;
	int at = state_parent(dir, sub, &base);
	struct stat st;

	if (at != -1 && fstatat(at, base, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_size > LOG_MAX &&
	    renameat(at, base, at, "log.ndjson.1") == -1)
		log_warn("'%s/%s.1': %s", dir, sub, strerror(errno));
	if (at != -1)
		close(at);
	free(sub);
}

/* The end of a file, beginning with a whole line. */
static int
tail(const char *dir, const char *sub, struct buf *b)
{
	int fd = state_open(dir, sub, O_RDONLY);
	struct stat st;
	off_t from;
	ssize_t n;

	if (fd == -1)
		return -1;
	if (fstat(fd, &st) == -1) {
		close(fd);
		return -1;
	}
	from = st.st_size > TAIL_MAX ? st.st_size - TAIL_MAX : 0;
	n = pread(fd, buf_room(b, TAIL_MAX), TAIL_MAX, from);
	close(fd);
	if (n <= 0)
		return -1;
	b->len = (size_t)n;
	b->ptr[n] = '\0';
	if (from > 0) {
		char *lf = memchr(b->ptr, '\n', b->len);

		buf_cut(b, lf == NULL ? b->len : (size_t)(lf + 1 - b->ptr));
	}
	return 0;
}

int
task_log_read(const char *dir, const char *name, struct buf *b, struct err *e)
{
	static const char *const files[] = { "log.ndjson.1", "log.ndjson" };
	int rc = state_check(dir, name, e);

	for (int i = 0; i < 2 && rc == 0; i++) {
		char *sub = state_sub(name, files[i]);
		int fd = state_open(dir, sub, O_RDONLY);
		ssize_t n = 0;

		if (fd == -1 && errno != ENOENT)
			rc = state_failed(e, ERR_DATA, dir, sub);
		while (fd != -1 &&
		       (n = x_read(fd, buf_room(b, TAIL_MAX), TAIL_MAX)) > 0)
			b->len += (size_t)n;
		if (n == -1)
			rc = state_failed(e, ERR_DATA, dir, sub);
		if (fd != -1)
			close(fd);
		free(sub);
	}
	return rc;
}

static json_t *
last_in(const char *dir, const char *sub,
    int (*wanted)(const char *event, const json_t *line))
{
	struct buf b = { 0 };
	json_t *found = NULL;
	size_t end;

	if (tail(dir, sub, &b) == -1)
		b.len = 0; /* drops the contents and keeps the memory */
	for (end = b.len; end > 0 && found == NULL;) {
		char *lf = memrchr(b.ptr, '\n', end - 1);
		size_t at = lf == NULL ? 0 : (size_t)(lf + 1 - b.ptr);
		json_t *j = json_loadb(b.ptr + at, end - at, 0, NULL);
		const char *ev = json_string_value(json_object_get(j, "event"));

		if (ev != NULL && wanted(ev, j))
			found = json_incref(j);
		json_decref(j);
		end = at;
	}
	buf_fini(&b);
	return found;
}

json_t *
task_log_last(const char *dir, const char *name,
    int (*wanted)(const char *event, const json_t *line))
{
	static const char *const files[] = { "log.ndjson", "log.ndjson.1" };
	json_t *j = NULL;

	for (int i = 0; i < 2 && j == NULL; i++) {
		char *sub = state_sub(name, files[i]);

		j = last_in(dir, sub, wanted);
		free(sub);
	}
	return j;
}

char *
task_now(void)
{
	struct buf b = { 0 };

	tso_add_time(&b, tso_from_ms(clock_unix_ms()));
	return buf_take(&b);
}

char *
task_by(void)
{
	char host[HOST_NAME_MAX + 1] = "", text[1024];
	const char *sudo = opt_env("SUDO_USER", NULL), *user = "?";
	struct passwd pw, *u = NULL;

	if (gethostname(host, sizeof host - 1) == -1)
		host[0] = '\0';
	if (getpwuid_r(geteuid(), &pw, text, sizeof text, &u) == 0 && u != NULL)
		user = u->pw_name;
	if (sudo == NULL || strcmp(sudo, user) == 0)
		return x_asprintf("%s@%s", user, host);
	return x_asprintf("%s as %s@%s", sudo, user, host);
}
