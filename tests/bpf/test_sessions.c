/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program that counts sessions, with connections to this process itself, in a network
 * namespace and a cgroup of its own: each session is an outbound and an inbound one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "datapath/sessions.h"

#define PATIENCE_MS 60000
#define PORT 25
#define OTHER_PORT 587

static char bpffs_dir[64], mount_dir[64], group_dir[128], home_dir[4200];
static struct sessions *sessions;

/* ---- a place of its own ------------------------------------------------------- */

static void join_cgroup(const char *dir)
{
	char path[4300];
	FILE *file;

	snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file, "%d\n", getpid());
	assert_int_equal(fclose(file), 0);
}

/* The cgroup that this process began in. */
static void find_home(void)
{
	char line[4096];
	FILE *file = fopen("/proc/self/cgroup", "re");

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "0::", 3)) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(home_dir, sizeof(home_dir), "%s%s", mount_dir, line + 3);
		}
	fclose(file);
	assert_true(*home_dir);
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void open_sessions(void)
{
	static const uint16_t ports[] = { PORT, OTHER_PORT };
	const struct session_limits limits = {
		.sent_bytes = 4096, .received_bytes = 200, .ports = ports, .port_count = 2
	};
	char path[PATH_MAX], error[DATAPATH_ERROR_BYTES];

	if (sessions_open(bpffs_dir, &sessions, error) ||
	    sessions_set_limits(sessions, &limits, error) ||
	    sessions_attach(sessions, group_dir, path, error))
		fail_msg("%s", error);
	assert_string_equal(path, group_dir);
}

static int setup(void **state)
{
	(void)state;
	snprintf(mount_dir, sizeof(mount_dir), "/tmp/ipwl-test-sessions-%d", getpid());
	snprintf(group_dir, sizeof(group_dir), "%s/ipwl-test-%d", mount_dir, getpid());
	snprintf(bpffs_dir, sizeof(bpffs_dir), "/sys/fs/bpf/ipwl-test-%d", getpid());
	assert_int_equal(unshare(CLONE_NEWNS | CLONE_NEWNET), 0);
	assert_int_equal(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL), 0);
	assert_int_equal(mkdir(mount_dir, 0700), 0);
	assert_int_equal(mount("none", mount_dir, "cgroup2", 0, NULL), 0);
	find_home();
	assert_int_equal(mkdir(group_dir, 0700), 0);
	join_cgroup(group_dir);
	loopback_up();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	join_cgroup(home_dir);
	rmdir(group_dir);
	umount(mount_dir);
	rmdir(mount_dir);
	return 0;
}

static int begin(void **state)
{
	struct datapath *datapath;
	char error[DATAPATH_ERROR_BYTES];
	bool was_adopted;

	(void)state;
	if (datapath_open(bpffs_dir, "test", &datapath, &was_adopted, error))
		fail_msg("%s", error);
	datapath_close(datapath);
	open_sessions();
	return 0;
}

static int end(void **state)
{
	char error[DATAPATH_ERROR_BYTES];

	(void)state;
	sessions_close(sessions);
	return datapath_detach(bpffs_dir, error);
}

/* ---- connections --------------------------------------------------------------- */

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in ip4;
		struct sockaddr_in6 ip6;
	} to;
	socklen_t bytes;
};

static struct address address_of(const char *text, uint16_t port)
{
	struct address address = { 0 };

	if (strchr(text, ':')) {
		address.to.ip6.sin6_family = AF_INET6;
		address.to.ip6.sin6_port = htons(port);
		assert_int_equal(inet_pton(AF_INET6, text, &address.to.ip6.sin6_addr), 1);
		address.bytes = sizeof(address.to.ip6);
	} else {
		address.to.ip4.sin_family = AF_INET;
		address.to.ip4.sin_port = htons(port);
		assert_int_equal(inet_pton(AF_INET, text, &address.to.ip4.sin_addr), 1);
		address.bytes = sizeof(address.to.ip4);
	}
	return address;
}

static int listen_at(const char *text, uint16_t port)
{
	const struct address address = address_of(text, port);
	const int on = 1, off = 0;
	int fd = socket(address.to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address.to.any.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	assert_int_equal(bind(fd, &address.to.any, address.bytes), 0);
	assert_int_equal(listen(fd, 16), 0);
	return fd;
}

static int connect_to(const char *text, uint16_t port)
{
	const struct address address = address_of(text, port);
	int fd = socket(address.to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &address.to.any, address.bytes), 0);
	return fd;
}

static void read_all(int fd, size_t bytes)
{
	char buffer[4096];

	while (bytes) {
		ssize_t count = read(fd, buffer, bytes < sizeof(buffer) ? bytes : sizeof(buffer));

		assert_true(count > 0);
		bytes -= (size_t)count;
	}
}

