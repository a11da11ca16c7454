/*
 * slowname.so, to be preloaded: names that end with .slow are those of a
 * resolver that does not answer; whoever asks waits for a minute.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

int
getaddrinfo(const char *host, const char *port, const struct addrinfo *want,
    struct addrinfo **list)
{
	static int (*real)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
	size_t n = host == NULL ? 0 : strlen(host);

	if (n > 5 && strcmp(host + n - 5, ".slow") == 0 &&
	    (want == NULL || (want->ai_flags & AI_NUMERICHOST) == 0)) {
		sleep(60);
		return EAI_AGAIN;
	}
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	return real(host, port, want, list);
}
