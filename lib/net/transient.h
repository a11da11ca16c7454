#ifndef CDC_NET_TRANSIENT_H
#define CDC_NET_TRANSIENT_H

/*
 * Failures that end a program and may pass although nobody changes the task: a
 * login or certificate that is refused while it is being changed on both sides,
 * a file of these that is being written, and a full disk. A program reads its
 * files when it starts, so the next start finds the new content. All have
 * status 1, but for a file, which is a mistake of usage (2).
 */
enum passing {
	PASSING_NOT,
	PASSING_LOGIN, /* refused; it may pass only if the login worked before
			*/
	PASSING_FILE, /* the file of a login: status 1 or 2; as PASSING_LOGIN */
	PASSING_DISK,
};
/* Decides by the last message of a program. */
enum passing passing_cause(const char *said);

#endif
