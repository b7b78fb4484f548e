/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /v1/backup: state.db, while ipwld uses it. */
#include "store/backup.h"

#include <errno.h>

#include "api/request.h"
#include "api/routes.h"
#include "base/clock.h"

static void backup_run(struct api_task *task, struct engine *engine)
{
	struct state *state = engine_state(engine);

	switch (backup_make(state, time_now_sec(), &task->raw, &task->raw_bytes)) {
	case 0:
		break;
	case -ENOMEM:
		refusal_set_memory(&task->refusal);
		break;
	default:
		refusal_set(&task->refusal, OUTCOME_INTERNAL, "%s", state_error(state));
	}
}

const struct api_command backup_command = {
	.task_bytes = sizeof(struct api_task),
	.run = backup_run,
};
