/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims: a directory that one process has for itself.
 *
 * The lock is on the directory itself (flock(2)). So whatever path, mount or namespace leads
 * to it, it is the same lock; it ends with the process, and nothing can be left behind that
 * would keep the next one away. In the directory a symbolic link, which even a BPF file
 * system can hold, says who has it; it is for people to read and decides nothing.
 */
#ifndef BASE_CLAIM_H
#define BASE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>

/* The link. */
#define CLAIM_OWNER_NAME "owner"
#define CLAIM_OWNER_BYTES 512

/**
 * claim_take() - have a directory until claim_give(), or until this process ends
 * @directory: which is there
 * @what: tells this process from others like it: its configuration
 * @ret_claim: a descriptor
 *
 * Return: 0; -EWOULDBLOCK: another one has it, see claim_read_owner(); -errno: the file system
 * may have no locks.
 */
int claim_take(const char *directory, const char *what, int *ret_claim);

/* Whether a claim, or -1, is on the directory that is at this path now. */
bool claim_is_on(int claim, const char *directory);

/* Give it back; -1 is fine. */
void claim_give(int claim);

/* Who has the directory, or had it last: "pid 12, /etc/ipwl/ipwld.yaml". Return: false: "pid
 * unknown", for nothing says so. */
bool claim_read_owner(const char *directory, char owner[CLAIM_OWNER_BYTES]);

/* Say why claim_take() failed with @err, and what to do; @setting names the directory, as in
 * "bpffs_dir". */
void claim_explain(int err, const char *setting, const char *directory, char *error,
		   size_t error_bytes);

/* Remove a directory in which nothing but the link is. One that holds more, or is a mount
 * point, stays, with the link. */
void claim_remove_directory(const char *directory);

#endif
