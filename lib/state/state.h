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
 * The state directory, cdc-state(5). dir is its path, task a task's name; both
 * are borrowed for the call. If a newer release wrote the directory, every
 * function here fails with ERR_DATA.
 */

enum { STATE_FORMAT = 1 }; /* the newest that is read */

/*
 * The path of the directory: option if not NULL, else $CDC_STATE_DIR, else
 * $XDG_STATE_HOME/milvus-cdc, else ~/.local/state/milvus-cdc. The caller frees
 * it.
 */
char *state_dir(const char *option);
/* The same as an absolute path, for programs that run in another folder. */
char *state_dir_whole(const char *option);

/*
 * dir/tasks/task/file, or dir/tasks/task if file is NULL; to be freed. For
 * messages and arguments of other programs; functions here take a `sub`.
 */
char *state_path(const char *dir, const char *task, const char *file);

/*
 * Below the directory no symbolic link is followed, at any level. The directory
 * can belong to a service's user, and a link of that user must not lead root,
 * who looks after the tasks, elsewhere. The path of the directory itself may
 * have links. A `sub` is a path below the directory, in plain parts:
 * "tasks/dr/lock".
 */
char *state_sub(const char *task, const char *file); /* as state_path */
/*
 * open(2), with mode 0600 for a new file; anything but a file or a folder is
 * refused. -1 and errno, for state_failed.
 */
int state_open(const char *dir, const char *sub, int flags);
/*
 * flock(2), exclusive. Another process that has the file open can hold the lock
 * for as long as it likes, so the wait ends after STATE_FLOCK_MS. -1 and errno,
 * then EWOULDBLOCK, for state_failed.
 */
enum { STATE_FLOCK_MS = 5000 };
int state_flock(int fd);
/* Open the folder that sub is in; *base is the last part of sub. */
int state_parent(const char *dir, const char *sub, const char **base);
/* stat(2); for a link, the link itself. */
int state_stat(const char *dir, const char *sub, struct stat *st);
/* Sets *e from errno after one of these three: "'dir/sub': …". */
int state_failed(
    struct err *e, enum err_kind kind, const char *dir, const char *sub);
/* The `sub` of a path in dir, or NULL if the path is outside of dir. */
const char *state_within(const char *dir, const char *path);

/* ERR_USAGE if a name is not [A-Za-z0-9][A-Za-z0-9._-]{0,127}. */
int state_name(const char *task, struct err *e);

/* Make the directory, mode 0700, and its FORMAT file, if absent. */
int state_init(const char *dir, struct err *e);
/* Make a folder in it, if absent. ERR_OUTPUT. */
int state_folder(const char *dir, const char *name, struct err *e);
/*
 * 0 if the directory has no FORMAT yet, 1 if its format is known, -1 with
 * ERR_DATA.
 */
int state_format(const char *dir, struct err *e);

/* ERR_DATA unless the format is known and the task exists. */
int state_check(const char *dir, const char *task, struct err *e);

/*
 * Take the task's writer lock (law 8). Returns a descriptor that holds it until
 * it is closed; this process's pid is written into the file. -1 with ERR_TEMP
 * naming the holder's pid, or ERR_DATA if there is no such task.
 * state_lock_file takes the lock of another file of the task.
 */
int state_lock(const char *dir, const char *task, struct err *e);
int state_lock_file(
    const char *dir, const char *task, const char *file, struct err *e);

/* 1 if the lock is held; *pid is then its holder's, or 0 if unknown. */
int state_locked(const char *dir, const char *task, pid_t *pid);
int state_locked_file(
    const char *dir, const char *task, const char *file, pid_t *pid);

/* 0 if the lock is free, or -1 with ERR_TEMP naming the holder's pid. */
int state_unlocked(
    const char *dir, const char *task, const char *file, struct err *e);

/* The task's definition, task.json; NULL with ERR_DATA. */
json_t *state_task(const char *dir, const char *task, struct err *e);
/*
 * The owner of a task that state_task returned, if this process is root and the
 * owner is not; else 0. For trust_named_by.
 */
uid_t state_owner(const json_t *task);

/*
 * The newest whole checkpoint: {"v":1,"gen":N,"ts":"…","pos":{…},
 * "known":{…},"applied":{…},"crc":"…"}. If one is torn or has a wrong crc, the
 * one before is used. NULL with e->kind ERR_NONE if there never was one, with
 * ERR_DATA if none can be read.
 */
json_t *state_checkpoint(const char *dir, const char *task, struct err *e);

/* A checkpoint's values. All zero is valid: no checkpoint yet. */
struct checkpoint {
	int64_t gen;   /* 0: none yet */
	int fell_back; /* checkpoint.json exists and cannot be used */
	struct pos pos;
	json_t *known; /* owned, or NULL */
	/* the source's identity, model/source.h; owned, or NULL */
	json_t *source;
	json_t *applied; /* counts since the task was made; owned, or NULL */
};
void checkpoint_fini(struct checkpoint *c);

/* 0 with c->gen == 0 if there is none. */
int checkpoint_load(
    const char *dir, const char *task, struct checkpoint *c, struct err *e);
/*
 * Write c durably as the next generation and keep the one before; raises
 * c->gen. If the process is killed at any point, either the old or the new one
 * is read.
 */
int checkpoint_save(
    const char *dir, const char *task, struct checkpoint *c, struct err *e);

/*
 * Replace a file's content: write a temporary file beside it, fsync, rename,
 * fsync the folder. Mode 0600. ERR_OUTPUT.
 */
int state_replace(
    const char *dir, const char *sub, const void *p, size_t n, struct err *e);

/* The same without fsync: for files that may be lost in a crash. */
int state_put(
    const char *dir, const char *sub, const void *p, size_t n, struct err *e);

/* The content of a file that is a JSON object, of 64 MiB at most; or NULL. */
json_t *state_read(const char *dir, const char *sub, struct err *e);

#endif
