/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Confined programs that do one job for ipwld. ipwld starts such a program itself, or asks a
 * service manager's socket for it. The program gets its files in both cases, and ipwld trusts
 * what it writes no more than the strangers it talks to.
 */
#ifndef HELPER_HELPER_H
#define HELPER_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/process.h"

struct helper {
	const char *program;	     /* "ipwl-fetch" */
	const char *unit;	     /* of the socket: "ipwl-fetch.socket" */
	const char *socket_variable; /* of the environment: names the socket */
};

struct helper_process {
	pid_t pid;  /* 0: a service manager started the program */
	int end_fd; /* readable when the program has ended: a pidfd, or the connection; or -1 */
};

/* The socket that the environment names, or else the program in the directory of this one. The
 * caller frees the path. NULL: out of memory, or the directory is not known. */
char *helper_find(const struct helper *helper);

/**
 * helper_start() - start the program with these files
 * @path: from helper_find()
 * @fds: their numbers are those that the program's protocol names
 * @ret_process: to be given back with helper_stop() or helper_release()
 * @message: says what is wrong
 *
 * It never waits. Return: 0 or -errno.
 */
int helper_start(const struct helper *helper, const char *path, const struct process_fd *fds,
		 size_t fd_count, struct helper_process *ret_process, char *message,
		 size_t message_bytes);

/* Kill the program, unless a service manager started it: such a program ends when the
 * connection does. Wait for it, so that it does not remain as a zombie. */
void helper_stop(struct helper_process *process);
/* Give back a program that has been waited for, or that does not end. */
void helper_release(struct helper_process *process);

/* A file in memory that can be sealed. Return: a descriptor or -errno. */
int helper_new_file(const char *name);

/* Store the value of the line "KEY VALUE" of @text, if there is one. A value that is too long
 * is truncated. It is UTF-8 without control characters afterwards. */
void helper_take_text(const char *text, const char *key, char *value, size_t value_bytes);

#endif
