#ifndef CDC_STATE_STATE_H
#define CDC_STATE_STATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <jansson.h>

#include "base/err.h"
#include "model/pos.h"

/*
 * The state directory, cdc-state(5). dir is its path, task a task's name;
 * both are borrowed for the call. A directory written by a newer release is
 * refused by every function here with ERR_DATA.
 */

enum { STATE_FORMAT = 1 }; /* the newest that we know */

/*
 * option if not NULL, else $CDC_STATE_DIR, else $XDG_STATE_HOME/milvus-cdc,
 * else ~/.local/state/milvus-cdc. The caller's to free.
 */
char *state_dir(const char *option);
/* The same with its whole path, for programs of another folder. */
char *state_dir_whole(const char *option);

/*
 * dir/tasks/task/file, or dir/tasks/task if file is NULL; to be freed. For
 * messages and other programs' arguments: what opens it here takes a `sub`.
 */
char *state_path(const char *dir, const char *task, const char *file);

/*
 * Below the directory no symbolic link is followed, at no level: the
 * directory can belong to a service's user, and root, who looks after its
 * tasks, must not be led elsewhere by a link of his. The path of the
 * directory itself may have links. A `sub` is a path below it, in plain
 * parts: "tasks/dr/lock".
 */
char *state_sub(const char *task, const char *file); /* as state_path */
/*
 * open(2), mode 0600 if it is made; what is neither a file nor a folder is
 * refused. -1 and errno, for state_failed.
 */
int state_open(const char *dir, const char *sub, int flags);
/*
 * flock(2), exclusive: whoever else has it open can hold it as long as he
 * likes, so it is waited for STATE_FLOCK_MS. -1 and errno, EWOULDBLOCK if that
 * is over, for state_failed.
 */
enum { STATE_FLOCK_MS = 5000 };
int state_flock(int fd);
/* The folder in which sub is, to be closed; *base is sub's last part. */
int state_parent(const char *dir, const char *sub, const char **base);
/* stat(2), of a link itself. */
int state_stat(const char *dir, const char *sub, struct stat *st);
/* err_sys for these three: "'dir/sub': …". */
int state_failed(
    struct err *e, enum err_kind kind, const char *dir, const char *sub);
/* The sub of a path in dir, or NULL if it lies elsewhere. */
const char *state_within(const char *dir, const char *path);

/* [A-Za-z0-9][A-Za-z0-9._-]{0,127}; ERR_USAGE if not. */
int state_name(const char *task, struct err *e);

/* Make the directory, mode 0700, with its FORMAT file, if they are not there.
 */
int state_init(const char *dir, struct err *e);
/* Make a folder in it, if it is not there. ERR_OUTPUT. */
int state_folder(const char *dir, const char *name, struct err *e);
/* 0 if the directory has no FORMAT yet, 1 if it is ours, -1 with ERR_DATA. */
int state_format(const char *dir, struct err *e);

/* The format is one we know and the task is there; else ERR_DATA. */
int state_check(const char *dir, const char *task, struct err *e);

/*
 * The task's writer lock, law 8. Returns a descriptor that holds the lock
 * until it is closed, with our pid written into the file; or -1 with
 * ERR_TEMP, naming the pid that holds it, or ERR_DATA if there is no such
 * task. state_lock_file is the same for another file of the task.
 */
int state_lock(const char *dir, const char *task, struct err *e);
int state_lock_file(
    const char *dir, const char *task, const char *file, struct err *e);

/* Is the lock held? Then *pid is its holder's, or 0 if that is unknown. */
int state_locked(const char *dir, const char *task, pid_t *pid);
int state_locked_file(
    const char *dir, const char *task, const char *file, pid_t *pid);

/* 0 if nobody holds it, or -1 with ERR_TEMP, naming the pid that does. */
int state_unlocked(
    const char *dir, const char *task, const char *file, struct err *e);

/* The task's definition, task.json; NULL with ERR_DATA. */
json_t *state_task(const char *dir, const char *task, struct err *e);
/* Of what state_task returned: the user whose it is, if we are root and it is
 * not root's; else 0. For trust_named_by. */
uid_t state_owner(const json_t *task);

/*
 * The newest whole checkpoint: {"v":1,"gen":N,"ts":"…","pos":{…},
 * "known":{…},"applied":{…},"crc":"…"}. One that is torn, or whose crc is not
 * that of its bytes, gives way to the one before. NULL with e->kind ERR_NONE
 * if there never was one, with ERR_DATA if there is none that can be read.
 */
json_t *state_checkpoint(const char *dir, const char *task, struct err *e);

/* The same as values. All zero is valid: no checkpoint yet. */
struct checkpoint {
	int64_t gen;   /* 0: none yet */
	int fell_back; /* checkpoint.json is there and cannot be used */
	struct pos pos;
	json_t *known;   /* owned, or NULL */
	json_t *source;  /* who it was, model/source.h; owned, or NULL */
	json_t *applied; /* counts since the task was made; owned, or NULL */
};
void checkpoint_fini(struct checkpoint *c);

/* 0 with c->gen == 0 if there is none. */
int checkpoint_load(
    const char *dir, const char *task, struct checkpoint *c, struct err *e);
/*
 * Write c as the next generation, durably; the one before is kept. c->gen is
 * raised when it is done. Killed at any point, either the one before or the
 * new one is read.
 */
int checkpoint_save(
    const char *dir, const char *task, struct checkpoint *c, struct err *e);

/*
 * Replace a file's content: temporary beside it, fsync, rename, fsync of the
 * folder. Mode 0600. ERR_OUTPUT.
 */
int state_replace(
    const char *dir, const char *sub, const void *p, size_t n, struct err *e);

/* The same without the fsyncs: for what may be lost in a crash. */
int state_put(
    const char *dir, const char *sub, const void *p, size_t n, struct err *e);

/* The content of a file that is an object, of 64 MiB at most; or NULL. */
json_t *state_read(const char *dir, const char *sub, struct err *e);

#endif
