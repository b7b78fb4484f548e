/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log lines with their subsystem, to standard error and syslog. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/utf8.h"

#define LINE_BYTES 2048

static bool is_debug_shown;
static bool goes_to_syslog;
static bool goes_to_journal;

static const char *const level_names[] = {
	[LOG_ERR] = "error: ",
	[LOG_WARNING] = "warning: ",
	[LOG_INFO] = "",
	[LOG_DEBUG] = "debug: ",
};

void log_show_debug(bool is_shown)
{
	is_debug_shown = is_shown;
}

void log_find_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat status;

	/* systemd.exec(5): the device and the inode of the stream, in decimal. */
	if (!stream || fstat(STDERR_FILENO, &status))
		return;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	goes_to_journal = !strcmp(stream, own);
}

bool log_is_journal(void)
{
	return goes_to_journal;
}

void log_use_syslog(void)
{
	openlog("ipwld", LOG_PID | LOG_NDELAY | LOG_PERROR, LOG_DAEMON);
	goes_to_syslog = true;
}

static void write_line(int level, const char *subsystem, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

static void write_line(int level, const char *subsystem, const char *format, va_list arguments)
{
	char line[LINE_BYTES];

	vsnprintf(line, sizeof(line), format, arguments);
	/* Text of list files and clients must not forge a line. */
	utf8_sanitize(line, strlen(line));
	if (goes_to_syslog)
		syslog(level, "%s%s: %s", level_names[level], subsystem, line);
	else if (goes_to_journal)
		fprintf(stderr, "<%d>%s%s: %s\n", level, level_names[level], subsystem, line);
	else
		fprintf(stderr, "%s: %s%s: %s\n", program_invocation_short_name, level_names[level],
			subsystem, line);
}

void log_error(const char *subsystem, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(LOG_ERR, subsystem, format, arguments);
	va_end(arguments);
}

void log_warning(const char *subsystem, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(LOG_WARNING, subsystem, format, arguments);
	va_end(arguments);
}

void log_info(const char *subsystem, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_line(LOG_INFO, subsystem, format, arguments);
	va_end(arguments);
}

void log_debug(const char *subsystem, const char *format, ...)
{
	va_list arguments;

	if (!is_debug_shown)
		return;
	va_start(arguments, format);
	write_line(LOG_DEBUG, subsystem, format, arguments);
	va_end(arguments);
}
