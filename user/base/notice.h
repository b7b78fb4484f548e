/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line of text in a file, which counts only as long as the process lives that wrote it. */
#ifndef BASE_NOTICE_H
#define BASE_NOTICE_H

#include <stdbool.h>

#define NOTICE_BYTES 1024

/* In the runtime directory, while ipwld starts: what it is doing. */
#define NOTICE_OF_START "starting"

struct notice {
	char *path;
	int fd;
};

/* Without a file; notice_close() does nothing. */
#define NOTICE_NONE ((struct notice) { .fd = -1 })

/* Create the file, which everybody may read. Return: 0; -EWOULDBLOCK: another process has it;
 * -errno. */
int notice_open(const char *directory, const char *name, struct notice *ret_notice);

/* Replace the text. What goes wrong is of no consequence. */
void notice_write(const struct notice *notice, const char *text);

/* Remove the file. */
void notice_close(struct notice *notice);

/* Return: false: there is none, or the process that wrote it has ended. */
bool notice_read(const char *directory, const char *name, char text[NOTICE_BYTES]);

#endif
