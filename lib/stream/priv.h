#ifndef CDC_STREAM_PRIV_H
#define CDC_STREAM_PRIV_H

/* Shared by the files of this folder. */

#include "base/lines.h"
#include "base/out.h"
#include "catalogue/cat.h"
#include "ddl/ddl.h"
#include "ddl/known.h"
#include "ddl/rbac.h"
#include "model/op_write.h"
#include "stream/merge.h"
#include "stream/stream.h"

/* place.c */
/* Where to read a topic from so that everything above a timestamp is read. */
struct place {
	const char *topic;
	uint64_t ts;
	struct mq_id low, high; /* watermarks */
	struct mq_id id; /* the answer; anything before it is not above ts */
	/* bounds of the search: good is early enough, bad may not be */
	struct mq_id good, bad, at;
};

/*
 * Find the places of n topics by the timestamps inside their records. Kafka's
 * own time of a record is that of the producer's clock, which may be wrong, so
 * it only gives the first guess. The topics must not be read meanwhile. -1 if a
 * broker does not answer.
 */
int places_find(struct mq *k, struct place *v, size_t n, struct err *e);

/* Counts of a collection's records, for --explain. */
struct reader_tally {
	int64_t id;
	uint64_t inserts, deletes, rows, keys, gone;
};

/* A watermark W that waits until the catalogue has caught up. */
struct reader_cand {
	uint64_t w;
	int64_t ns;    /* when the log certainly had it */
	int64_t since; /* when the first one in this place was */
};

enum { READER_CANDS = 32 };

/* Collections and partitions whose drop is in the log, by id. */
struct reader_drop {
	int64_t id;
	uint64_t ts; /* of the message */
};
struct reader_drops {
	struct reader_drop *v;
	size_t n, cap;
};

/* A mark, once all up to ts has left. */
struct reader_mark {
	uint64_t ts;
	struct mq_mark mark;
};

/* A topic that is read: what the merger does not need to know. */
struct reader_topic {
	struct merge_topic *in; /* the merger's part */
	int paused;
	struct mq_id end;   /* a high watermark; none if not asked */
	struct mq_id known; /* a later one, and when it was seen */
	int64_t known_ns;
	struct mq_id unused_end; /* its end when it came out of use, or none */
	struct mq_id began;      /* the first record that is read, */
	struct mq_id looked;     /* and up to where drops were looked for */
	int64_t seen_ns;         /* when the last record came */
	/* by_mark only */
	struct mq_mark mark;       /* all up to it has left, */
	struct reader_mark *marks; /* and these are to come, the oldest first */
	size_t n_marks, marks_cap;
	struct mq_mark searched; /* up to where drops were looked for */
};

struct reader {
	const struct reader_conf *conf;
	struct where from, until;
	char *cluster, *dml_prefix, *replicate;
	struct lines *in; /* the catalogue */
	char *names[1];   /* of it */
	int in_eof;
	int at_end;      /* the last line of it was an `at` */
	int one_page;    /* the pipe holds one line only */
	int64_t read_ns; /* when it was read last */
	int64_t news_ns; /* when its last change came */
	struct mq *k;
	struct mq *asker; /* asks for records that k has passed, or NULL */
	int64_t asked_ns; /* when asker was last used */
	struct cat cat;
	struct view view;
	struct ddl *ddl;
	struct rbac *rbac; /* NULL: only some collections are included */
	struct merge *merge;
	struct reader_topic *topics; /* by their number in merge */
	size_t n_topics, topics_cap;
	struct emit emit;
	struct out out;
	struct buf rows_text; /* of the current line */
	int by_log;           /* changes are in the log, */
	int by_mark;          /* and it is read through Milvus */
	int begun;            /* the begin line is written, topics are read */
	int channels_dirty;   /* collections have changed: look at topics */
	uint64_t start_ts;    /* T: records up to it are not in the stream */
	uint64_t told_ts; /* by_mark: from here on, the log has all changes */
	struct reader_cand cands[READER_CANDS]; /* the oldest first */
	size_t n_cands;
	uint64_t until_ts;   /* nothing above is released */
	uint64_t until_seen; /* greatest timestamp below the ends */
	int taken;           /* how many records were taken last */
	int more; /* records are left in the queue; mq_fd will not signal
		     them */
	size_t held_most; /* bytes of records, when the heap was trimmed */
	int64_t release_ns, tick_ns, topics_ns; /* when each was last done */
	int64_t ends_ns; /* when all was read that --until end asks for */
	int64_t wait_ns; /* since when --until now waits for ticks */
	/* the change that lacks a copy, how much of that copy's topic was read
	 * by then, and when we have to say so, 0: not yet */
	uint64_t lack_id, lack_records;
	int64_t lack_ns;
	uint64_t tick_ts;       /* of the last tick */
	uint64_t lines_at_tick; /* of operations, to see if there are new */
	uint64_t unknown_ids;   /* records of unknown collections */
	uint64_t left_out;      /* and of those that no pattern has */
	struct reader_drops drops;
	int64_t looked_ns;   /* when the log was last searched for drops */
	int64_t missing_ns;  /* since when records wait for their collection */
	uint64_t missing_ts; /* up to here --missing holds; 0: it is 'stop' */
	enum source_missing missing;
	int compared; /* compared with the target once: --missing holds for one
			 start */
	struct source told; /* of the last tick */
	int done;
	struct reader_tally *tally;
	size_t n_tally, tally_cap;
};

