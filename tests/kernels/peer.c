// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Both ends of a TCP connection, for guests that have no other tools.
 *
 *   peer listen PORT                   print "ADDRESS mark MARK" for each connection
 *   peer connect SOURCE HOST PORT SEC  exit 0 when it is established, 1 when not within
 *                                      so many seconds, 3 when it is reset
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* IPv6 sockets serve both families; IPv4 addresses are mapped. */
static struct sockaddr_in6 address_of(const char *host, const char *port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
	char mapped[INET6_ADDRSTRLEN];

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(host, ':') ? "" : "::ffff:", host);
	address.sin6_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (inet_pton(AF_INET6, mapped, &address.sin6_addr) != 1) {
		fprintf(stderr, "peer: %s is no address\n", host);
		exit(2);
	}
	return address;
}

static int new_socket(void)
{
	int fd = socket(AF_INET6, SOCK_STREAM, 0);
	int off = 0;

	if (fd < 0 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off))) {
		perror("peer: socket");
		exit(2);
	}
	return fd;
}

static void print_connection(int fd, const struct sockaddr_in6 *from)
{
	char text[INET6_ADDRSTRLEN];
	const char *address = inet_ntop(AF_INET6, &from->sin6_addr, text, sizeof(text));
	socklen_t size = sizeof(int);
	int mark = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_MARK, &mark, &size))
		perror("peer: SO_MARK");
	if (IN6_IS_ADDR_V4MAPPED(&from->sin6_addr))
		address += strlen("::ffff:");
	printf("%s mark %d\n", address, mark);
	fflush(stdout);
}

static int run_listen(const char *port)
{
	struct sockaddr_in6 address = address_of("::", port);
	int on = 1;
	int listener = new_socket();

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 16)) {
		perror("peer: listen");
		return 2;
	}
	puts("listening");
	fflush(stdout);
	for (;;) {
		struct sockaddr_in6 from;
		socklen_t size = sizeof(from);
		int fd = accept(listener, (struct sockaddr *)&from, &size);

		if (fd < 0)
			continue;
		print_connection(fd, &from);
		close(fd);
	}
}

/* One byte or the end of the stream from the other side: it has accepted. */
static int run_connect(const char *source, const char *host, const char *port, const char *sec)
{
	struct sockaddr_in6 from = address_of(source, "0");
	struct sockaddr_in6 to = address_of(host, port);
	struct timeval patience = { .tv_sec = strtol(sec, NULL, 10) };
	int fd = new_socket();
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (bind(fd, (struct sockaddr *)&from, sizeof(from))) {
		perror("peer: bind");
		return 2;
	}
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) || read(fd, &byte, 1) < 0)
		return errno == ECONNREFUSED ? 3 : 1;
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "listen"))
		return run_listen(argv[2]);
	if (argc == 6 && !strcmp(argv[1], "connect"))
		return run_connect(argv[2], argv[3], argv[4], argv[5]);
	fprintf(stderr, "usage: peer listen PORT | connect SOURCE HOST PORT SEC\n");
	return 2;
}
