#ifndef CDC_DOCTOR_DOCTOR_H
#define CDC_DOCTOR_DOCTOR_H

#include <jansson.h>

struct buf;
struct err;

/*
 * Checks whether a task can work, and what state it is in. A line for each
 * check.
 */

struct doctor_conf {
	const char *dir;  /* the state directory */
	const char *name; /* the task's name; NULL: that of the definition */
	json_t *task;     /* the definition */
	int made;         /* the task exists in dir */
	const char *only; /* names of checks, with commas; NULL: all */
	/* a pattern: report on these collections instead; or NULL */
	const char *coll;
	int json;
	/* Called with each line as soon as it is known; -1 ends the run. */
	int (*print)(const struct buf *line, struct err *e);
};

/*
 * Asks the servers and changes nothing. 0 if nothing is wrong, 1 if something
 * is, 3 if the only trouble is that a server could not be asked; or -1:
 * ERR_USAGE for an unknown check, ERR_OUTPUT.
 */
int doctor_run(const struct doctor_conf *c, struct err *e);

/*
 * The definition of a task that exists, or of the task that these options would
 * make; they are completed. name and from may be NULL. *made: the task exists.
 */
json_t *doctor_task(const char *dir, const char *name, const char *from,
    json_t *options, int *made, struct err *e);

#endif
