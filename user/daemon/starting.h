/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the service manager and `ipwlctl' what the start is doing, before the socket answers. */
#ifndef DAEMON_STARTING_H
#define DAEMON_STARTING_H

#include "base/notice.h"

/* From now on, tell of progress. @config_path names the runtime directory. What goes wrong is of no
 * consequence. */
void starting_begin(struct notice *notice, const char *config_path);
/* All is loaded. This must come before another thread loads. */
void starting_attach(const struct notice *notice);
/* ipwld answers, or gives up. NOTICE_NONE is fine. */
void starting_end(struct notice *notice);

#endif
