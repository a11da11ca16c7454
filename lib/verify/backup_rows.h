#ifndef CDC_VERIFY_BACKUP_ROWS_H
#define CDC_VERIFY_BACKUP_ROWS_H

#include "milvus/collection.h"
#include "verify/priv.h"
#include "verify/spool.h"

/* A collection as the lines of a backup leave it. */
struct fcoll {
	struct coll coll; /* names, schema, …; id is not used */
	char *id;         /* coll_id */
	int dropped, partial;
	struct vfields fields; /* that its rows' hashes are made of */
	struct fpart {
		char *name;
		int there;
		uint64_t dropped_at; /* rows of before are gone */
	} * parts;                   /* number 0 is no partition */
	size_t nparts, parts_cap;
};

/* What files of lines come to. */
struct vfile {
	struct fcoll *v;
	size_t n, cap;
	struct spool *rows;
	uint64_t until; /* nothing later is read; 0: all */
	int ended;      /* the last line is an end, or until was reached */
};
void vfile_fini(struct vfile *f);
/* Read all, with until set and the rest zero. ERR_DATA names the line. */
int vfile_read(struct vfile *f, char *const *names, size_t n, struct err *e);

/*
 * The next row that collection number i has in the end, by key. 1 with key
 * and hash (the key's text is borrowed until the next call), 0, or -1. Called
 * for rising i.
 */
struct vfrows {
	struct spooled next;
	int have, ended;
	struct buf key;
};
int vfile_row(struct vfile *f, struct vfrows *r, uint32_t i, struct vrow *out,
    struct err *e);

/* A consistency level by name, as Milvus numbers them; -1. */
int vfile_consistency(const char *name);

#endif
