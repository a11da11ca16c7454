#include "passing.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/* The word, and not what somebody has called so: '…' and db.coll. */
static int
says_certificate(const char *said)
{
	static const char word[] = "certificate";
	const char *p = said;

	for (; (p = strstr(p, word)) != NULL; p += sizeof word - 1) {
		unsigned char before = p == said ? ' ' : (unsigned char)p[-1];
		unsigned char behind = (unsigned char)p[sizeof word - 1];

		if ((before == ' ' || before == ':') && behind != '_' &&
		    behind != '\'' && !isalnum(behind))
			return 1;
	}
	return 0;
}

enum passing
passing_cause(const char *said)
{
	static const struct {
		const char *text;
		enum passing why;
	} all[] = {
		{ "No space left on device", PASSING_DISK },
		{ "Disk quota exceeded", PASSING_DISK },
		/* milvus.c, of gRPC's status 16; Milvus's own words in 2.3 */
		{ "refuses the login", PASSING_LOGIN },
		{ "auth check failure", PASSING_LOGIN },
		/* etcd.c, and what etcd says of a user, a token, a right */
		{ "login as '", PASSING_LOGIN },
		{ "user name is empty", PASSING_LOGIN },
		{ "invalid auth token", PASSING_LOGIN },
		{ "auth store is old", PASSING_LOGIN },
		/* kreader.c, of logins and of certificates; else below */
		{ "brokers refuse", PASSING_LOGIN },
		{ "' refuse: ", PASSING_LOGIN },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strstr(said, all[i].text) != NULL)
			return all[i].why;
	return says_certificate(said) ? PASSING_LOGIN : PASSING_NOT;
}
