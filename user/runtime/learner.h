/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has the worker review learned addresses from time to time. */
#ifndef RUNTIME_LEARNER_H
#define RUNTIME_LEARNER_H

struct feed_reports;
struct learner;
struct runtime;

/* Return: 0 or -ENOMEM. */
int learner_open(struct runtime *runtime, struct learner **ret_learner);
/* NULL is fine. */
void learner_close(struct learner *learner);

/* New evidence was noted, or the configuration has changed: review soon. */
void learner_wake(struct learner *learner);

/* Have the domains fetched that are learned now, as engine_take_domains() reported them in a
 * task. For the task's finish(). Takes over @reports. */
void learner_follow_domains(struct runtime *runtime, struct feed_reports *reports);

#endif
