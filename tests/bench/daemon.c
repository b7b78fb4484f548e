/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts the real ipwld on a veth device. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define START_TIMEOUT_MS 120000

struct place {
	char dir[64];
	char config[96], log[96], socket[96];
	char bpffs_dir[64];
};

static void write_config(struct place *place, const struct bench_lists *lists)
{
	FILE *file;

	snprintf(place->dir, sizeof(place->dir), "/tmp/ipwl-bench-XXXXXX");
	if (!mkdtemp(place->dir))
		die("%s: %m", place->dir);
	snprintf(place->config, sizeof(place->config), "%s/ipwld.yaml", place->dir);
	snprintf(place->log, sizeof(place->log), "%s/log", place->dir);
	snprintf(place->socket, sizeof(place->socket), "%s/notify", place->dir);
	snprintf(place->bpffs_dir, sizeof(place->bpffs_dir), "/sys/fs/bpf/ipwl-bench-daemon-%d",
		 getpid());
	file = fopen(place->config, "w");
	if (!file)
		die("%s: %m", place->config);
	fprintf(file,
		"interfaces: [bench0]\nmode: enforce\n"
		"state_dir: %s/state\nruntime_dir: %s/run\nbpffs_dir: %s\n"
		"metrics:\n  listen: none\nlists:\n"
		"  - name: allow\n    action: allow\n    files: [%s]\n"
		"  - name: block\n    action: block\n    files: [%s]\n",
		place->dir, place->dir, place->bpffs_dir, lists->allow, lists->block);
	if (fclose(file))
		die("%s: %m", place->config);
}

/* The socket to which ipwld says that it is ready. */
static int open_notify(const struct place *place)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", place->socket);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		die("%s: %m", place->socket);
	return fd;
}

static _Noreturn void exec_daemon(const char *ipwld, const struct place *place)
{
	int log = open(place->log, O_CREAT | O_WRONLY, 0600);

	setenv("NOTIFY_SOCKET", place->socket, 1);
	if (log < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0 ||
	    system("ip link add bench0 type veth peer name bench1 && ip link set bench0 up") != 0)
		_exit(126);
	execl(ipwld, ipwld, "-f", "-c", place->config, (char *)NULL);
	_exit(127);
}

static bool wait_ready(int notify)
{
	struct pollfd poll_fd = { .fd = notify, .events = POLLIN };

	while (poll(&poll_fd, 1, START_TIMEOUT_MS) > 0) {
		char text[512];
		ssize_t bytes = recv(notify, text, sizeof(text) - 1, 0);

		if (bytes < 0)
			return false;
		text[bytes] = '\0';
		if (strstr(text, "READY=1"))
			return true;
	}
	return false;
}

static double status_mib(pid_t pid, const char *field)
{
	char path[64], line[256];
	unsigned long value = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, field, strlen(field)))
			value = strtoul(line + strlen(field), NULL, 10);
	}
	if (file)
		fclose(file);
	return (double)value / 1024;
}

static void remove_place(const struct place *place)
{
	char error[DATAPATH_ERROR_BYTES] = "", command[128];

	if (datapath_detach(place->bpffs_dir, error))
		fprintf(stderr, "bench: %s\n", error);
	snprintf(command, sizeof(command), "ip link del bench0; rm -rf -- '%s'", place->dir);
	if (system(command) != 0)
		fprintf(stderr, "bench: cannot remove %s\n", place->dir);
}

void daemon_measure(const char *ipwld, const struct bench_lists *lists)
{
	struct place place = { .dir = "" };
	double start;
	int notify;
	pid_t pid;
	char title[128];

	snprintf(title, sizeof(title), "ipwld with %zu prefixes", lists->prefix_count);
	report_section(title, "");
	write_config(&place, lists);
	notify = open_notify(&place);
	start = now_sec();
	pid = fork();
	if (pid < 0)
		die("fork: %m");
	if (pid == 0)
		exec_daemon(ipwld, &place);
	if (wait_ready(notify)) {
		report_value("until it is ready", (now_sec() - start) * 1000, "ms");
		sleep(1);
		report_value("resident memory", status_mib(pid, "VmRSS:"), "MiB");
		report_value("most resident memory", status_mib(pid, "VmHWM:"), "MiB");
	} else {
		printf("  did not start; its log:\n");
		fflush(stdout);
		snprintf(title, sizeof(title), "tail -n 5 '%s'", place.log);
		if (system(title) != 0)
			printf("  (none)\n");
	}
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	close(notify);
	remove_place(&place);
}
