/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interfaces that do not exist. A start and a reload wait for them without a warning, because
 * early at boot most do not exist yet. A person who checks a configuration may have mistyped. */
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/device.h"
#include "config/config.h"

/* "eth0, eth1"; to be freed. NULL: not known. */
static char *devices_here(void)
{
	struct if_nameindex *devices = if_nameindex();
	char *names = NULL;
	size_t size, count = 0;
	FILE *stream = devices ? open_memstream(&names, &size) : NULL;

	for (size_t i = 0; stream && devices[i].if_name; i++)
		if (strcmp(devices[i].if_name, "lo") != 0)
			fprintf(stream, "%s%s", count++ ? ", " : "", devices[i].if_name);
	if (stream && fclose(stream)) {
		free(names);
		names = NULL;
	}
	if (devices)
		if_freenameindex(devices);
	return names;
}

void config_check_devices(const struct config *config, const char *path,
			  struct diagnostics *diagnostics)
{
	char *here = devices_here();

	for (size_t i = 0; i < config->interface_count; i++) {
		if (device_find(config->interfaces[i]))
			continue;
		diagnostics_add(diagnostics, SEVERITY_WARNING, path, config->interface_lines[i], 0,
				"there is no interface %s now%s%.200s: correct the name, or ipwl "
				"waits until it appears",
				config->interfaces[i], here && *here ? "; this host has " : "",
				here ? here : "");
	}
	free(here);
	diagnostics_sort(diagnostics, path);
}
