#ifndef CDC_DOCTOR_PRIV_H
#define CDC_DOCTOR_PRIV_H

#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "doctor/doctor.h"
#include "milvus/ask.h"
#include "milvus/textset.h"
#include "state/state.h"
#include "task/check_each.h"
#include "task/status.h"

/* The inside of doctor.h. */

struct kreader;
struct milvus;

enum verdict { V_OK, V_WARN, V_UNKNOWN, V_WRONG };

enum { DOCTOR_NAMED = 5 }; /* of a long list, in one line */

/* What came of one check. */
struct finding {
	int ran;
	enum verdict verdict; /* the worst of its lines */
	enum err_kind kind;   /* of that one */
	char *text;           /* and its words */
};

struct doctor;

/*
 * A check that needs others is not made if one of them went wrong.
 * DOCTOR_MADE: only of a task that is there; DOCTOR_REACHES: it asks whether
 * somebody answers.
 */
enum { DOCTOR_MADE = 1, DOCTOR_REACHES = 2, DOCTOR_NEEDS = 3 };
struct doctor_check {
	const char *name;
	void (*run)(struct doctor *d);
	const char *needs[DOCTOR_NEEDS];
	int how;
};

struct doctor {
	const struct doctor_conf *c;
	const struct doctor_check *checks;
	size_t nchecks;   /* besides the last, which is of one collection */
	const char *name; /* the task's */
	struct checkpoint cp;
	struct err cp_why;    /* it cannot be read */
	struct check source;  /* what is known of it so far */
	struct kreader *k;    /* of check kafka */
	char **topics;        /* the cluster's */
	struct textset used;  /* topics that the task reads */
	struct kvs *settings; /* of topics used, the first so many */
	size_t n_settings;
	struct err no_settings;    /* they were asked for in vain */
	struct milvus *m;          /* of check login */
	char target[64];           /* its version */
	struct task_status status; /* doctor_status */
	int has_status;
	int gone; /* Kafka lacks what is behind the position */
	/* the check at hand */
	size_t at;
	int64_t until_ns;     /* it should be over by then */
	json_t *more;         /* more members of its next line, or NULL */
	struct finding *done; /* by number */
	int *shown;           /* those that are asked for */
	int status_code;
	struct err failed; /* of print */
};

/*
 * Lines of the check at hand. todo: what to do about it, or NULL.
 * An ok says what was seen, never only that nothing else was.
 * doctor_fail: e says what is wrong; ERR_TEMP: it could not be asked, which is
 * unknown, unless that is the question.
 */
void doctor_ok(struct doctor *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void doctor_warn(struct doctor *d, const char *todo, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_wrong(struct doctor *d, const char *todo, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_unknown(struct doctor *d, const char *todo, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Unknown, and nobody was to be asked: the status stays. */
void doctor_unasked(struct doctor *d, const char *todo, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_fail(struct doctor *d, const struct err *e, const char *todo);

void doctor_line(struct doctor *d, enum verdict v, enum err_kind kind,
    const char *text, const char *todo);

/* Has the check at hand taken too long, or is there nobody to print to? */
int doctor_over(const struct doctor *d);
/* The number of a check, its name n bytes long; nchecks if there is none. */
size_t doctor_number(const struct doctor *d, const char *name, size_t n);
/* Make check i, once, those that it needs first. */
void doctor_make(struct doctor *d, size_t i);
/* Make this one now, shown or not. Its verdict. */
enum verdict doctor_need(struct doctor *d, const char *name);
/* How the task is, asked once. */
const struct task_status *doctor_status(struct doctor *d);

/*
 * Names in one line, "a, b and 7 more": add one after the other, then end.
 */
struct named {
	struct buf b;
	size_t n;
};
void named_add(struct named *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The text, borrowed; "" if none was added. */
const char *named_end(struct named *l);
void named_fini(struct named *l);

/* kafka.c */
void doctor_settings_free(struct doctor *d);
/* Does the task take this collection? *why says by what, or why not. */
int doctor_takes(
    const struct doctor *d, const struct cat_coll *l, struct buf *why);
/* The same of a live one, without words. */
int doctor_has(const struct doctor *d, const struct cat_coll *l);
/* What the checkpoint knows the target to have of this id; or NULL. */
const json_t *doctor_known(const struct doctor *d, int64_t id);
/* Names at the target. 0, or -1 with *e. */
int doctor_names(const struct doctor *d, struct names *n, struct err *e);
/*
 * Differences of a collection's schema at both sides, a few words each; fits:
 * its rows fit all the same. 1 if it is not at the target.
 */
int doctor_schema(struct doctor *d, struct peer *target,
    const struct cat_coll *l, const char *db, const char *name,
    struct named *diff, int *fits, struct err *e);

/* source.c */
void check_words_line(struct doctor *d);
void check_others(struct doctor *d);
void check_etcd_line(struct doctor *d);
void check_root(struct doctor *d);
void check_selection(struct doctor *d);
/*
 * timeline.c: the position fits, but is it of this source, and of these
 * topics? 1 if it is not, or that could not be asked, and then it is said.
 */
int doctor_other_past(struct doctor *d);
/* kafka.c */
void check_kafka(struct doctor *d);
void check_zstd(struct doctor *d);
void check_topics(struct doctor *d);
void check_format(struct doctor *d);
void check_size(struct doctor *d);
void check_retention(struct doctor *d);
void check_position(struct doctor *d);
/* target.c */
void check_target(struct doctor *d);
void check_login(struct doctor *d);
void check_mode(struct doctor *d);
struct names;
void doctor_adopted(struct doctor *d, const struct names *names);
void check_itself(struct doctor *d);
void check_versions(struct doctor *d);
void check_writers(struct doctor *d);
void check_databases(struct doctor *d);
void check_schemas(struct doctor *d);
/* rows.c */
void check_rows(struct doctor *d);
/* task.c */
void check_wish(struct doctor *d);
void check_state(struct doctor *d);
void check_lag(struct doctor *d);
void check_progress(struct doctor *d);
void check_start(struct doctor *d);
void check_lost(struct doctor *d);
void check_unknown(struct doctor *d);
void check_disk(struct doctor *d);
void check_upgrade(struct doctor *d);
/*
 * Of dead.ndjson: lines, and those of one collection id if id is not NULL. *e
 * is set if it cannot be read.
 */
size_t doctor_dead(const struct doctor *d, const char *id, struct err *e);
/*
 * How the last run ended for good, if none has begun since; or NULL.
 * *gone: the source did not have any more what is behind the position.
 */
json_t *doctor_failure(const struct doctor *d, int *gone);
/* collection.c: of c->coll */
void check_collections(struct doctor *d);

#endif
