/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All metrics. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

struct exposition;
struct runtime;

/* All of them, with the end of the text. */
void metrics_write(const struct runtime *runtime, const struct exposition *to);

#endif
