/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads messages of rspamd's metadata exporter: the stock JSON form, and the smaller one of
 * contrib/rspamd-metadata-exporter.conf. Members are found by name, and unknown ones are
 * ignored. Some of the text comes from the sender of the mail.
 */
#ifndef INTAKE_RSPAMD_H
#define INTAKE_RSPAMD_H

#include <stddef.h>
#include <stdint.h>

#include "learn/evidence.h"

/* Ham or spam, and an answer. */
#define RSPAMD_EVIDENCE_MAX 2

/**
 * rspamd_read() - find the evidence in one message
 * @text: JSON; overwritten, because rspamd writes numbers that are not JSON
 * @now_sec: the time of the evidence, because a message has no time that can be trusted
 * @ret_evidence: undefined after an error
 *
 * Mail of authenticated users, mail from local addresses and mail that rspamd has only
 * deferred is no evidence. Mail that rspamd accepts is evidence only if a domain of the sender is
 * authenticated, or if the mail answers one of ours. Its `domain` is known only if SPF allows the
 * address to send for it.
 *
 * Return: how many there are, possibly 0; -EINVAL: @text is no message of rspamd.
 */
int rspamd_read(char *text, size_t text_bytes, int64_t now_sec,
		struct evidence ret_evidence[RSPAMD_EVIDENCE_MAX]);

#endif