static void send_bytes(int from, int to, size_t bytes)
{
	static const char buffer[10000];

	assert_true(bytes <= sizeof(buffer));
	assert_int_equal(write(from, buffer, bytes), bytes);
	read_all(to, bytes);
}

static void reset(int fd)
{
	const struct linger now = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

enum ending { CLIENT_FIRST, SERVER_FIRST, CLIENT_RESETS, SERVER_RESETS };

struct talk {
	const char *listener; /* address */
	const char *target;
	uint16_t port;
	size_t from_client, from_server; /* bytes */
	enum ending ending;
};

static void hold(const struct talk *talk)
{
	int listener = listen_at(talk->listener, talk->port);
	int client = connect_to(talk->target, talk->port);
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	assert_true(server >= 0);
	send_bytes(server, client, talk->from_server);
	send_bytes(client, server, talk->from_client);
	/* An acknowledgement of it all may be on its way. */
	if (talk->from_client)
		send_bytes(server, client, 1);
	switch (talk->ending) {
	case CLIENT_FIRST:
		close(client);
		close(server);
		break;
	case SERVER_FIRST:
		close(server);
		close(client);
		break;
	case CLIENT_RESETS:
		reset(client);
		close(server);
		break;
	case SERVER_RESETS:
		reset(server);
		close(client);
		break;
	}
	close(listener);
}

/* ---- what was counted ------------------------------------------------------------- */

static struct ipwl_session_totals totals(void)
{
	struct ipwl_session_totals now;

	assert_int_equal(sessions_read_totals(sessions, &now), 0);
	return now;
}

static void await_totals(uint64_t outbound, uint64_t outbound_short, uint64_t inbound,
			 uint64_t inbound_short)
{
	const uint64_t expected[] = { outbound, outbound_short, inbound, inbound_short };
	struct ipwl_session_totals now = { 0 };

	for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += 10) {
		now = totals();
		if (!memcmp(now.sessions, expected, sizeof(expected)))
			return;
		poll(NULL, 0, 10);
	}
	fail_msg("%llu %llu %llu %llu", (unsigned long long)now.sessions[0],
		 (unsigned long long)now.sessions[1], (unsigned long long)now.sessions[2],
		 (unsigned long long)now.sessions[3]);
}

/* The only peer there is. */
static struct session_peer only_peer(const char *text)
{
	struct ipwl_session_peer expected;
	struct session_peer *peers, peer;
	size_t count;

	assert_int_equal(inet_pton(AF_INET6, text, expected.addr), 1);
	assert_int_equal(sessions_read_peers(sessions, &peers, &count), 0);
	assert_int_equal(count, 1);
	peer = peers[0];
	free(peers);
	assert_memory_equal(&peer.peer, &expected, sizeof(expected));
	return peer;
}

static uint64_t boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

/* ---- tests ------------------------------------------------------------------------ */

static void test_endings(void **state)
{
	static const struct {
		const char *listener, *target, *peer;
	} ways[] = {
		{ "127.0.0.1", "127.0.0.1", "::ffff:127.0.0.1" },
		{ "::1", "::1", "::1" },
		{ "::", "127.0.0.1", "::ffff:127.0.0.1" },
		{ "127.0.0.1", "::ffff:127.0.0.1", "::ffff:127.0.0.1" },
	};
	const uint64_t start_ns = boot_ns();
	uint64_t count = 0;

	(void)state;
	for (size_t way = 0; way < sizeof(ways) / sizeof(*ways); way++) {
		for (enum ending ending = CLIENT_FIRST; ending <= SERVER_RESETS; ending++) {
			hold(&(struct talk) { ways[way].listener, ways[way].target, PORT, 5000, 300,
					      ending });
			count++;
			await_totals(count, 0, count, 0);
		}
		if (way == 0) {
			const struct session_peer peer = only_peer(ways[way].peer);

			assert_int_equal(peer.sessions.outbound, 4);
			assert_int_equal(peer.sessions.inbound, 4);
			/* With the SYN and the FIN. */
			assert_in_range(peer.sessions.sent_bytes, 4 * 5000, 4 * 5002);
			assert_in_range(peer.sessions.received_bytes, 4 * 301, 4 * 303);
			assert_in_range(peer.sessions.inbound_bytes, 4 * 5000, 4 * 5002);
			assert_in_range(peer.sessions.born_ns, start_ns, boot_ns());
			assert_in_range(peer.sessions.last_outbound_ns, start_ns, boot_ns());
			assert_in_range(peer.sessions.last_inbound_ns, start_ns, boot_ns());
		}
	}
}

