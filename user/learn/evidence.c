/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of sources, kinds and what becomes of evidence. */
#include "learn/evidence.h"

const char *const evidence_source_names[EVIDENCE_SOURCE_COUNT] = {
	[EVIDENCE_FROM_POSTFIX] = "postfix",	 [EVIDENCE_FROM_EXIM] = "exim",
	[EVIDENCE_FROM_OPENSMTPD] = "opensmtpd", [EVIDENCE_FROM_RSPAMD] = "rspamd",
	[EVIDENCE_FROM_REPORT] = "report",	 [EVIDENCE_FROM_KERNEL] = "kernel",
};

const char *const evidence_kind_names[EVIDENCE_KIND_COUNT] = {
	[EVIDENCE_SENT] = "sent",
	[EVIDENCE_ACCEPTED] = "accepted",
	[EVIDENCE_REJECTED] = "rejected",
	[EVIDENCE_LISTED] = "listed",
	[EVIDENCE_HAM] = "ham",
	[EVIDENCE_SPAM] = "spam",
	[EVIDENCE_REPLY] = "reply",
	[EVIDENCE_REPORTED_HAM] = "reported-ham",
	[EVIDENCE_REPORTED_SPAM] = "reported-spam",
	[EVIDENCE_OUTBOUND] = "outbound",
	[EVIDENCE_INBOUND] = "inbound",
};

const char *const evidence_drop_names[EVIDENCE_DROP_COUNT] = {
	[EVIDENCE_DROP_NEVER] = "never",     [EVIDENCE_DROP_USER] = "user",
	[EVIDENCE_DROP_BULK] = "bulk",	     [EVIDENCE_DROP_FULL] = "full",
	[EVIDENCE_DROP_TIME] = "time",	     [EVIDENCE_DROP_INVALID] = "invalid",
	[EVIDENCE_DROP_STORAGE] = "storage", [EVIDENCE_DROP_QUEUE] = "queue",
};
