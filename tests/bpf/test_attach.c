/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs on devices where other devices, namespaces and programs are in the way. In a
 * network namespace of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/bpf.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "datapath/internal.h"
#include "ipwl.skel.h"

/* From Linux 6.6; Debian 12's headers are older. */
#define TCX_INGRESS 46

#define PEER(name, index) "type veth peer name " name " index " #index

/* The first is the one that a device gets in a new namespace after the loopback device. */
#define INDEX_STAYS 2
#define INDEX_MOVES 11

static char bpffs_dir[64];
static struct datapath *datapath;

static void run(const char *format, ...)
{
	char command[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command)) /* NOLINT(cert-env33-c): a test's own words */
		fail_msg("%s", command);
}

static int setup(void **state)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	bool was_adopted;

	(void)state;
	if (unshare(CLONE_NEWNET))
		return -1;
	run("ip link set lo up");
	run("ip link add stays index %d " PEER("stays-peer", 21), INDEX_STAYS);
	run("ip link add moves index %d " PEER("moves-peer", 22), INDEX_MOVES);
	snprintf(bpffs_dir, sizeof(bpffs_dir), "/sys/fs/bpf/ipwl-test-%d-attach", getpid());
	if (datapath_open(bpffs_dir, "test", &datapath, &was_adopted, error))
		fail_msg("datapath_open: %s", error);
	return 0;
}

static int teardown(void **state)
{
	char error[DATAPATH_ERROR_BYTES] = "";

	(void)state;
	datapath_close(datapath);
	if (datapath_detach(bpffs_dir, error))
		print_error("datapath_detach: %s\n", error);
	return 0;
}

static struct interface *attach(const char *name)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	struct interface *interface;

	if (interface_open(datapath, name, &interface, error) ||
	    interface_attach(interface, (int)if_nametoindex(name), true, true, error))
		fail_msg("%s: %s", name, error);
	assert_string_equal(error, "");
	assert_int_equal(interface_marking(interface), MARKING_METADATA);
	return interface;
}

static void detach(struct interface *interface)
{
	char error[DATAPATH_ERROR_BYTES] = "";

	if (interface_detach(interface, error))
		fail_msg("%s", error);
	interface_close(interface);
}

/* ---- the device is in another namespace -------------------------------------- */

/* A process in a namespace where an index is taken. */
static pid_t start_namespace(int taken_index)
{
	int ready[2];
	char byte = 0;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		char command[128];

		/* It ends with the test, also if that is killed. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(command, sizeof(command), "ip link add taken index %d type bridge",
			 taken_index);
		/* NOLINTNEXTLINE(cert-env33-c): a test's own words */
		byte = !unshare(CLONE_NEWNET) && !system(command);
		if (write(ready[1], &byte, 1) == 1)
			pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_true(byte);
	close(ready[0]);
	close(ready[1]);
	return child;
}

static uint32_t pinned_link_index(const char *dir)
{
	struct bpf_link_info info = { 0 };
	uint32_t size = sizeof(info);
	char pin[PATH_MAX];
	int link;

	assert_int_equal(pins_path(pin, dir, PIN_LINK, NULL), 0);
	link = bpf_obj_get(pin);
	assert_true(link >= 0);
	assert_int_equal(bpf_obj_get_info_by_fd(link, &info, &size), 0);
	close(link);
	return info.xdp.ifindex;
}

/* There it has the number that another device has here. That one's filter is not its. */
static void test_device_moved_away(void **state)
{
	struct interface *stays = attach("stays"), *moves = attach("moves");
	char dir[PATH_MAX], error[DATAPATH_ERROR_BYTES] = "";
	pid_t child = start_namespace(INDEX_MOVES);

	(void)state;
	assert_int_equal(pins_interface_dir(bpffs_dir, "moves", dir), 0);
	run("ip link set moves netns %d", child);
	assert_int_equal(pinned_link_index(dir), INDEX_STAYS);

	if (interface_detach(moves, error))
		fail_msg("%s", error);
	assert_int_equal(interface_marking(stays), MARKING_METADATA);
	assert_int_not_equal(interface_attached(stays), ATTACH_NONE);

	interface_close(moves);
	detach(stays);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	/* The kernel removes a namespace some time after its last process has ended. */
	run("timeout 120 sh -c 'while ip link show moves-peer >/dev/null 2>&1; do sleep 0.1; "
	    "done'");
}

/* Attached again under the same name, its link is not taken for one of the device that has
 * its number. */
