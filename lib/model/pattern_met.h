#ifndef CDC_MODEL_PATTERN_MET_H
#define CDC_MODEL_PATTERN_MET_H

struct buf;
struct err;
struct patterns;

/*
 * Which patterns match a collection. One that matches none is most often a
 * mistake whose result looks fine: an empty backup, or no differences.
 */
enum meet { MEET_NOTHING, MEET_LATER, MEET_DROPPED, MEET_LIVE };

struct meets {
	const char *word; /* the option of the patterns, for messages */
	const struct patterns *in, *out; /* borrowed; out may be NULL */
	enum meet *in_met, *out_met;     /* the best match of each so far */
};

void meets_init(struct meets *m, const char *word, const struct patterns *in,
    const struct patterns *out);
void meets_fini(struct meets *m);

/* Note a collection. For `in` it does not count if it is excluded. */
void meets_coll(
    struct meets *m, const char *db, const char *coll, enum meet how);
/* Note a database: "db.*" matches it, too. */
void meets_db(struct meets *m, const char *db);

/* Append which patterns of `in` match nothing in `where`; returns how many. */
int meets_text(const struct meets *m, const char *where, struct buf *b);

/*
 * Warn of each pattern of `out` that matched nothing. -1 with ERR_DATA if a
 * pattern of `in` matched nothing; with allow that is a warning too.
 */
int meets_check(
    const struct meets *m, const char *where, int allow, struct err *e);

#endif
