/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Confines a program. If it starts as root, it becomes another user, who can open neither
 * state.db nor pinned maps. The filter allows no system call to run a program, to open a file
 * for writing, or to use BPF.
 */
#include "confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DESCRIPTORS 64
#define GROUPS_MAX 16

/* System calls that every confined program may use. Names that an architecture or libseccomp
 * does not know are left out. */
static const char *const common_calls[] = {
	/* open files, and status of others */
	"read",
	"readv",
	"pread64",
	"write",
	"writev",
	"lseek",
	"_llseek",
	"close",
	"fstat",
	"fstat64",
	"newfstatat",
	"fstatat64",
	"stat",
	"stat64",
	"lstat",
	"lstat64",
	"statx",
	"access",
	"faccessat",
	"faccessat2",
	"readlink",
	"readlinkat",
	"getdents64",
	"getcwd",
	"fcntl",
	"fcntl64",
	"dup",
	"dup2",
	"dup3",
	"ioctl",
	"fadvise64",
	"pipe",
	"pipe2",
	/* memory */
	"mmap",
	"mmap2",
	"munmap",
	"mprotect",
	"mremap",
	"madvise",
	"brk",
	/* threads and time */
	"clone",
	"clone3",
	"futex",
	"futex_time64",
	"set_robust_list",
	"rseq",
	"membarrier",
	"sched_yield",
	"sched_getaffinity",
	"exit",
	"exit_group",
	"gettid",
	"getpid",
	"getppid",
	"tgkill",
	"clock_gettime",
	"clock_gettime64",
	"clock_nanosleep",
	"clock_nanosleep_time64",
	"clock_getres",
	"nanosleep",
	"gettimeofday",
	"time",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigtimedwait",
	"sigaltstack",
	"restart_syscall",
	/* waiting */
	"poll",
	"ppoll",
	"ppoll_time64",
	"select",
	"_newselect",
	"pselect6",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"eventfd2",
	/* identity */
	"getuid",
	"getuid32",
	"geteuid",
	"geteuid32",
	"getgid",
	"getgid32",
	"getegid",
	"getegid32",
	"getrandom",
	"uname",
	"sysinfo",
	"prlimit64",
	"getrlimit",
	"ugetrlimit",
	"arch_prctl",
	NULL,
};

/* What programs that resolve names, connect and transfer use in addition. */
static const char *const network_calls[] = {
	"socket",     "socketpair", "connect", "bind",	   "getsockname", "getpeername",
	"getsockopt", "setsockopt", "send",    "sendto",   "sendmsg",	  "sendmmsg",
	"recv",	      "recvfrom",   "recvmsg", "recvmmsg", "shutdown",	  NULL,
};

static int fail(const struct confinement *confinement, const char *step, const char *help,
		char *error, size_t error_bytes)
{
	const int err = errno ? errno : EINVAL;

	snprintf(error, error_bytes, "%s refuses to start: %s: %s%s", confinement->program, step,
		 strerror(err), help);
	return -err;
}

static int set_limits(const struct confinement *confinement)
{
	const struct {
		int resource;
		rlim_t value;
	} limits[] = {
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_NOFILE,
		  confinement->descriptors_max ? confinement->descriptors_max : DESCRIPTORS },
		{ RLIMIT_AS, confinement->memory_bytes_max },
		{ RLIMIT_CPU, confinement->life_sec ? confinement->life_sec : RLIM_INFINITY },
		{ RLIMIT_FSIZE, confinement->file_bytes_max },
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		const struct rlimit limit = { limits[i].value, limits[i].value };

		if (setrlimit((__rlimit_resource_t)limits[i].resource, &limit))
			return -errno;
	}
	/* With SIGXFSZ ignored, a file that is too long is an error of write(). */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	alarm(confinement->life_sec);
	umask(077);
	return chdir("/") ? -errno : 0;
}

/* The program's groups that exist. Return: their number. */
static size_t find_groups(const struct confinement *confinement, gid_t groups[GROUPS_MAX])
{
	size_t count = 0;

	for (const char *const *name = confinement->groups; name && *name; name++) {
		const struct group *group = getgrnam(*name);

		if (group && count < GROUPS_MAX)
			groups[count++] = group->gr_gid;
	}
	return count;
}

/* Become the other user, with no way back. */
static int drop_user(const struct confinement *confinement, char *error, size_t error_bytes)
{
	static const char help[] = " (that needs CAP_SETUID and CAP_SETGID: see "
				   "CapabilityBoundingSet in ipwld.service)";
	const struct passwd *user;
	gid_t groups[GROUPS_MAX];
	char step[128];

	if (getuid() && geteuid())
		return 0;
	errno = ENOENT;
	user = getpwnam(confinement->user);
	if (!user)
		user = getpwnam(CONFINE_USER_FALLBACK);
	if (!user || !user->pw_uid || !user->pw_gid) {
		snprintf(step, sizeof(step), "neither user %s nor " CONFINE_USER_FALLBACK " exists",
			 confinement->user);
		return fail(confinement, step, "", error, error_bytes);
	}
	if (setgroups(find_groups(confinement, groups), groups) ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid))
		return fail(confinement, "it cannot drop root", help, error, error_bytes);
	return 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ||
	    syscall(SYS_capset, &header, none) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	/* This must come after setresuid(), which resets both. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	return 0;
}

/* Files may only be opened for reading. */
static int allow_open(scmp_filter_ctx filter)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
				   SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT, O_RDONLY));

	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
				       SCMP_A1(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT, O_RDONLY));
	return err;
}

static int allow_calls(scmp_filter_ctx filter, const char *const *names)
{
	int err = 0;

	for (; !err && names && *names; names++) {
		int call = seccomp_syscall_resolve_name(*names);

		if (call != __NR_SCMP_ERROR)
			err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
	}
	return err;
}

static int filter_calls(const struct confinement *confinement)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = filter ? allow_open(filter) : -ENOMEM;

	if (!err)
		err = allow_calls(filter, common_calls);
	if (!err && confinement->uses_network)
		err = allow_calls(filter, network_calls);
	if (!err)
		err = allow_calls(filter, confinement->calls);
	if (!err)
		err = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return err;
}

int confine(const struct confinement *confinement, char *error, size_t error_bytes)
{
	int err = set_limits(confinement);

	if (err) {
		errno = -err;
		return fail(confinement, "limits", "", error, error_bytes);
	}
	err = drop_user(confinement, error, error_bytes);
	if (err)
		return err;
	err = drop_capabilities();
	if (err) {
		errno = -err;
		return fail(confinement, "capabilities", "", error, error_bytes);
	}
	err = filter_calls(confinement);
	if (err) {
		errno = -err;
		return fail(confinement, "the filter of system calls", "", error, error_bytes);
	}
	if (!setresuid((uid_t)-1, 0, (uid_t)-1) || !getuid() || !geteuid()) {
		errno = EPERM;
		return fail(confinement, "it is still root", "", error, error_bytes);
	}
	return 0;
}
