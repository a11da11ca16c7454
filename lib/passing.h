#ifndef CDC_PASSING_H
#define CDC_PASSING_H

/*
 * What ends a program with status 1 and may still pass without anybody doing
 * something about the task: a login or a certificate that is refused while it
 * is being changed on both sides, and a disk that is full. A program reads its
 * files when it starts, so the next one has what is in them by then.
 */
enum passing {
	PASSING_NOT,
	PASSING_LOGIN, /* refused; one that never worked is a mistake */
	PASSING_DISK,
};
/* By the last message of a program. */
enum passing passing_cause(const char *said);

#endif