/*
 * catalogue_in.c: reader_catalogue reads the catalogue up to `ready`. The next
 * two take the lines in memory, and those of one more read(2). The last says
 * whether more should be read.
 */
int reader_catalogue(struct reader *r, struct err *e);
int reader_catalogue_lines(struct reader *r, struct err *e);
int reader_catalogue_fill(struct reader *r, struct err *e);
int reader_catalogue_line(
    struct reader *r, const char *line, size_t len, struct err *e);
int reader_wants_catalogue(const struct reader *r);

/* begin.c: begin to read all topics; writes the begin line. */
int reader_begin(struct reader *r, struct err *e);

/* Where a topic begins: id, and which records are skipped from there. */
struct reader_start {
	struct mq_id id, skip_n;
	uint64_t skip_ts, skip_last;
	struct mq_id low, high;      /* when we began */
	uint64_t above;              /* the id is still to be found */
	const struct pos_topic *pos; /* whose last record is to be compared */
};
/*
 * starts.c: where the topics with these names begin; each has an entry in s.
 * The ends are asked for after the catalogue was read: a topic that it does
 * not use is settled there (law 3).
 */
int reader_starts(struct reader *r, const char *const *names, size_t n,
    struct reader_start *s, struct err *e);
/* The newest timestamp of the log; 0 if it has none. */
int reader_newest(struct reader *r, char **topics, uint64_t *ts, struct err *e);
/* The start of a live collection in this topic, none if it has none. */
struct mq_id reader_first_start(const struct reader *r, const char *topic);

/* topics.c: 1 if the name is one of this cluster's topics. */
int reader_ours(const struct reader *r, const char *topic);
/* The topic of a record. */
struct reader_topic *reader_topic(
    const struct reader *r, const struct record *m);
/* Begin to read a topic, at s->id or behind mark; its number, or -1. */
int reader_add_topic(struct reader *r, const char *name,
    const struct reader_start *s, const struct mq_mark *mark, struct err *e);
/*
 * A topic that came up while we run: from its first record. One that was
 * there all the time, but is not of this cluster's names, is known by a
 * collection that begins there: reader_channels.
 */
int reader_topics(struct reader *r, struct err *e);
/* in_use.c: which topics hold W back; those of new collections are read. */
int reader_channels(struct reader *r, struct err *e);

/*
 * watermark.c: write what W and the catalogue allow, and a tick when one is
 * due; sets done when --until is reached. reader_tick writes a tick or the end
 * line.
 */
int reader_release(struct reader *r, struct err *e);
int reader_tick(struct reader *r, enum opname op, struct err *e);
/* After some patience, once: --until waits for a tick of this topic; -1: none.
 */
void reader_say_holder(struct reader *r, int holder);
/* A tick if there were operations since the last one, or it is time. */
int reader_tick_if_due(struct reader *r, struct err *e);
/* Every topic has been read to where it ended when we began. */
int reader_at_ends(const struct reader *r);

/*
 * by_log.c: a source whose changes are in its log. Before the stream begins,
 * take out of the catalogue what the log will tell; then, as reader_release.
 */
int reader_by_log_start(struct reader *r, struct err *e);
int reader_by_log_release(struct reader *r, struct err *e);

/*
 * by_mark.c: a log that is read through Milvus. Finds where its topics begin,
 * and begins to read them; the same for one that comes up.
 */