static void test_short_sessions(void **state)
{
	(void)state;
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", PORT, 4000, 300, CLIENT_FIRST });
	await_totals(0, 1, 1, 0);
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", PORT, 5000, 100, CLIENT_FIRST });
	await_totals(0, 2, 2, 0);
	/* Neither a word nor a greeting. */
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", PORT, 0, 300, CLIENT_FIRST });
	await_totals(0, 3, 2, 1);
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", PORT, 0, 0, SERVER_FIRST });
	await_totals(0, 4, 2, 2);
	assert_int_equal(only_peer("::ffff:127.0.0.1").sessions.outbound, 0);
}

/* Submission is inbound only, and other ports are no mail. */
static void test_ports(void **state)
{
	(void)state;
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", OTHER_PORT, 5000, 300, CLIENT_FIRST });
	await_totals(0, 0, 1, 0);
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", 8025, 5000, 300, CLIENT_FIRST });
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", OTHER_PORT, 5000, 300, SERVER_FIRST });
	await_totals(0, 0, 2, 0);
}

/* A session that is not over counts when it is, whichever process has the program then. */
static void test_take_over(void **state)
{
	int listener = listen_at("127.0.0.1", PORT), client = connect_to("127.0.0.1", PORT);
	int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	(void)state;
	send_bytes(client, server, 6000);
	send_bytes(server, client, 300);
	await_totals(0, 0, 0, 0);
	sessions_close(sessions);
	open_sessions();
	close(client);
	close(server);
	await_totals(1, 0, 1, 0);
	/* And while there is no process. */
	close(listener);
	sessions_close(sessions);
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", PORT, 5000, 300, CLIENT_FIRST });
	open_sessions();
	await_totals(2, 0, 2, 0);
}

static void test_other_cgroup(void **state)
{
	char other[sizeof(group_dir) + 8], path[PATH_MAX], error[DATAPATH_ERROR_BYTES];

	(void)state;
	snprintf(other, sizeof(other), "%s/other", group_dir);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(sessions_attach(sessions, other, path, error), 0);
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", PORT, 5000, 300, CLIENT_FIRST });
	join_cgroup(other);
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", PORT, 5000, 300, CLIENT_FIRST });
	await_totals(1, 0, 1, 0);
	join_cgroup(group_dir);
	assert_int_equal(rmdir(other), 0);
	assert_int_equal(sessions_attach(sessions, other, path, error), -ENOENT);
	assert_string_equal(path, other);
	assert_int_equal(sessions_attach(sessions, bpffs_dir, path, error), -ENOTDIR);
	assert_int_equal(sessions_attach(sessions, group_dir, path, error), 0);
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", PORT, 5000, 300, CLIENT_FIRST });
	await_totals(2, 0, 2, 0);
}

/* Before Linux 5.15, sockets may belong to the root, if this is mounted. */
static void test_classes_of_v1(void **state)
{
	char dir[sizeof(mount_dir) + 8];
	struct utsname name;

	(void)state;
	assert_false(sessions_may_be_missed(NULL));
	assert_false(sessions_may_be_missed(mount_dir));
	snprintf(dir, sizeof(dir), "%s.v1", mount_dir);
	assert_int_equal(mkdir(dir, 0700), 0);
	if (mount("none", dir, "cgroup", 0, "net_cls")) {
		print_message("no net_cls here: %s\n", strerror(errno));
	} else {
		assert_int_equal(uname(&name), 0);
		assert_int_equal(sessions_may_be_missed(group_dir),
				 !strncmp(name.release, "5.10.", 5));
		assert_false(sessions_may_be_missed(NULL));
		assert_false(sessions_may_be_missed(mount_dir));
		umount(dir);
	}
	rmdir(dir);
}

static void test_detach(void **state)
{
	char path[PATH_MAX], error[DATAPATH_ERROR_BYTES];

	(void)state;
	assert_int_equal(sessions_remove(bpffs_dir, error), 0);
	assert_int_equal(sessions_remove(bpffs_dir, error), 0);
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", PORT, 5000, 300, CLIENT_FIRST });
	assert_int_equal(sessions_attach(sessions, group_dir, path, error), 0);
	hold(&(struct talk) { "127.0.0.1", "127.0.0.1", PORT, 5000, 300, CLIENT_FIRST });
	await_totals(1, 0, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_endings, begin, end),
		cmocka_unit_test_setup_teardown(test_short_sessions, begin, end),
		cmocka_unit_test_setup_teardown(test_ports, begin, end),
		cmocka_unit_test_setup_teardown(test_take_over, begin, end),
		cmocka_unit_test_setup_teardown(test_other_cgroup, begin, end),
		cmocka_unit_test_setup_teardown(test_classes_of_v1, begin, end),
		cmocka_unit_test_setup_teardown(test_detach, begin, end),
	};

	return cmocka_run_group_tests_name("sessions", tests, setup, teardown);
}
