/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains that have nothing any more: an error of DNS looks the same for hours or days. */
#ifndef ENGINE_GONE_H
#define ENGINE_GONE_H

#include <stdbool.h>

struct feed_arrival;
struct stored_feed;

/* How often in a row a domain must have nothing, besides `gone_after`. */
#define GONE_TRIES_MIN 5

/* Note that the source of @feed has nothing. Return: whether that is to be believed; if not,
 * arrival->refusal says how long its entries stay. */
bool gone_is_confirmed(const char *directory, struct stored_feed *feed,
		       struct feed_arrival *arrival);

/* The source of @feed has something. */
void gone_forget(const char *directory, struct stored_feed *feed);

#endif
