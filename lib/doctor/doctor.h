#ifndef CDC_DOCTOR_DOCTOR_H
#define CDC_DOCTOR_DOCTOR_H

#include <jansson.h>

struct buf;
struct err;

/* Can a task work, and how is it? One check after the other, a line each. */

struct doctor_conf {
	const char *dir;  /* the state directory */
	const char *name; /* the task's; NULL: what the definition says */
	json_t *task;     /* the definition */
	int made;         /* it is one of dir's tasks */
	const char *only; /* names of checks, with commas; NULL: all */
	const char *coll; /* a pattern: how these collections fare; or NULL */
	int json;
	/* Where lines go, each as soon as it is known; -1 ends it all. */
	int (*print)(const struct buf *line, struct err *e);
};

/*
 * The servers are asked, nothing is changed anywhere. 0 if nothing is wrong,
 * 1 if something is, 3 if the only trouble is that somebody could not be
 * asked; or -1: ERR_USAGE for a check that there is not, ERR_OUTPUT.
 */
int doctor_run(const struct doctor_conf *c, struct err *e);

/*
 * The definition of a task that is there, or of one that these options (to be
 * completed) would make; name and from may be NULL. *made: it is there.
 */
json_t *doctor_task(const char *dir, const char *name, const char *from,
    json_t *options, int *made, struct err *e);

/* The name of check i, in their order; NULL behind the last. */
const char *doctor_check_name(size_t i);

#endif
