#ifndef CDC_MODEL_PATTERN_MET_H
#define CDC_MODEL_PATTERN_MET_H

struct buf;
struct err;
struct patterns;

/*
 * Does each pattern meet something? One that does not is a mistake more often
 * than not, and what comes of it looks as if all were well: an empty backup,
 * nothing that differs.
 */
enum meet { MEET_NOTHING, MEET_LATER, MEET_DROPPED, MEET_LIVE };

struct meets {
	const char *word;                /* what the patterns stand behind */
	const struct patterns *in, *out; /* borrowed; out may be NULL */
	enum meet *in_met, *out_met;     /* the best that each has met */
};

void meets_init(struct meets *m, const char *word, const struct patterns *in,
    const struct patterns *out);
void meets_fini(struct meets *m);

/* There is this collection. What is excluded does not count for in. */
void meets_coll(
    struct meets *m, const char *db, const char *coll, enum meet how);
/* There is this database; "db.*" asks for it, too. */
void meets_db(struct meets *m, const char *db);

/* Append which of in have met nothing of where, if any: how many. */
int meets_text(const struct meets *m, const char *where, struct buf *b);

/*
 * Warn of each of out that has met nothing. -1 with ERR_DATA if one of in
 * has not; with allow that is a warning too.
 */
int meets_check(
    const struct meets *m, const char *where, int allow, struct err *e);

#endif
