/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts and stops ipwld. What it has to sync is on a real disk. */
#include "ipwld.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "datapath/datapath.h"
#include "machine.h"
#include "report.h"
#include "sandbox.h"

#define START_TIMEOUT_MS 120000
#define DEVICE "bench0"
#define BPFFS_DIR "/sys/fs/bpf/ipwl"
#define CONFIG SANDBOX_DIR "/ipwld.yaml"
#define LOG SANDBOX_DIR "/ipwld.log"
#define RUNTIME_DIR SANDBOX_DIR "/run"
#define NOTIFY SANDBOX_DIR "/notify"
#define BLOCK_LINK SANDBOX_DIR "/block.list"

void ipwld_use_block_list(const char *path)
{
	unlink(BLOCK_LINK ".new");
	if (symlink(path, BLOCK_LINK ".new") || rename(BLOCK_LINK ".new", BLOCK_LINK))
		die(BLOCK_LINK ": %m");
}

static void write_config(const struct list_files *files)
{
	FILE *file = fopen(CONFIG, "w");

	if (!file)
		die(CONFIG ": %m");
	fprintf(file,
		"interfaces: [" DEVICE "]\nmode: enforce\n"
		"state_dir: %s/state\nruntime_dir: " RUNTIME_DIR "\nbpffs_dir: " BPFFS_DIR "\n"
		"metrics:\n  listen: 127.0.0.1:%d\nlists:\n"
		"  - name: allow\n    action: allow\n    files: [%s]\n"
		"  - name: block\n    action: block\n    files: [" BLOCK_LINK "]\n",
		sandbox_disk(), IPWLD_METRICS_PORT, files->allow);
	if (fclose(file))
		die(CONFIG ": %m");
}

/* The socket to which ipwld says that it is ready. */
static int open_notify(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = NOTIFY };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	unlink(NOTIFY);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)))
		die(NOTIFY ": %m");
	return fd;
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

static _Noreturn void give_up(void)
{
	char text[1024];

	sandbox_read(SANDBOX_HOME, "tail -n 5 " LOG, text, sizeof(text));
	die("ipwld does not start: %s", text);
}

void ipwld_start(const char *program, const struct list_files *files, struct ipwld *ret_ipwld)
{
	int notify = open_notify();
	char command[512];
	double start;

	sandbox_run(SANDBOX_HOME, "ip link add " DEVICE " type veth peer name bench1");
	sandbox_run(SANDBOX_HOME, "ip link set " DEVICE " up");
	ipwld_use_block_list(files->block);
	write_config(files);
	snprintf(ret_ipwld->socket, sizeof(ret_ipwld->socket), RUNTIME_DIR "/control.sock");
	snprintf(command, sizeof(command), "NOTIFY_SOCKET=" NOTIFY " exec '%s' -f -c " CONFIG,
		 program);
	start = now_sec();
	ret_ipwld->pid = sandbox_start(SANDBOX_HOME, LOG, command);
	if (!wait_ready(notify))
		give_up();
	ret_ipwld->ready_sec = now_sec() - start;
	close(notify);
}

void ipwld_stop(const struct ipwld *ipwld)
{
	char error[DATAPATH_ERROR_BYTES] = "";

	kill(ipwld->pid, SIGTERM);
	waitpid(ipwld->pid, NULL, 0);
	if (datapath_detach(BPFFS_DIR, error))
		die("%s", error);
	sandbox_run(SANDBOX_HOME, "ip link del " DEVICE);
	sandbox_run(SANDBOX_HOME, "rm -r " RUNTIME_DIR " %s/state", sandbox_disk());
}
