/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Namespaces that go with the process, and commands in them. */
#include "sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report.h"

#define LOG SANDBOX_DIR "/command.log"

static int home = -1; /* the first network namespace */
static char disk[] = "/var/tmp/ipwl-bench-XXXXXX";

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		die("%s: %m", path);
	close(fd);
}

/* Packets of the host's own would be counted among those sent. */
static void quieten(void)
{
	static const char *const files[] = { "/proc/sys/net/ipv6/conf/all/disable_ipv6",
					     "/proc/sys/net/ipv6/conf/default/disable_ipv6" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (!access(files[i], F_OK))
			write_text(files[i], "1");
	sandbox_run(SANDBOX_HERE, "ip link set lo up");
}

/* A child that outlives this process, and only removes the directory. */
static void start_remover(void)
{
	int ends[2];
	char byte;

	if (!mkdtemp(disk) || pipe2(ends, O_CLOEXEC))
		die("%s: %m", disk);
	switch (fork()) {
	case -1:
		die("fork: %m");
	case 0:
		setsid();
		close(ends[1]);
		while (read(ends[0], &byte, 1) > 0) {
		}
		execlp("rm", "rm", "-rf", "--", disk, (char *)NULL);
		_exit(127);
	default:
		close(ends[0]); /* the other end is closed by the end of this process */
	}
}

void sandbox_enter(void)
{
	if (setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1))
		die("out of memory");
	if (geteuid() != 0)
		die("programs are loaded and namespaces made by root");
	start_remover();
	if (unshare(CLONE_NEWNET | CLONE_NEWNS))
		die("cannot make namespaces: %m");
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bench", "/sys/fs/bpf", "bpf", 0, NULL) ||
	    mount("bench", SANDBOX_DIR, "tmpfs", 0, "mode=0755"))
		die("cannot mount: %m");
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		die("/proc/self/ns/net: %m");
	quieten();
}

const char *sandbox_disk(void)
{
	return disk;
}

int sandbox_netns_new(void)
{
	int netns;

	if (unshare(CLONE_NEWNET))
		die("cannot make a network namespace: %m");
	netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		die("/proc/thread-self/ns/net: %m");
	quieten();
	sandbox_netns_enter(SANDBOX_HOME);
	return netns;
}

void sandbox_netns_enter(int netns)
{
	if (setns(netns == SANDBOX_HOME ? home : netns, CLONE_NEWNET))
		die("cannot enter a network namespace: %m");
}

bool sandbox_has(const char *program)
{
	static const char *const dirs[] = { "/usr/sbin", "/usr/bin",	    "/sbin",
					    "/bin",	 "/usr/local/sbin", "/usr/local/bin" };
	char path[128];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dirs[i], program);
		if (!access(path, X_OK))
			return true;
	}
	return false;
}

pid_t sandbox_start(int netns, const char *log, const char *command)
{
	pid_t parent = getpid(), pid;
	int fd;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		die("fork: %m");
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fd = open(log, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	if (getppid() != parent || fd < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(fd, STDERR_FILENO) < 0)
		_exit(126);
	if (netns != SANDBOX_HERE)
		sandbox_netns_enter(netns);
	/* In the shell's own place, which would not pass its death on. */
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void read_log(char *text, size_t size)
{
	FILE *file = fopen(LOG, "r");
	size_t bytes = file ? fread(text, 1, size - 1, file) : 0;

	text[bytes] = '\0';
	if (file)
		fclose(file);
}

static void run(int netns, const char *command)
{
	char line[1024], text[1024];
	int status;

	snprintf(line, sizeof(line), "exec %s", command);
	if (waitpid(sandbox_start(netns, LOG, line), &status, 0) < 0)
		die("waitpid: %m");
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		read_log(text, sizeof(text));
		die("%s: %s", command, text);
	}
}

void sandbox_run(int netns, const char *format, ...)
{
	va_list arguments;
	char command[1000];
	int bytes;

	va_start(arguments, format);
	bytes = vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (bytes < 0 || (size_t)bytes >= sizeof(command))
		die("a command is too long: %s", command);
	run(netns, command);
}

void sandbox_read(int netns, const char *command, char *text, size_t size)
{
	run(netns, command);
	read_log(text, size);
}
