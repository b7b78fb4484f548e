/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces: one attachment for each configured name, retried until it holds. */
#include "runtime/interfaces.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/device.h"
#include "base/log.h"
#include "runtime/notify.h"

void interfaces_init(struct interfaces *interfaces, struct datapath *datapath)
{
	*interfaces = (struct interfaces) { .datapath = datapath };
}

static void attachment_done(struct attachment *attachment)
{
	interface_close(attachment->interface);
	free(attachment->name);
}

static void free_items(struct attachment *items, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		attachment_done(&items[i]);
	free(items);
}

void interfaces_done(struct interfaces *interfaces)
{
	free_items(interfaces->items, interfaces->count);
	interfaces->items = NULL;
	interfaces->count = 0;
}

enum attach_mode attachment_mode(const struct attachment *attachment)
{
	return attachment->interface ? interface_attached(attachment->interface) : ATTACH_NONE;
}

enum marking attachment_marking(const struct attachment *attachment)
{
	if (attachment_mode(attachment) == ATTACH_NONE)
		return MARKING_NONE;
	return interface_marking(attachment->interface);
}

size_t interfaces_count_attached(const struct interfaces *interfaces)
{
	size_t i, count = 0;

	for (i = 0; i < interfaces->count; i++)
		count += attachment_mode(&interfaces->items[i]) != ATTACH_NONE;
	return count;
}

/* ---- attach ------------------------------------------------------------- */

/* Log an error when it begins and when its text changes, not at each attempt. */
static void log_change(struct attachment *attachment)
{
	if (!strcmp(attachment->error, attachment->logged))
		return;
	if (attachment->error[0])
		log_warning("interface", "%s: %s", attachment->name, attachment->error);
	memcpy(attachment->logged, attachment->error, sizeof(attachment->logged));
}

static bool is_mode_wanted(enum xdp_mode wanted, enum attach_mode mode)
{
	if (mode == ATTACH_NONE)
		return false;
	return wanted == XDP_MODE_AUTO || (wanted == XDP_MODE_NATIVE) == (mode == ATTACH_NATIVE);
}

static void attach(const struct interfaces *interfaces, struct attachment *attachment)
{
	enum xdp_mode mode = interfaces->xdp_mode;
	int err;

	attachment->error[0] = '\0';
	/* The kernel checks the programs: on a slow machine that takes seconds for each. */
	notify_progress();
	if (!attachment->interface) {
		err = interface_open(interfaces->datapath, attachment->name, &attachment->interface,
				     attachment->error);
		if (err)
			return;
	}
	err = interface_attach(attachment->interface, attachment->ifindex, mode != XDP_MODE_GENERIC,
			       mode != XDP_MODE_NATIVE, attachment->error);
	if (err && !attachment->error[0])
		snprintf(attachment->error, sizeof(attachment->error), "%s", strerror(-err));
	if (!err && !attachment->error[0])
		log_info("interface", "%s: attached, %s XDP", attachment->name,
			 attach_mode_names[attachment_mode(attachment)]);
}

/* If the device of that name is gone, or another one has its name, let go of the old. */
static void detach_lost(struct attachment *attachment)
{
	char error[DATAPATH_ERROR_BYTES];
	int ifindex = device_find(attachment->name);

	if (!attachment->ifindex || ifindex < 0 || attachment->ifindex == ifindex)
		return;
	attachment->ifindex = 0;
	if (attachment->interface && interface_detach(attachment->interface, error))
		log_warning("interface", "%s: %s", attachment->name, error);
}

/* The same for what an earlier daemon left. */
static void detach_missing(const struct interfaces *interfaces, const struct attachment *attachment)
{
	char error[DATAPATH_ERROR_BYTES];

	if (!device_find(attachment->name) &&
	    datapath_detach_missing(interfaces->datapath, attachment->name, error))
		log_warning("interface", "%s: %s", attachment->name, error);
}

/* Whether a program is missing, or in a mode it should not be in. */
static bool is_wanting(const struct interfaces *interfaces, const struct attachment *attachment)
{
	return !is_mode_wanted(interfaces->xdp_mode, attachment_mode(attachment)) ||
	       attachment_marking(attachment) == MARKING_NONE;
}

static void check(const struct interfaces *interfaces, struct attachment *attachment, bool retries)
{
	int ifindex = device_find(attachment->name);
	bool is_new = ifindex != attachment->ifindex;

	if (ifindex < 0)
		return;
	attachment->ifindex = ifindex;
	if (!ifindex)
		snprintf(attachment->error, sizeof(attachment->error),
			 "no such interface; waiting for it");
	else if (is_new || (retries && is_wanting(interfaces, attachment)))
		attach(interfaces, attachment);
	log_change(attachment);
}

void interfaces_check(struct interfaces *interfaces, bool retries)
{
	size_t i;

	/* This comes first, because a renamed device may now belong to another attachment. */
	for (i = 0; i < interfaces->count; i++)
		detach_lost(&interfaces->items[i]);
	for (i = 0; i < interfaces->count; i++)
		check(interfaces, &interfaces->items[i], retries);
	/* This comes last, because a pin under a name without a device may by now belong to
	 * another attachment. */
	for (i = 0; i < interfaces->count; i++)
		detach_missing(interfaces, &interfaces->items[i]);
}

void interfaces_were_detached(struct interfaces *interfaces)
{
	size_t i;

	for (i = 0; i < interfaces->count; i++) {
		/* So that the next check attaches them again. */
		interfaces->items[i].ifindex = 0;
		snprintf(interfaces->items[i].error, sizeof(interfaces->items[i].error),
			 "detached; a reload attaches it again");
	}
}

/* ---- configure ---------------------------------------------------------- */

static struct attachment *find(const struct interfaces *interfaces, const char *name)
{
	size_t i;

	for (i = 0; i < interfaces->count; i++)
		if (interfaces->items[i].name && !strcmp(interfaces->items[i].name, name))
			return &interfaces->items[i];
	return NULL;
}

static bool keep(const char *name, void *context)
{
	return find(context, name) != NULL;
}

/* Make the new attachments in the order of the configuration, and move existing ones over.
 * Return: NULL if memory has run out; nothing has moved then. */
static struct attachment *new_items(struct interfaces *interfaces, const struct config *config)
{
	struct attachment *items = calloc(config->interface_count + 1, sizeof(*items));
	struct attachment *old;
	size_t i;

	for (i = 0; items && i < config->interface_count; i++) {
		items[i].name = strdup(config->interfaces[i]);
		if (!items[i].name) {
			free_items(items, i);
			return NULL;
		}
	}
	for (i = 0; items && i < config->interface_count; i++) {
		old = find(interfaces, items[i].name);
		if (!old)
			continue;
		free(items[i].name);
		items[i] = *old;
		*old = (struct attachment) { 0 };
	}
	return items;
}

int interfaces_configure(struct interfaces *interfaces, const struct config *config)
{
	struct attachment *items = new_items(interfaces, config);
	char error[DATAPATH_ERROR_BYTES];

	if (!items)
		return -ENOMEM;
	free_items(interfaces->items, interfaces->count);
	interfaces->items = items;
	interfaces->count = config->interface_count;
	interfaces->xdp_mode = config->xdp_mode;
	interfaces_check(interfaces, true);
	if (datapath_remove_interfaces(interfaces->datapath, keep, interfaces, error))
		log_warning("interface", "%s", error);
	return 0;
}
