#ifndef CDC_NET_TRANSIENT_H
#define CDC_NET_TRANSIENT_H

/*
 * What ends a program and may still pass without anybody doing something about
 * the task: a login or a certificate that is refused while it is being changed
 * on both sides, a file of these that is being written, and a disk that is
 * full. A program reads its files when it starts, so the next one has what is
 * in them by then. All are of status 1, but a file is a mistake of use.
 */
enum passing {
	PASSING_NOT,
	PASSING_LOGIN, /* refused; one that never worked is a mistake */
	PASSING_FILE,  /* of a login: status 1 or 2, and as PASSING_LOGIN */
	PASSING_DISK,
};
/* By the last message of a program. */
enum passing passing_cause(const char *said);

#endif
