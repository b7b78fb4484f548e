/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the status says of learning. */
#ifndef CTL_LEARNING_H
#define CTL_LEARNING_H

#include "ctl/writer.h"

/* As text: what is learned, and the sessions that the kernel counts. */
void learning_write_status(struct writer *writer, const json_t *status);

#endif
