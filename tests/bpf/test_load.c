/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel that refuses a program: what ipwld says of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/log.h"
#include "datapath/internal.h"
#include "ipwl.skel.h"

#define TAIL_LINES 20

/* Standard error goes to a file meanwhile. */
struct diversion {
	FILE *file;
	int saved;
};

static struct diversion divert(void)
{
	struct diversion diversion = { .file = tmpfile(), .saved = dup(STDERR_FILENO) };

	assert_non_null(diversion.file);
	fflush(stderr);
	assert_true(dup2(fileno(diversion.file), STDERR_FILENO) >= 0);
	return diversion;
}

/* What was written, to be freed. */
static char *end_diversion(struct diversion *diversion)
{
	long size;
	char *text;

	fflush(stderr);
	dup2(diversion->saved, STDERR_FILENO);
	close(diversion->saved);
	assert_int_equal(fseek(diversion->file, 0, SEEK_END), 0);
	size = ftell(diversion->file);
	assert_true(size >= 0);
	rewind(diversion->file);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)size, diversion->file), size);
	fclose(diversion->file);
	return text;
}

static int count_lines(const char *text, const char *part)
{
	int count = 0;

	for (const char *at = text; (at = strstr(at, part)); at++)
		count++;
	return count;
}

/* Load one program, said to be of a type that it is not. Return: what was logged. */
static char *load_refused(const char *name, enum bpf_prog_type type,
			  char error[DATAPATH_ERROR_BYTES])
{
	struct diversion diversion;
	struct bpf_program *program;
	struct ipwl_bpf *skeleton;

	errors_capture();
	assert_int_equal(load_open(&skeleton), 0);
	bpf_object__for_each_program(program, skeleton->obj)
	{
		bool is_it = !strcmp(bpf_program__name(program), name);

		bpf_program__set_autoload(program, is_it);
		if (is_it)
			assert_int_equal(bpf_program__set_type(program, type), 0);
	}
	diversion = divert();
	assert_true(load_into_kernel(skeleton->skeleton, "programs", error) < 0);
	ipwl_bpf__destroy(skeleton);
	return end_diversion(&diversion);
}

static void test_end_of_log(void **state)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	char *text = load_refused("ipwl_tc", BPF_PROG_TYPE_SOCKET_FILTER, error);

	(void)state;
	assert_non_null(strstr(error, "the kernel rejected ipwl's programs"));
	assert_non_null(strstr(error, "ipwl_tc"));
	/* Its last line sums up; what it refused stands right before. */
	assert_non_null(strstr(text, "warning: verifier: processed "));
	assert_in_range(count_lines(text, "verifier: "), 2, TAIL_LINES);
	assert_null(strstr(text, "debug: verifier: "));
	free(text);
	/* The same again says nothing new. */
	text = load_refused("ipwl_tc", BPF_PROG_TYPE_SOCKET_FILTER, error);
	assert_int_equal(count_lines(text, "verifier: "), 0);
	free(text);
}

static void test_whole_log(void **state)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	char *text;

	(void)state;
	log_show_debug(true);
	text = load_refused("ipwl_xdp", BPF_PROG_TYPE_SCHED_CLS, error);
	log_show_debug(false);
	assert_true(count_lines(text, "debug: verifier: ") > 0);
	assert_int_equal(count_lines(text, "warning: verifier: "), TAIL_LINES);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_end_of_log),
		cmocka_unit_test(test_whole_log),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