static void test_device_moved_away_is_not_attached(void **state)
{
	struct interface *moves;
	pid_t child = start_namespace(INDEX_MOVES);
	char error[DATAPATH_ERROR_BYTES] = "";

	(void)state;
	run("ip link del stays");
	run("ip link add moves index %d " PEER("moves-peer", 22), INDEX_MOVES);
	moves = attach("moves");
	run("ip link set moves netns %d", child);
	/* Another one of the same name, with the number that it has there. */
	run("ip link add moves index %d " PEER("other-peer", 23), INDEX_STAYS);
	if (interface_attach(moves, INDEX_STAYS, true, true, error))
		fail_msg("%s", error);
	assert_int_not_equal(interface_attached(moves), ATTACH_NONE);
	run("ip -d link show moves | grep -q prog/xdp");
	detach(moves);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	run("ip link del moves");
	run("ip link add stays index %d " PEER("stays-peer", 21), INDEX_STAYS);
}

/* ---- the kernel does not answer ------------------------------------------------ */

/* A daemon was killed between the filter and the link, so only the name says where the
 * filter is; and just then there is no file descriptor to ask by. */
static void test_name_cannot_be_looked_up(void **state)
{
	char dir[PATH_MAX], pin[PATH_MAX], error[DATAPATH_ERROR_BYTES] = "";
	struct interface *interface = attach("stays");
	struct rlimit limit, none;

	(void)state;
	assert_int_equal(pins_interface_dir(bpffs_dir, "stays", dir), 0);
	assert_int_equal(pins_path(pin, dir, PIN_LINK, NULL), 0);
	assert_int_equal(unlink(pin), 0);
	assert_int_equal(bpf_link_detach(interface->link), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit) { .rlim_cur = 0, .rlim_max = limit.rlim_max };

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_not_equal(pinned_detach(dir, "stays", error), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(tc_is_attached(INDEX_STAYS), 1);

	assert_int_equal(pinned_detach(dir, "stays", error), 0);
	assert_int_equal(tc_is_attached(INDEX_STAYS), 0);
	detach(interface);
}

/* The device of that name has another's program, and so another's filter. */
static void test_filter_of_another(void **state)
{
	char dir[PATH_MAX], pin[PATH_MAX], error[DATAPATH_ERROR_BYTES] = "";
	struct interface *interface = attach("stays");

	(void)state;
	assert_int_equal(pins_interface_dir(bpffs_dir, "stays", dir), 0);
	assert_int_equal(pins_path(pin, dir, PIN_LINK, NULL), 0);
	assert_int_equal(unlink(pin), 0);
	assert_int_equal(pinned_detach(dir, "stays", error), 0);
	assert_int_equal(tc_is_attached(INDEX_STAYS), 1);
	assert_int_equal(bpf_obj_pin(interface->link, pin), 0);
	detach(interface);
	assert_int_equal(tc_is_attached(INDEX_STAYS), 0);
}

/* A name that no device has is no failure. */
static void test_name_of_no_device(void **state)
{
	char dir[PATH_MAX], error[DATAPATH_ERROR_BYTES] = "";

	(void)state;
	assert_int_equal(pins_interface_dir(bpffs_dir, "gone", dir), 0);
	assert_int_equal(pinned_detach(dir, "gone", error), 0);
}

/* ---- another program is in front -------------------------------------------------- */

/* A tcx program that ends the way of all packets: TCX_PASS. */
static int attach_tcx(int ifindex)
{
	const struct bpf_insn instructions[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int program =
	    bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "passes", "GPL", instructions, 2, NULL);
	int link;

	assert_true(program >= 0);
	link = bpf_link_create(program, ifindex, (enum bpf_attach_type)TCX_INGRESS, NULL);
	close(program);
	return link;
}

static void test_tcx_program_in_front(void **state)
{
	struct interface *interface = attach("stays");
	int link = attach_tcx(INDEX_STAYS);

	(void)state;
	if (link >= 0) {
		assert_int_equal(interface_marking(interface), MARKING_UNCERTAIN);
		close(link);
	} else {
		print_message("this kernel has no tcx programs (Linux 6.6)\n");
	}
	assert_int_equal(interface_marking(interface), MARKING_METADATA);
	detach(interface);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_moved_away),
		cmocka_unit_test(test_device_moved_away_is_not_attached),
		cmocka_unit_test(test_name_cannot_be_looked_up),
		cmocka_unit_test(test_filter_of_another),
		cmocka_unit_test(test_name_of_no_device),
		cmocka_unit_test(test_tcx_program_in_front),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
