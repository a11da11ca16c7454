#ifndef CDC_APPLY_OPTIONS_H
#define CDC_APPLY_OPTIONS_H

#include "apply/apply.h"
#include "base/opt.h"

/* The command line of cdc-apply. */
struct apply_args {
	struct apply_conf conf;
	const char *token_file;
	int no_token;
};
extern const struct opt apply_options[];

#endif
