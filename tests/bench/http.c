/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection for each request, which the server closes. */
#include "http.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "report.h"

static int connect_to(const struct sockaddr *address, socklen_t bytes)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, address, bytes))
		die("cannot connect to ipwld: %m");
	return fd;
}

static void send_request(int fd, const char *method, const char *target, const char *body)
{
	char text[4096];
	int bytes = snprintf(text, sizeof(text),
			     "%s %s HTTP/1.1\r\nHost: ipwl\r\nConnection: close\r\n"
			     "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
			     method, target, strlen(body), body);

	if (bytes < 0 || (size_t)bytes >= sizeof(text) || write(fd, text, (size_t)bytes) != bytes)
		die("%s %s: cannot send it: %m", method, target);
}

/* All there is until the server closes, with a zero behind it. */
static char *read_answer(int fd, size_t *ret_bytes)
{
	size_t bytes = 0, size = 65536;
	char *text = malloc(size), *larger;
	ssize_t more;

	if (!text)
		die("out of memory");
	while ((more = read(fd, text + bytes, size - bytes - 1)) > 0) {
		bytes += (size_t)more;
		if (bytes + 1 < size)
			continue;
		larger = realloc(text, size *= 2);
		if (!larger)
			die("out of memory");
		text = larger;
	}
	close(fd);
	text[bytes] = '\0';
	*ret_bytes = bytes;
	return text;
}

/* What follows the header, or die. */
static const char *body_of(const char *answer, const char *what)
{
	const char *body = strstr(answer, "\r\n\r\n");

	if (strncmp(answer, "HTTP/1.1 200 ", 13) || !body)
		die("%s: ipwld answers: %s", what, answer);
	return body + 4;
}

json_t *http_control(const char *socket_path, const char *method, const char *target, json_t *body)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char *text = body ? json_dumps(body, 0) : strdup("");
	json_t *answer;
	char *page;
	size_t bytes;
	int fd;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	fd = connect_to((const struct sockaddr *)&address, sizeof(address));
	send_request(fd, method, target, text);
	page = read_answer(fd, &bytes);
	answer = json_loads(body_of(page, target), 0, NULL);
	if (!answer)
		die("%s: ipwld's answer is no JSON: %s", target, page);
	free(page);
	free(text);
	json_decref(body);
	return answer;
}

size_t http_get(uint16_t port, const char *target)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = connect_to((const struct sockaddr *)&address, sizeof(address));
	size_t bytes;
	char *page;

	send_request(fd, "GET", target, "");
	page = read_answer(fd, &bytes);
	bytes = strlen(body_of(page, target));
	free(page);
	return bytes;
}
