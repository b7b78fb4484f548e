/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Start and end of every command, and messages on standard error. */
#include "ctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "ctl/memory.h"

void ctl_start(void)
{
	int fd;

	log_find_journal();

	/* A stream that the caller closed must not become the socket's descriptor. */
	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);

	/* Column widths need the classes of Unicode, whatever the user's language. */
	setlocale(LC_CTYPE, "C.UTF-8");
	/* `ipwlctl list | head` ends quietly by EPIPE. */
	signal(SIGPIPE, SIG_IGN);
}

/* The reason of an earlier error is no longer known. */
static bool is_reader_gone(void)
{
	struct pollfd output = { .fd = STDOUT_FILENO };

	return poll(&output, 1, 0) > 0 && (output.revents & POLLERR);
}

enum ctl_exit ctl_finish(enum ctl_exit code)
{
	int had_error = ferror(stdout);

	errno = 0;
	if (!fflush(stdout) && !had_error)
		return code;
	if (errno != EPIPE && !is_reader_gone())
		ctl_error("cannot write the output%s%s", errno ? ": " : "",
			  errno ? strerror(errno) : "");
	return CTL_NEGATIVE;
}

__attribute__((format(printf, 1, 0))) static void print_message(const char *format,
								va_list arguments)
{
	char *message;

	if (vasprintf(&message, format, arguments) < 0)
		ctl_allocated(NULL);
	if (log_is_journal())
		fputs(strncmp(message, "warning: ", strlen("warning: ")) ? "<3>" : "<4>", stderr);
	else
		fputs("ipwlctl: ", stderr);
	text_print(message, stderr);
	fputc('\n', stderr);
	free(message);
}

void ctl_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_message(format, arguments);
	va_end(arguments);
}

void ctl_error_detail(const char *text)
{
	if (log_is_journal())
		fputs("<3>", stderr);
	text_print(text, stderr);
	fputc('\n', stderr);
}

enum ctl_exit ctl_usage_error(const char *command, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_message(format, arguments);
	va_end(arguments);
	fprintf(stderr, "Try `ipwlctl%s%s --help'.\n", command ? " " : "", command ? command : "");
	return CTL_USAGE;
}
