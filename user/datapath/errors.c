// SPDX-License-Identifier: GPL-2.0-or-later
/* Error texts: ours, with the words of the kernel or of libbpf behind them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "datapath/internal.h"

#define KERNEL_MESSAGE "Kernel error message: "

static _Thread_local char captured[256];
static _Thread_local bool is_from_kernel;

/* Keeps the last line that tells most: the kernel's own message if there is one,
 * else libbpf's last warning. Lines of a verifier log come in one piece. */
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
	if (*line)
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

int errors_report(char error[DATAPATH_ERROR_BYTES], int err, const char *format, ...)
{
	char reason[128] = "";
	va_list arguments;
	int used;

	va_start(arguments, format);
	used = vsnprintf(error, DATAPATH_ERROR_BYTES, format, arguments);
	va_end(arguments);
	if (err && used >= 0 && used < DATAPATH_ERROR_BYTES) {
		snprintf(error + used, DATAPATH_ERROR_BYTES - (size_t)used, ": %s%s%s%s",
			 strerror_r(-err, reason, sizeof(reason)), captured[0] ? " (" : "",
			 captured, captured[0] ? ")" : "");
	}
	errors_clear();
	return err;
}
