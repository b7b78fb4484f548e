/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams to NOTIFY_SOCKET, a path or (with @) an abstract name, and what the service
 * manager left in the environment. */
#include "runtime/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"
#include "base/progress.h"

/* Where systemd puts the first socket. */
#define FIRST_SOCKET 3

static void send_text(const char *name, const char *text, int flags)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t bytes = strlen(name);
	int fd;

	if ((*name != '/' && *name != '@') || bytes >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, name, bytes);
	if (*name == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, text, strlen(text), MSG_NOSIGNAL | flags, (const struct sockaddr *)&address,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes));
	close(fd);
}

void notify_manager(const char *format, ...)
{
	const char *name = getenv("NOTIFY_SOCKET");
	va_list arguments;
	char text[PROGRESS_TEXT_BYTES + 128];

	if (!name)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	send_text(name, text, 0);
}

void notify_progress(void)
{
	notify_manager("EXTEND_TIMEOUT_USEC=%d000000", NOTIFY_STEP_SEC);
}

void notify_of_start(const struct progress *progress, void *context)
{
	char text[PROGRESS_TEXT_BYTES];

	(void)context;
	notify_manager("EXTEND_TIMEOUT_USEC=%d000000\nSTATUS=starting: %s", NOTIFY_STEP_SEC,
		       progress_text(progress, text));
}

void notify_of_reload(const struct progress *progress, void *context)
{
	char text[PROGRESS_TEXT_BYTES];

	(void)context;
	notify_manager("STATUS=reloading: %s", progress_text(progress, text));
}

void notify_alive(void)
{
	const char *name = getenv("NOTIFY_SOCKET");

	if (name)
		send_text(name, "WATCHDOG=1", MSG_DONTWAIT);
}

void notify_reloading(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	notify_manager("RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		       (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

static bool environment_number(const char *name, int64_t *ret_number)
{
	const char *text = getenv(name);

	return text && number_parse(text, 0, INT64_MAX, ret_number);
}

uint64_t notify_watchdog_usec(void)
{
	int64_t usec, pid;

	if (!environment_number("WATCHDOG_USEC", &usec))
		return 0;
	/* Without a pid it applies to every process. */
	if (getenv("WATCHDOG_PID") &&
	    (!environment_number("WATCHDOG_PID", &pid) || pid != getpid()))
		return 0;
	return (uint64_t)usec;
}

int notify_take_socket(void)
{
	int64_t pid, count;

	if (!environment_number("LISTEN_PID", &pid) || pid != getpid() ||
	    !environment_number("LISTEN_FDS", &count) || !count)
		return -ENOENT;
	if (count > 1)
		return -EINVAL;
	/* Programs that ipwld starts must not inherit them. */
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return fcntl(FIRST_SOCKET, F_SETFD, FD_CLOEXEC) ? -errno : FIRST_SOCKET;
}
