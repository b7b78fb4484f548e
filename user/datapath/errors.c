// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes error texts: our own, followed by the message of the kernel or libbpf if the failed
 * call has one. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "datapath/internal.h"

#define KERNEL_MESSAGE "Kernel error message: "

static _Thread_local char captured[256];
static _Thread_local bool is_from_kernel;

/* Keep the most useful line: the kernel's own message if there is one, else libbpf's first
 * warning. Later warnings only say that callers failed, too. */
static int capture_message(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char text[4096];
	char *line = text;
	char *message;

	if (level != LIBBPF_WARN || is_from_kernel)
		return 0;
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	message = strstr(text, KERNEL_MESSAGE);
	if (message) {
		line = message + strlen(KERNEL_MESSAGE);
		is_from_kernel = true;
	} else if (!strncmp(text, "libbpf: ", strlen("libbpf: "))) {
		line = text + strlen("libbpf: ");
	}
	if (is_from_kernel || !captured[0])
		snprintf(captured, sizeof(captured), "%.*s", (int)sizeof(captured) - 1, line);
	return 0;
}

void errors_capture(void)
{
	libbpf_set_print(capture_message);
}

void errors_clear(void)
{
	captured[0] = '\0';
	is_from_kernel = false;
}

void errors_explain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(captured, sizeof(captured), format, arguments);
	va_end(arguments);
}

__attribute__((format(printf, 4, 0))) static int write_report(char error[DATAPATH_ERROR_BYTES],
							      int err, const char *words,
							      const char *format, va_list arguments)
{
	int used = vsnprintf(error, DATAPATH_ERROR_BYTES, format, arguments);
	char reason[128] = "";

	if (err && used >= 0 && used < DATAPATH_ERROR_BYTES)
		snprintf(error + used, DATAPATH_ERROR_BYTES - (size_t)used, ": %s%s%s%s",
			 strerror_r(-err, reason, sizeof(reason)), *words ? " (" : "", words,
			 *words ? ")" : "");
	return err;
}

int errors_report(char error[DATAPATH_ERROR_BYTES], int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_report(error, err, "", format, arguments);
	va_end(arguments);
	return err;
}

int errors_report_words(char error[DATAPATH_ERROR_BYTES], int err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_report(error, err, captured, format, arguments);
	va_end(arguments);
	errors_clear();
	return err;
}