int reader_mark_begin(struct reader *r, struct err *e);
int reader_mark_topic(struct reader *r, const char *name, struct err *e);
/*
 * marks.c: places. The queue has proven all of t up to t->in->tick; where the
 * stream is, of any log; and the search for the drop of a collection or
 * partition, in what a log that is read through Milvus has from there to now.
 */
void reader_mark_made(struct reader *r, struct reader_topic *t);
void reader_pos(struct reader *r, struct pos *p);
int reader_mark_search(struct reader *r, int64_t id, struct err *e);

/*
 * source.c: who the source is; "source" of a tick, if it has changed or it
 * is to be whole. Is it the one that the position is of? ERR_BACK if not: at
 * first by who it is, and with --missing what holds for its records; then,
 * when topics are known, by what it should remember.
 */
void reader_source(const struct reader *r, struct source *s);
void reader_source_line(struct reader *r, struct jsonw *w, int whole);
/* Note since when bulk imports of the source are missing at the target. */
void reader_imports(struct reader *r);
int reader_meet(struct reader *r, char **topics, struct err *e);
int reader_remembers(struct reader *r, struct err *e);
/*
 * line.c: "src" of a line; the line of a record that nobody knows; the same for
 * one that cannot be written, and why. request.c: what a client asked for, on
 * replicate-msg.
 */
void reader_src(const struct reader *r, const struct rec *rec, struct jsonw *w);
void reader_unknown(struct reader *r, const struct rec *rec);
void reader_undecodable(
    struct reader *r, const struct rec *rec, const struct err *e);
void reader_request(struct reader *r, const struct rec *rec);
/* select.c: which collections the stream has. */
void reader_include(struct reader *r); /* all that the catalogue has */
/* ERR_DATA if a pattern matches nothing and the stream has an end. */
int reader_meets(struct reader *r, struct err *e);
/* ERR_DATA: it is included, and has what no row or operation of ours tells. */
int reader_can_read(const struct cat_coll *c, struct err *e);
int reader_want(void *arg, const char *db, const char *coll, int64_t id);
int reader_want_db(void *arg, const char *db);
/* How many topics live collections are on. */
size_t reader_topics_in_use(const struct reader *r);

/*
 * intake.c: records come in; topics ahead of W are paused, unused ones settle.
 */
int reader_wanted(void *arg, const struct rec *rec);
int reader_records(struct reader *r, struct err *e);
int reader_is_full(const struct reader *r); /* no more before an `at` */
int reader_balance(struct reader *r, int holder, struct err *e);
/*
 * same_topic.c: note a record of t that came, and the timestamp of the one
 * before it. Then, before anything is released: are the topics that were
 * silent still what was read? ERR_GONE if not.
 */
void reader_doubt(struct reader_topic *t, struct mq_id id, uint64_t before);
int reader_same(struct reader *r, struct err *e);
int reader_settle(struct reader *r, struct err *e);

/*
 * drops.c: reader_note_drop takes a DDL message of the log. The drop of id, or
 * NULL.
 */
void reader_note_drop(void *arg, const struct msg *m);
void reader_note_record(struct reader *r, struct record *own_m);
const struct reader_drop *reader_drop_of(const struct reader *r, int64_t id);

/*
 * gone.c: searches the log for the drop of a collection or partition: 1, 0,
 * -1; ERR_STOP if a signal came before the search was done. New records are
 * searched if the last search is again_ms ago.
 */
int reader_is_dropped(
    struct reader *r, int64_t id, int64_t again_ms, struct err *e);
/*
 * A record whose collection or partition the catalogue does not know; young:
 * the catalogue is older than it. 1: it must wait, 0: it is gone, -1 with
 * ERR_BACK if nothing proves that its collection was dropped.
 */
int reader_missing(struct reader *r, const struct rec *rec, int64_t id,
    const char *what, int young, struct err *e);
/*
 * To be called before a whole catalogue is compared with what the target has:
 * what the catalogue lacks must have been dropped, or --missing says what
 * becomes of it. ERR_BACK if neither; ERR_STOP if a signal came before the
 * search was done, so that nothing may be taken for dropped.
 */
int reader_compare(struct reader *r, struct err *e);

/*
 * release.c: write all records of the first timestamp. 1 if they must wait,
 * since the catalogue may still tell which collection they belong to.
 */
int reader_group(struct reader *r, struct err *e);
struct reader_tally *reader_tally(struct reader *r, int64_t coll_id);
int reader_explain(struct reader *r, struct err *e);

#endif
