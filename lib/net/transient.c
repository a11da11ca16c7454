#include "net/transient.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

/*
 * 1 if the word "certificate" is in the message outside of names: '…' and
 * db.coll.
 */
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
		/* tls.c: absent, empty, readable for others, half written */
		{ "secret file '", PASSING_FILE },
		{ "certificate file '", PASSING_FILE },
		/* mq/kafka_conf.c, mq/kafka.c: -X @FILE, and what that names */
		{ "kafka properties '", PASSING_FILE },
		{ "kafka property 'ssl.", PASSING_FILE },
		{ "kafka: ssl.", PASSING_FILE },
		/*
		 * curl: a certificate and its key do not fit while they are
		 * being replaced
		 */
		{ "load PEM client certificate", PASSING_FILE },
		{ "set private key file", PASSING_FILE },
		{ "rivate key does not match", PASSING_FILE },
		{ "error setting certificate", PASSING_FILE },
		/* milvus/, for gRPC's status 16; and the words of Milvus 2.3 */
		{ "refuses the login", PASSING_LOGIN },
		{ "auth check failure", PASSING_LOGIN },
		/* etcd.c, and what etcd says about a user, a token, a right */
		{ "login as '", PASSING_LOGIN },
		{ "user name is empty", PASSING_LOGIN },
		{ "invalid auth token", PASSING_LOGIN },
		{ "auth store is old", PASSING_LOGIN },
		/*
		 * mq/kafka.c, about logins and certificates; others are below
		 */
		{ "brokers refuse", PASSING_LOGIN },
		{ "' refuse: ", PASSING_LOGIN },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strstr(said, all[i].text) != NULL)
			return all[i].why;
	return says_certificate(said) ? PASSING_LOGIN : PASSING_NOT;
}
