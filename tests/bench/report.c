/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints figures as they come and keeps them for the JSON file. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <jansson.h>

#include "bench.h"

static json_t *report; /* the object to write */
static char section[96];

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("bench: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

double now_sec(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void report_text(const char *key, const char *text)
{
	printf("%-10s%s\n", key, text);
	json_object_set_new(report, key, json_string(text));
}

static void report_cpu(void)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "model name", 10) && colon) {
			report_text("cpu", colon + 2);
			break;
		}
	}
	if (file)
		fclose(file);
}

void report_machine(void)
{
	time_t now = time(NULL);
	struct utsname name;
	char text[512];

	report = json_object();
	if (!report)
		die("out of memory");
	json_object_set_new(report, "schema_version", json_integer(1));
	json_object_set_new(report, "figures", json_array());
	report_cpu();
	if (!uname(&name)) {
		snprintf(text, sizeof(text), "%s %s %s", name.sysname, name.release, name.machine);
		report_text("kernel", text);
	}
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	report_text("date", text);
	report_text("version", IPWL_VERSION);
}

void report_section(const char *title, const char *columns)
{
	snprintf(section, sizeof(section), "%s", title);
	printf("\n%-46s%s\n", title, columns);
	fflush(stdout);
}

static void keep(const char *what, double value, const char *unit, json_t *baseline)
{
	json_t *figure = json_pack("{s:s, s:s, s:f, s:s, s:o}", "section", section, "what", what,
				   "value", value, "unit", unit, "baseline", baseline);

	if (!figure || json_array_append_new(json_object_get(report, "figures"), figure))
		die("out of memory");
	fflush(stdout);
}

void report_compare(const char *what, double value, double baseline)
{
	printf("  %-44s%10.1f%10.1f%10.1f\n", what, value, baseline, value - baseline);
	keep(what, value, "ns", json_real(baseline));
}

void report_value(const char *what, double value, const char *unit)
{
	printf("  %-44s%10.*f %s\n", what, value < 10 ? 3 : 1, value, unit);
	keep(what, value, unit, json_null());
}

void report_write(const char *path)
{
	if (json_dump_file(report, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6)))
		die("%s: %m", path);
}
