/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files of the status page, which are part of the program: nothing has to be found at run
 * time, and nobody can replace them. */
#ifndef WEB_ASSETS_H
#define WEB_ASSETS_H

#include <stddef.h>

struct asset {
	const char *path; /* "/page.js" */
	const char *type; /* of its content */
	const char *bytes;
	const char *end;
};

/* NULL: there is none. */
const struct asset *asset_find(const char *path);

#endif
