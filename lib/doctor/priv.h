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

/* Shared by the files of this folder. */

struct mq;
struct milvus;

enum verdict { V_OK, V_WARN, V_UNKNOWN, V_WRONG };

enum { DOCTOR_NAMED = 5 }; /* how many of a long list a line names */

/* The result of one check. */
struct finding {
	int ran;
	enum verdict verdict; /* the worst of its lines */
	enum err_kind kind;   /* of that line */
	char *text;           /* its text */
};

struct doctor;

/*
 * A check that needs others is not run if one of them went wrong. DOCTOR_MADE:
 * only for a task that exists; DOCTOR_REACHES: it asks whether a server
 * answers; the others: only if the catalogue is in etcd, the log in Kafka, one
 * of them comes from the source itself, or the log does.
 */
enum {
	DOCTOR_MADE = 1,
	DOCTOR_REACHES = 2,
	DOCTOR_ETCD = 4,
	DOCTOR_KAFKA = 8,
	DOCTOR_MILVUS = 16,
	DOCTOR_LOG = 32,
	DOCTOR_NEEDS = 3,
};
struct doctor_check {
	const char *name;
	void (*run)(struct doctor *d);
	const char *needs[DOCTOR_NEEDS];
	int how;
};

struct doctor {
	const struct doctor_conf *c;
	const struct doctor_check *checks;
	size_t nchecks;   /* without the last, which is for collections */
	const char *name; /* the task's name */
	struct checkpoint cp;
	struct err cp_why;    /* why the checkpoint cannot be read */
	struct check source;  /* what is known of the source so far */
	struct mq *k;         /* opened by check kafka */
	char **topics;        /* all topics of the cluster */
	struct textset used;  /* topics that the task reads */
	struct kvs *settings; /* of the first topics of used */
	size_t n_settings;
	struct err no_settings;    /* why they could not be read */
	struct milvus *m;          /* opened by check login */
	char target[64];           /* the target's version */
	struct task_status status; /* see doctor_status */
	int has_status;
	int gone; /* the log does not have what is behind the position */
	/* the current check */
	size_t at;
	int64_t until_ns;     /* it should end by then */
	json_t *more;         /* further members of its next line, or NULL */
	struct finding *done; /* results, by number of the check */
	int *shown;           /* which checks are shown */
	int status_code;
	struct err failed; /* the error of print */
};

/*
 * Lines of the current check. todo: what to do about it, or NULL. An ok says
 * what was seen, never only that nothing was found. doctor_fail: e says what is
 * wrong; ERR_TEMP means that a server could not be asked, which is unknown,
 * unless the check is about just that.
 */
void doctor_ok(struct doctor *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void doctor_warn(struct doctor *d, const char *todo, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_wrong(struct doctor *d, const char *todo, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_unknown(struct doctor *d, const char *todo, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Unknown, because no server was to be asked: the status does not change. */
void doctor_unasked(struct doctor *d, const char *todo, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_fail(struct doctor *d, const struct err *e, const char *todo);

void doctor_line(struct doctor *d, enum verdict v, enum err_kind kind,
    const char *text, const char *todo);

/* 1 if the current check has taken too long, or its lines cannot be printed. */
int doctor_over(const struct doctor *d);
/*
 * The number of the check whose name is n bytes long; nchecks if there is none.
 */
size_t doctor_number(const struct doctor *d, const char *name, size_t n);
/* Is check i for a task with such a source? */
int doctor_applies(const struct doctor *d, size_t i);
/* "Kafka", or "the source": who has the task's log. */
const char *doctor_log(const struct doctor *d);
/* Run check i, once, and before it the checks that it needs. */
void doctor_make(struct doctor *d, size_t i);
/* Run this check now, whether it is shown or not; returns its verdict. */
enum verdict doctor_need(struct doctor *d, const char *name);
/* The task's status, asked for once. */
const struct task_status *doctor_status(struct doctor *d);

/* Names in a line, "a, b and 7 more": add one after another, then end. */
struct named {
	struct buf b;
	size_t n;
};
void named_add(struct named *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The text, borrowed; "" if no name was added. */
const char *named_end(struct named *l);
void named_fini(struct named *l);

/* kafka.c */
void doctor_settings_free(struct doctor *d);
/* 1 if the task replicates this collection; *why says which pattern decides. */
int doctor_takes(
    const struct doctor *d, const struct cat_coll *l, struct buf *why);
/* The same for a live collection, without the reason. */
int doctor_has(const struct doctor *d, const struct cat_coll *l);
/* The entry of this id in the checkpoint's `known`; or NULL. */
const json_t *doctor_known(const struct doctor *d, int64_t id);
/* The rules of --rename. 0, or -1 with *e. */
int doctor_names(const struct doctor *d, struct names *n, struct err *e);
/*
 * The differences between a collection's schemas on both sides, in a few words
 * each; fits: its rows can be applied all the same. 1 if the target does not
 * have it.
 */
int doctor_schema(struct doctor *d, struct peer *target,
    const struct cat_coll *l, const char *db, const char *name,
    struct named *diff, int *fits, struct err *e);

/* source.c */
void check_words_line(struct doctor *d);
void check_others(struct doctor *d);
void check_etcd_line(struct doctor *d);
void check_source(struct doctor *d);
void check_root(struct doctor *d);
void check_log_line(struct doctor *d);
void check_selection(struct doctor *d);
/*
 * timeline.c: 1 if the position is of another source, or of topics that were
 * made anew, or if that could not be asked; the line is then written.
 */
int doctor_other_past(struct doctor *d);
/* kafka.c */
void check_kafka(struct doctor *d);
void check_zstd(struct doctor *d);
void check_topics(struct doctor *d);
void check_format(struct doctor *d);
void check_size(struct doctor *d);
void check_retention(struct doctor *d);
/* position.c */
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
void check_disk(struct doctor *d);
void check_upgrade(struct doctor *d);
/* A member that is text, or NULL; j may be NULL. */
const char *doctor_text(const json_t *j, const char *key);
/* 1 for a set that moves the position: 'set --missing' does not. */
int doctor_is_set(const char *event, const json_t *line);
/* lost.c */
void check_lost(struct doctor *d);
void check_unknown(struct doctor *d);
/*
 * The number of lines in dead.ndjson; only those of a collection if id is not
 * NULL. *e is set if the file cannot be read.
 */
size_t doctor_dead(const struct doctor *d, const char *id, struct err *e);
/*
 * The event of the last run if it failed and none has begun since; or NULL.
 * *gone: the source did not have the records behind the position any more.
 */
json_t *doctor_failure(const struct doctor *d, int *gone);
/* collection.c: for the pattern c->coll */
void check_collections(struct doctor *d);

#endif
