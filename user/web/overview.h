/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the status page shows, as one JSON object (docs/status-page.md). */
#ifndef WEB_OVERVIEW_H
#define WEB_OVERVIEW_H

struct api_command;

extern const struct api_command overview_command;

#endif
