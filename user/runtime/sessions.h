/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeps the program that counts SMTP sessions attached, as the configuration says. */
#ifndef RUNTIME_SESSIONS_H
#define RUNTIME_SESSIONS_H

#include <stdbool.h>

#include "config/learn.h"
#include "core/prefix.h"
#include "ipwl_session.h"

struct runtime;
struct session_watch;

/* Begin with a first look at once. Return: 0 or -ENOMEM. */
int session_watch_open(struct runtime *runtime, struct session_watch **ret_watch);
/* After the worker has stopped. The program stays attached. NULL is fine. */
void session_watch_close(struct session_watch *watch);

/* The configuration has changed: look at once. */
void session_watch_wake(struct session_watch *watch);

struct session_status {
	enum session_mode mode; /* SESSIONS_OFF also if nothing is learned */
	bool is_attached;
	const char *cgroup;  /* its directory; NULL: unknown */
	const char *problem; /* why sessions are not counted, or not all of them; NULL: none */
	struct ipwl_session_totals totals;
};

/* The strings are valid until the loop runs again. */
void session_watch_get_status(const struct session_watch *watch, struct session_status *ret_status);

/* What the kernel knows of a peer. */
struct session_record {
	struct ipwl_sessions counts;
	int64_t since_sec;	   /* Unix time; they are counted since */
	int64_t last_outbound_sec; /* 0: there was none */
	int64_t last_inbound_sec;  /* likewise */
};

/* Look up a host. Return: whether the kernel knows it. */
bool session_watch_find(const struct session_watch *watch, const struct prefix *address,
			struct session_record *ret_record);

#endif
