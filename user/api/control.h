/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: HTTP with JSON bodies (docs/control-api.md). */
#ifndef API_CONTROL_H
#define API_CONTROL_H

/* Members of this group may use the socket. */
#define CONTROL_GROUP "ipwl"

struct control;
struct runtime;

/* Listen on runtime_dir/control.sock. It replaces a socket that a killed daemon left. Errors
 * are logged. Return: 0 or -errno. */
int control_open(struct runtime *runtime, const char *runtime_dir, struct control **ret_control);
/* NULL is fine. */
void control_close(struct control *control);

#endif
