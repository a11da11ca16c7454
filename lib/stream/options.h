#ifndef CDC_STREAM_OPTIONS_H
#define CDC_STREAM_OPTIONS_H

#include "base/opt.h"
#include "net/grpc.h"
#include "stream/stream.h"

/* The command line of cdc-read. */
struct reader_args {
	struct reader_conf conf;
	struct opt_list props; /* of librdkafka: conf.kafka.props */
	struct grpc_conf source;
	const char *token_file; /* its login */
	char *token;
};
extern const struct opt reader_options[];

#endif
