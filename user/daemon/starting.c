/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the start is doing, for those who wait for it. */
#include "daemon/starting.h"

#include <stdlib.h>

#include "base/progress.h"
#include "config/config.h"
#include "runtime/notify.h"

static void starting_tell(const struct progress *progress, void *context)
{
	char text[PROGRESS_TEXT_BYTES];

	notify_of_start(progress, NULL);
	notice_write(context, progress_text(progress, text));
}

void starting_begin(struct notice *notice, const char *config_path)
{
	char *directory = NULL;

	*notice = NOTICE_NONE;
	/* An error in the configuration is reported later. */
	if (!config_read_runtime_dir(config_path, &directory) &&
	    notice_open(directory, NOTICE_OF_START, notice))
		*notice = NOTICE_NONE;
	free(directory);
	progress_watch(starting_tell, notice);
}

void starting_attach(const struct notice *notice)
{
	progress_watch(NULL, NULL);
	progress_end();
	notice_write(notice, "attaching to the interfaces");
}

void starting_end(struct notice *notice)
{
	notice_close(notice);
}
