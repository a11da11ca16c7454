#ifndef CDC_API_COUNTS_H
#define CDC_API_COUNTS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Counts of requests, for /metrics. All zero is valid. For any thread. */
enum { API_TYPES = 9, API_BUCKETS = 9, API_PATHS = 24, API_CODES = 16 };

/*
 * The result of a request to /cdc. A success is counted under its own result
 * and as total.
 */
enum api_status {
	API_TOTAL,
	API_SUCCESS,
	API_INVALID_METHOD,
	API_READ_ERROR,
	API_UNMARSHAL_ERROR,
	API_STATUSES,
};

struct api_counts {
	_Atomic uint64_t requests[API_TYPES][API_STATUSES];
	_Atomic uint64_t latency[API_TYPES][API_BUCKETS]; /* not cumulative */
	_Atomic uint64_t latency_ms[API_TYPES];
	_Atomic uint64_t http[API_PATHS][API_CODES];
	_Atomic(const char *) path[API_PATHS]; /* NULL: not requested yet */
};

/* type: that of a request, any text; all but the eight types are "unknown". */
void api_count(struct api_counts *n, const char *type, enum api_status s);
void api_count_ms(struct api_counts *n, const char *type, int64_t ms);
/* i: the index of the path among all paths; the pointer is kept, not copied. */
void api_count_http(
    struct api_counts *n, size_t i, const char *path, int status);

/* Prometheus text. */
void api_counts_cdc(struct api_counts *n, struct buf *b);
void api_counts_http(struct api_counts *n, struct buf *b);

#endif
