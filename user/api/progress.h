/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process is loading (base/progress.h) as JSON. */
#ifndef API_PROGRESS_H
#define API_PROGRESS_H

#include <jansson.h>

/* Null: nothing. NULL: out of memory. */
json_t *progress_json(void);

#endif
