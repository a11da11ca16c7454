#ifndef LISTENER_H
#define LISTENER_H

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Needs what cmocka.h needs. */
#include <cmocka.h>

/* A server of one connection: a process that answers and is gone. */
struct listener {
	pid_t pid;
	char url[64];
};

/* A request with a body of so many bytes, as it came. */
static inline void
listener_hear(int fd, char *text, size_t cap)
{
	size_t n = 0;
	ssize_t got = 1;
	const char *body, *length;

	text[0] = '\0';
	while (got > 0 && n + 1 < cap) {
		body = strstr(text, "\r\n\r\n");
		length = strstr(text, "Content-Length: ");
		if (body != NULL &&
		    strlen(body + 4) >=
			(length == NULL ? 0 : strtoul(length + 16, NULL, 10)))
			return;
		got = read(fd, text + n, cap - n - 1);
		n += got > 0 ? (size_t)got : 0;
		text[n] = '\0';
	}
}

static inline void
listener_say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) == -1)
		_exit(1);
}

/* talk has a connection and ends the process when it returns. */
static inline struct listener
listener_start(void (*talk)(int fd))
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct listener s;

	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	snprintf(
	    s.url, sizeof s.url, "http://127.0.0.1:%d/x", ntohs(at.sin_port));
	s.pid = fork();
	if (s.pid == 0) {
		alarm(20);
		talk(accept(fd, NULL, NULL));
		_exit(0);
	}
	close(fd);
	return s;
}

static inline void
listener_end(const struct listener *s)
{
	kill(s->pid, SIGKILL);
	assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
}

#endif
