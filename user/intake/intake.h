/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes messages of rspamd and reports of people over HTTP, on loopback and with a token.
 *
 * rspamd waits for the answer before it answers the sender of the mail. So a message is
 * answered at once and read later, whatever the load. If more messages wait than the queue
 * holds, the new ones are dropped and counted.
 */
#ifndef INTAKE_INTAKE_H
#define INTAKE_INTAKE_H

#include "config/learn.h"

#define INTAKE_ERROR_BYTES 512

struct intake;
struct runtime;

/* Return: 0 or -ENOMEM. */
int intake_open(struct runtime *runtime, struct intake **ret_intake);
/* After the worker has stopped. NULL is fine. */
void intake_close(struct intake *intake);

/**
 * intake_configure() - serve where the settings say, with the token that their file has now
 *
 * Return: 0; -errno: it does not serve, and @error says why. intake_retry() tries again.
 */
int intake_configure(struct intake *intake, const struct learn_settings *settings,
		     char error[INTAKE_ERROR_BYTES]);
void intake_retry(struct intake *intake);

#endif
