#include "passing.h"

#include <stddef.h>
#include <string.h>

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
		/* kreader.c, of logins and of certificates */
		{ "brokers refuse", PASSING_LOGIN },
		{ "' refuse: ", PASSING_LOGIN },
		/* http.c, for etcd and Milvus */
		{ "certificate", PASSING_LOGIN },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strstr(said, all[i].text) != NULL)
			return all[i].why;
	return PASSING_NOT;
}
