/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has the worker review learned addresses from time to time. */
#ifndef RUNTIME_LEARNER_H
#define RUNTIME_LEARNER_H

struct learner;
struct runtime;

/* Return: 0 or -ENOMEM. */
int learner_open(struct runtime *runtime, struct learner **ret_learner);
/* NULL is fine. */
void learner_close(struct learner *learner);

/* New evidence was noted, or the configuration has changed: review soon. */
void learner_wake(struct learner *learner);

#endif
