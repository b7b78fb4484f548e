/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timer of the main loop that has the worker look at the hits of entries. */
#ifndef RUNTIME_SAMPLER_H
#define RUNTIME_SAMPLER_H

struct runtime;
struct sampler;

/* Begin with a first look at once. Return: 0 or -ENOMEM. */
int sampler_open(struct runtime *runtime, struct sampler **ret_sampler);
/* NULL is fine. */
void sampler_close(struct sampler *sampler);

/* The configuration may have another interval now. */
void sampler_reconfigure(struct sampler *sampler);

#endif
