#ifndef CDC_VERIFY_BACKUP_ROWS_H
#define CDC_VERIFY_BACKUP_ROWS_H

#include "milvus/collection.h"
#include "verify/priv.h"
#include "verify/spool.h"

/* A collection as it is after all lines of a backup. */
struct fcoll {
	struct coll coll; /* names, schema, …; id is not used */
	char *id;         /* coll_id */
	int dropped, partial;
	/* the fields that the rows' hashes are made of */
	struct vfields fields;
	struct fpart {
		char *name;
		int there;
		uint64_t dropped_at; /* rows from before are deleted */
	} * parts;                   /* number 0: no partition */
	size_t nparts, parts_cap;
};

/* The result of the files' lines. */
struct vfile {
	struct fcoll *v;
	size_t n, cap;
	struct spool *rows;
	uint64_t until; /* lines later than this are ignored; 0: none */
	int ended;      /* the last line is an end, or until was reached */
};
void vfile_fini(struct vfile *f);
/*
 * Read all files into f, which is zero except for until. ERR_DATA names the
 * line.
 */
int vfile_read(struct vfile *f, char *const *names, size_t n, struct err *e);

/*
 * The next row of collection number i, by key, as it is after all lines. 1 with
 * key and hash (the key's text is borrowed until the next call), 0 at the end,
 * or -1. To be called with rising i.
 */
struct vfrows {
	struct spooled next;
	int have, ended;
	struct buf key;
};
int vfile_row(struct vfile *f, struct vfrows *r, uint32_t i, struct vrow *out,
    struct err *e);

/* Milvus's number of a consistency level; -1 if there is no such level. */
int vfile_consistency(const char *name);

#endif
