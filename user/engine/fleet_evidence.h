/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Evidence that the hosts of a fleet add up (fleet/evidence.h). Learning must be ready
 * (learning_ready()). */
#ifndef ENGINE_FLEET_EVIDENCE_H
#define ENGINE_FLEET_EVIDENCE_H

#include "base/lines.h"
#include "engine/engine.h"
#include "fleet/evidence.h"
#include "store/evidence.h"

/* ---- fleet_evidence.c ------------------------------------------------------------------ */

/* Add what other hosts have seen of an address. Return: 0, -ENOMEM or -EIO. */
int fleet_evidence_add(struct engine *engine, const struct prefix *subject, int64_t until_sec,
		       struct evidence_facts *facts);
/* Add what users of other hosts have sent to a domain. @ret_last_day: may be NULL; set if that was
 * later. Return: the same. */
int fleet_evidence_add_sent(struct engine *engine, int64_t first_day, int64_t last_day,
			    struct learn_domain *domain, int64_t *ret_last_day);
/* Whether another host has evidence there that counts. */
bool fleet_evidence_has_witness(const struct engine *engine, const struct prefix *place);

/* ---- fleet_evidence_say.c -------------------------------------------------------------- */

/* Tell the others what this host has seen of these addresses, or has sent to these domains: if that
 * is much, or if another host has said something of them. Errors are logged. */
void fleet_evidence_say(struct engine *engine, const struct prefix *subjects, size_t count);
void fleet_evidence_say_domains(struct engine *engine, const struct lines *names);

/* Have the subject of a record reviewed, soon. Commit with evidence_commit(). */
void fleet_evidence_touch(struct engine *engine, const struct fleet_record *record);
/* The same for all records, once a day. Return: 0 or -EIO. */
int fleet_evidence_touch_daily(struct engine *engine);

#endif
