#ifndef CDC_VERIFY_TMPFILE_H
#define CDC_VERIFY_TMPFILE_H

#include <stdio.h>

struct err;

/*
 * A file without a name in $TMPDIR [/tmp], to write and then read; it is gone
 * when it is closed. NULL with ERR_OUTPUT.
 */
FILE *nameless_open(struct err *e);

#endif
