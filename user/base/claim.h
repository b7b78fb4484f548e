/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Claims: exclusive use of a directory by one process.
 *
 * The lock is on the directory itself (flock(2)). So it is the same lock for every path, mount
 * and namespace that leads to the directory. It ends with the process, so a crash leaves no
 * stale lock. A symbolic link in the directory, which even a BPF file system supports, names
 * the owner. It is only for people and decides nothing.
 */
#ifndef BASE_CLAIM_H
#define BASE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>

/* The link. */
#define CLAIM_OWNER_NAME "owner"
#define CLAIM_OWNER_BYTES 512

/**
 * claim_take() - claim a directory until claim_give(), or until this process ends
 * @directory: must exist
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

/* The current or last owner of the directory: "pid 12, /etc/ipwl/ipwld.yaml". Return: false if
 * the owner is not recorded; the text is then "pid unknown". */
bool claim_read_owner(const char *directory, char owner[CLAIM_OWNER_BYTES]);

/* Say why claim_take() failed with @err, and what to do; @setting names the directory, as in
 * "bpffs_dir". */
void claim_explain(int err, const char *setting, const char *directory, char *error,
		   size_t error_bytes);

/* Remove a directory that contains only the link. A directory with other content, or a mount
 * point, stays and keeps the link. */
void claim_remove_directory(const char *directory);

#endif
