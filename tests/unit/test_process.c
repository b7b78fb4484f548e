/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs get the descriptors, signals and environment that they are to have, and no
 * others. */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define OUTPUT_BYTES 4096

/* Run a script of sh with its output in @output; @process has the rest. Return: its exit
 * status. */
static int run_script(struct process *process, const char *script, char output[OUTPUT_BYTES])
{
	char *const argv[] = { (char[]) { "sh" }, (char[]) { "-c" }, strdup(script), NULL };
	struct process_fd fds[PROCESS_FDS_MAX];
	size_t bytes = 0;
	int pipe_fds[2];
	ssize_t count;
	int status;
	pid_t pid;

	assert_false(pipe2(pipe_fds, O_CLOEXEC));
	for (size_t i = 0; i < process->fd_count; i++)
		fds[i] = process->fds[i];
	fds[process->fd_count++] = (struct process_fd) { pipe_fds[1], STDOUT_FILENO };
	process->path = "/bin/sh";
	process->argv = argv;
	process->fds = fds;
	assert_int_equal(process_spawn(process, &pid), 0);
	close(pipe_fds[1]);
	while ((count = read(pipe_fds[0], output + bytes, OUTPUT_BYTES - 1 - bytes)) > 0)
		bytes += (size_t)count;
	output[bytes] = '\0';
	close(pipe_fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	free(argv[2]);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_status(void **state)
{
	struct process process = { 0 };
	char output[OUTPUT_BYTES];

	(void)state;
	assert_int_equal(run_script(&process, "echo hello; exit 3", output), 3);
	assert_string_equal(output, "hello\n");
}

static void test_missing(void **state)
{
	char *const argv[] = { (char[]) { "none" }, NULL };
	const struct process process = { .path = "/nonexistent/none", .argv = argv };
	pid_t pid = -7;

	(void)state;
	assert_int_equal(process_spawn(&process, &pid), -ENOENT);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_no_other_descriptor(void **state)
{
	struct process process = { 0 };
	char output[OUTPUT_BYTES];
	int fds[3];

	(void)state;
	/* Without O_CLOEXEC. */
	for (int i = 0; i < 3; i++)
		assert_true((fds[i] = open("/dev/zero", O_RDONLY)) >= 0);
	assert_true(dup2(fds[0], 77) == 77);
	/* 3 is the directory that ls reads. */
	assert_int_equal(run_script(&process, "exec ls /proc/self/fd", output), 0);
	assert_string_equal(output, "0\n1\n2\n3\n");
	process = (struct process) { 0 };
	assert_int_equal(run_script(&process, "cat; exec readlink /proc/self/fd/2", output), 0);
	assert_string_equal(output, "/dev/null\n");
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	close(77);
}

static int new_file(const char *text)
{
	char path[] = "/tmp/ipwl-process-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	assert_true(fd >= 0);
	unlink(path);
	assert_int_equal(pwrite(fd, text, strlen(text), 0), strlen(text));
	return fd;
}

/* Each of the descriptors is the number of the other in the program. */
static void test_crossed_descriptors(void **state)
{
	int a = new_file("a"), b = new_file("b");
	const struct process_fd fds[] = { { a, b }, { b, a } };
	struct process process = { .fds = fds, .fd_count = 2 };
	char output[OUTPUT_BYTES], script[64];

	(void)state;
	snprintf(script, sizeof(script), "cat <&%d; cat <&%d", a, b);
	assert_int_equal(run_script(&process, script, output), 0);
	assert_string_equal(output, "ba");
	/* Ours stay open. */
	assert_false(close(a));
	assert_false(close(b));
}

static void test_closed_descriptor(void **state)
{
	char *const argv[] = { (char[]) { "true" }, NULL };
	const struct process_fd fd = { 1000, 0 };
	const struct process process = {
		.path = "/bin/true", .argv = argv, .fds = &fd, .fd_count = 1
	};
	pid_t pid;

	(void)state;
	assert_int_equal(process_spawn(&process, &pid), -EBADF);
}

#define SIGNAL_BIT(signal) (1ULL << ((signal)-1))

static void test_signals(void **state)
{
	struct process process = { 0 };
	char output[OUTPUT_BYTES];
	const char *ignored;
	sigset_t blocked;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	assert_int_equal(
	    run_script(&process, "exec grep -E '^Sig(Blk|Ign)' /proc/self/status", output), 0);
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_DFL);
	ignored = strstr(output, "SigIgn:\t");
	assert_non_null(ignored);
	assert_memory_equal(output, "SigBlk:\t", 8);
	assert_int_equal(strtoull(output + 8, NULL, 16) & SIGNAL_BIT(SIGTERM), 0);
	assert_int_equal(strtoull(ignored + 8, NULL, 16) & SIGNAL_BIT(SIGPIPE), 0);
}

static void test_environment(void **state)
{
	char *const environment[] = { (char[]) { "ONLY=this" }, NULL };
	struct process process = { .environment = environment };
	char output[OUTPUT_BYTES];

	(void)state;
	setenv("OURS", "ours", 1);
	assert_int_equal(run_script(&process, "echo $ONLY-$OURS", output), 0);
	assert_string_equal(output, "this-\n");
	process = (struct process) { 0 };
	assert_int_equal(run_script(&process, "echo $ONLY-$OURS", output), 0);
	assert_string_equal(output, "-ours\n");
	unsetenv("OURS");
}

static int group_of(bool has_group)
{
	struct process process = { .has_group = has_group };
	char output[OUTPUT_BYTES];

	assert_int_equal(
	    run_script(&process,
		       "read -r _ _ _ _ group _ </proc/self/stat; echo $(($$ == group)) "
		       "$group",
		       output),
	    0);
	assert_int_equal(output[0] == '1', has_group);
	return (int)strtol(output + 2, NULL, 10);
}

static void test_group(void **state)
{
	(void)state;
	assert_int_equal(group_of(false), getpgrp());
	assert_int_not_equal(group_of(true), getpgrp());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_no_other_descriptor),
		cmocka_unit_test(test_crossed_descriptors),
		cmocka_unit_test(test_closed_descriptor),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
