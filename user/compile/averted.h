/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers the classes of averted decisions: an allow list, and the block lists that it beats. */
#ifndef COMPILE_AVERTED_H
#define COMPILE_AVERTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipwl.h"

#define AVERTED_RECENT 256

/* The classes, in memory that the caller provides: the kernel's maps, or a test's arrays. */
struct averted_classes {
	struct ipwl_class *classes;	 /* IPWL_CLASSES_MAX */
	struct ipwl_block_set *sets;	 /* IPWL_AVERTED_MAX */
	uint16_t recent[AVERTED_RECENT]; /* classes found before, by a hash; 0: none */
	bool is_full;			 /* a class was needed when there was no free one */
};

/**
 * averted_class() - find the class of an allow list and a set of block lists, or take a free one
 * @allow: slot of the allow list
 * @set: bits of the slots of the block lists, not empty; @words of them, others are 0
 *
 * Return: its number; if no class is free, the allow list's own class for all block lists.
 */
uint16_t averted_class(struct averted_classes *classes, uint16_t allow, const uint64_t *set,
		       size_t words);

/**
 * averted_forget() - forget a list whose slot becomes free
 * @ret_freed: the classes that are free now, as indices in `sets`; IPWL_AVERTED_MAX at most
 *
 * A class of this allow list becomes free. A block list is removed from all sets, and a class
 * whose set is empty becomes free.
 *
 * Return: the number of freed classes.
 */
size_t averted_forget(struct averted_classes *classes, uint16_t slot,
		      uint16_t ret_freed[IPWL_AVERTED_MAX]);

#endif
