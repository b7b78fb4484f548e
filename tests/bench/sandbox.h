/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A place that nobody else sees and that leaves nothing behind, however the program
 * ends: namespaces of its own for devices and mounts, a BPF file system, a directory
 * in memory. Children die with the program.
 */
#ifndef BENCH_SANDBOX_H
#define BENCH_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* In memory, for list files. */
#define SANDBOX_DIR "/dev/shm"

/* Enter it. To be called once, first, by root. */
void sandbox_enter(void);
/* A directory on a real disk, for what is synced to disk; removed at the end. */
const char *sandbox_disk(void);

/* For a network namespace: the first one, and whichever the calling thread is in. */
#define SANDBOX_HOME (-1)
#define SANDBOX_HERE (-2)

/* Make a network namespace with its loopback up and without IPv6, so that no packet
 * is in it but those that are measured; returns its fd. */
int sandbox_netns_new(void);
/* The calling thread's network namespace from now on. */
void sandbox_netns_enter(int netns);

/* Whether there is a program of that name. */
bool sandbox_has(const char *program);
/* Start a command in a network namespace. @log: where its output goes. */
pid_t sandbox_start(int netns, const char *log, const char *command);
/* Run a command in a network namespace. One that fails ends the program, with what
 * the command said. */
void sandbox_run(int netns, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What a command prints, up to @size - 1 bytes. */
void sandbox_read(int netns, const char *command, char *text, size_t size);

#endif
