#include "api/counts.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"

/* The types of requests to /cdc; the last is for all others. */
static const char *const types[API_TYPES] = { "create", "delete", "get", "list",
	"maintenance", "pause", "position", "resume", "unknown" };
static const char *const statuses[API_STATUSES] = { "total", "success",
	"invalid_method", "read_error", "unmarshal_error" };
static const int codes[API_CODES] = { 200, 201, 204, 400, 401, 403, 404, 405,
	409, 412, 413, 422, 428, 500, 503, 0 };

static size_t
type_of(const char *type)
{
	size_t i = 0;

	while (i < API_TYPES - 1 && strcmp(types[i], type) != 0)
		i++;
	return i;
}

void
api_count(struct api_counts *n, const char *type, enum api_status s)
{
	n->requests[type_of(type)][s]++;
}

/* Buckets for up to 1, 2, 4 … 128 ms, and one for more. */
void
api_count_ms(struct api_counts *n, const char *type, int64_t ms)
{
	size_t t = type_of(type), i = 0;

	while (i < API_BUCKETS - 1 && ms > INT64_C(1) << i)
		i++;
	n->latency[t][i]++;
	n->latency_ms[t] += (uint64_t)ms;
}

void
api_count_http(struct api_counts *n, size_t i, const char *path, int status)
{
	size_t k = 0;

	while (k < API_CODES - 1 && codes[k] != status)
		k++;
	if (i >= API_PATHS)
		return;
	n->path[i] = path;
	n->http[i][k]++;
}

static void
add_latency(struct api_counts *n, size_t t, struct buf *b)
{
	static const char name[] = "milvus_cdc_request_latency";
	uint64_t sum = 0;

	for (size_t i = 0; i < API_BUCKETS; i++) {
		sum += n->latency[t][i];
		buf_addf(
		    b, "%s_bucket{request_type=\"%s\",le=\"", name, types[t]);
		if (i == API_BUCKETS - 1)
			buf_adds(b, "+Inf");
		else
			buf_addf(b, "%d", 1 << i);
		buf_addf(b, "\"} %" PRIu64 "\n", sum);
	}
	buf_addf(b,
	    "%s_sum{request_type=\"%s\"} %" PRIu64 "\n"
	    "%s_count{request_type=\"%s\"} %" PRIu64 "\n",
	    name, types[t], (uint64_t)n->latency_ms[t], name, types[t], sum);
}

void
api_counts_cdc(struct api_counts *n, struct buf *b)
{
	buf_adds(b, "# HELP milvus_cdc_request_total requests to /cdc\n"
		    "# TYPE milvus_cdc_request_total counter\n");
	for (size_t t = 0; t < API_TYPES; t++)
		for (size_t s = 0; s < API_STATUSES; s++)
			if (n->requests[t][s] > 0)
				buf_addf(b,
				    "milvus_cdc_request_total{request_type="
				    "\"%s\",request_status=\"%s\"} %" PRIu64
				    "\n",
				    types[t], statuses[s],
				    (uint64_t)n->requests[t][s]);
	buf_adds(b, "# HELP milvus_cdc_request_latency milliseconds, of "
		    "successes\n"
		    "# TYPE milvus_cdc_request_latency histogram\n");
	for (size_t t = 0; t < API_TYPES; t++)
		if (n->requests[t][API_SUCCESS] > 0)
			add_latency(n, t, b);
}

void
api_counts_http(struct api_counts *n, struct buf *b)
{
	buf_adds(b, "# HELP cdc_http_requests_total requests answered\n"
		    "# TYPE cdc_http_requests_total counter\n");
	for (size_t p = 0; p < API_PATHS; p++)
		for (size_t i = 0; i < API_CODES; i++) {
			if (n->http[p][i] == 0)
				continue;
			buf_addf(b,
			    "cdc_http_requests_total{path=\"%s\",code=\"",
			    n->path[p]);
			if (codes[i] == 0)
				buf_adds(b, "other");
			else
				buf_addf(b, "%d", codes[i]);
			buf_addf(
			    b, "\"} %" PRIu64 "\n", (uint64_t)n->http[p][i]);
		}
}
