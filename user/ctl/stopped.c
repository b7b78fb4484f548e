/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks into the directory of pinned objects, and lets the real program judge packets of its
 * own making (datapath/simulate.h). Changes nothing. */
#include "ctl/stopped.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/claim.h"
#include "base/clock.h"
#include "base/device.h"
#include "config/config.h"
#include "core/rule_array.h"
#include "ctl/memory.h"
#include "ctl/writer.h"
#include "datapath/names.h"
#include "datapath/simulate.h"
#include "store/rule_file.h"

#define FRAME_BYTES_MAX 74
/* Entries of block lists that are tried in order to find out whether packets are dropped. */
#define TRIED_MAX 64

/* ---- whose pins ------------------------------------------------------------ */

/* To be freed. */
static char *pins_dir(const char *config)
{
	char *dir;

	if (!config_read_bpffs_dir(config ? config : CONFIG_DEFAULT_PATH, &dir))
		return dir;
	return ctl_allocated(strdup(CONFIG_DEFAULT_BPFFS_DIR));
}

/* Whether an ipwld runs that uses these pins: it has another socket than the one asked for. */
static bool is_running(const char *dir)
{
	char owner[CLAIM_OWNER_BYTES];
	long pid = 0;

	if (claim_read_owner(dir, owner))
		pid = !strncmp(owner, "pid ", 4) ? strtol(owner + 4, NULL, 10) : 0;
	return pid > 0 && (!kill((pid_t)pid, 0) || errno == EPERM);
}

/* Say why nothing can be looked at, beside that ipwld cannot be reached. */
static enum ctl_exit fail_look(const char *dir, int err)
{
	if (err == -EPERM || err == -EACCES)
		ctl_error("run this with sudo to see what the kernel still does without ipwld");
	else if (err == -EBUSY)
		ctl_error("an ipwld runs that uses %s: if it has another socket, name that with "
			  "--socket",
			  dir);
	else if (err == -ENOENT)
		ctl_error("nothing is pinned in %s: ipwl is not attached, unless with another "
			  "bpffs_dir",
			  dir);
	return CTL_UNREACHABLE;
}

/* ---- interfaces ------------------------------------------------------------ */

/* bpffs allows no dot in a name. */
static void decode_name(const char *pin, char *name, size_t bytes)
{
	size_t used = 0;

	for (; *pin && used + 1 < bytes; used++) {
		if (!strncmp(pin, "%2e", 3) || !strncmp(pin, "%25", 3)) {
			name[used] = pin[2] == 'e' ? '.' : '%';
			pin += 3;
		} else {
			name[used] = *pin++;
		}
	}
	name[used] = '\0';
}

static void add_interface(json_t *interfaces, const char *dir, const char *pin)
{
	char path[PATH_MAX], name[NAME_MAX + 1];
	bool is_attached;

	decode_name(pin, name, sizeof(name));
	snprintf(path, sizeof(path), "%s/interfaces/%s/link", dir, pin);
	is_attached = !access(path, F_OK) && device_find(name) > 0;
	json_array_append_new(
	    interfaces,
	    ctl_allocated(json_pack("{s:o,s:n,s:b,s:n,s:n,s:n,s:{}}", "name", writer_string(name),
				    "ifindex", "attached", is_attached, "xdp_mode", "marking",
				    "error", "packets")));
}

/* Return: 0 or -errno. */
static int read_interfaces(const char *dir, json_t *interfaces)
{
	char path[PATH_MAX];
	const struct dirent *item;
	DIR *directory;

	snprintf(path, sizeof(path), "%s/interfaces", dir);
	directory = opendir(path);
	if (!directory)
		return -errno;
	while ((item = readdir(directory)))
		if (item->d_name[0] != '.')
			add_interface(interfaces, dir, item->d_name);
	closedir(directory);
	return 0;
}

/* ---- verdicts -------------------------------------------------------------- */

/* The first packet of a connection to a port. Return: its bytes. */
static size_t make_frame(const struct prefix *source, uint16_t port, uint8_t frame[FRAME_BYTES_MAX])
{
	const bool is_ipv4 = source->family == FAMILY_IPV4;
	const size_t network = 14, transport = network + (is_ipv4 ? 20 : 40);
	uint8_t *packet = frame + network, *tcp = frame + transport;

	memset(frame, 0, FRAME_BYTES_MAX);
	frame[12] = is_ipv4 ? 0x08 : 0x86;
	frame[13] = is_ipv4 ? 0x00 : 0xdd;
	packet[0] = is_ipv4 ? 0x45 : 0x60;
	if (is_ipv4) {
		packet[3] = 40;
		packet[8] = 64;
		packet[9] = 6;
		memcpy(packet + 12, source->addr, 4);
	} else {
		packet[5] = 20;
		packet[6] = 6;
		packet[7] = 64;
		memcpy(packet + 8, source->addr, 16);
	}
	tcp[2] = (uint8_t)(port >> 8);
	tcp[3] = (uint8_t)port;
	tcp[12] = 0x50;
	tcp[13] = 0x02;
	return transport + 20;
}

/* Judge an address at a port; 0: at the first of the usual ports that is a mail port. Return: 0;
 * -ENOENT: it is not a mail port; another -errno. */
static int judge(struct simulation *simulation, uint16_t port, const struct prefix *source,
		 struct simulation_result *ret_result)
{
	static const uint16_t usual[] = { 25, 587, 465, 2525 };
	uint8_t frame[FRAME_BYTES_MAX];

	for (size_t i = 0; i < (port ? 1 : sizeof(usual) / sizeof(*usual)); i++) {
		size_t bytes = make_frame(source, port ? port : usual[i], frame);
		int err = simulation_run(simulation, frame, bytes, ret_result);

		if (err)
			return err;
		if (ret_result->verdict >= IPWL_UNLISTED)
			return 0;
	}
	return -ENOENT;
}

/* Try entries of block lists until one is judged as blocked. NULL: not known. */
static const char *find_mode(struct simulation *simulation, const char *path)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;
	const char *mode = NULL;

	diagnostics_init(&diagnostics);
	if (config_load(path ? path : CONFIG_DEFAULT_PATH, NULL, &diagnostics, &config))
		config = NULL;
	for (size_t i = 0; config && i < config->policy->list_count && !mode; i++) {
		const struct list *list = &config->policy->lists[i];
		struct entry_cursor cursor;
		const struct entry *entry;

		if (list->action != ACTION_BLOCK || list->is_monitor)
			continue;
		entry_cursor_init(&cursor, list, NULL);
		for (size_t tried = 0; !mode && tried < TRIED_MAX; tried++) {
			struct simulation_result result;

			entry = entry_cursor_next(&cursor);
			if (!entry || judge(simulation, list->port_count ? list->ports[0] : 0,
					    &entry->prefix, &result))
				break;
			if (result.verdict == IPWL_BLOCK)
				mode = "enforce";
			else if (result.verdict == IPWL_WOULD_BLOCK)
				mode = "monitor";
		}
	}
	config_free(config);
	diagnostics_done(&diagnostics);
	return mode;
}

/* ---- what is asked for ------------------------------------------------------ */

enum ctl_exit stopped_status(const char *config, json_t **ret_status)
{
	char *dir = pins_dir(config), error[DATAPATH_ERROR_BYTES];
	json_t *interfaces = ctl_allocated(json_array());
	struct simulation *simulation = NULL;
	const char *mode = NULL;
	int err = is_running(dir) ? -EBUSY : read_interfaces(dir, interfaces);
	enum ctl_exit code;

	if (!err && !simulation_open(dir, &simulation, error))
		mode = find_mode(simulation, config);
	simulation_close(simulation);
	if (err)
		json_decref(interfaces);
	else
		*ret_status =
		    ctl_allocated(json_pack("{s:b,s:o,s:o}", "running", 0, "mode_in_force",
					    writer_string(mode), "interfaces", interfaces));
	code = err ? fail_look(dir, err) : CTL_DONE;
	free(dir);
	return code;
}

static int test_one(struct simulation *simulation, uint16_t port, const struct prefix *address,
		    json_t *results)
{
	struct simulation_result result;
	char text[PREFIX_TEXT_BYTES];
	int err = judge(simulation, port, address, &result);

	if (err)
		return err;
	json_array_append_new(
	    results,
	    ctl_allocated(json_pack(
		"{s:s,s:o,s:s,s:o,s:n,s:[],s:[],s:[],s:i,s:[],s:n,s:[],s:n}", "address",
		prefix_format_short(address, text), "port", port ? json_integer(port) : json_null(),
		"verdict", verdict_names[result.verdict], "list",
		writer_string(result.has_list ? simulation_list_name(simulation, result.list)
					      : NULL),
		"mark", "entries", "exclusions", "overruled", "left_out", 0, "overrides",
		"averted_packets", "by_port", "limit")));
	return 0;
}

enum ctl_exit stopped_test(const char *config, uint16_t port, const struct prefix *addresses,
			   size_t count, json_t **ret_results)
{
	char *dir = pins_dir(config), error[DATAPATH_ERROR_BYTES];
	json_t *results = ctl_allocated(json_array());
	struct simulation *simulation = NULL;
	int err = is_running(dir) ? -EBUSY : simulation_open(dir, &simulation, error);
	enum ctl_exit code;

	for (size_t i = 0; i < count && !err; i++)
		err = test_one(simulation, port, &addresses[i], results);
	simulation_close(simulation);
	if (err)
		json_decref(results);
	else
		*ret_results = results;
	code = err ? fail_look(dir, err) : CTL_DONE;
	free(dir);
	return code;
}

/* ---- rules ------------------------------------------------------------------- */

static json_t *rule_json(struct datapath *datapath, const struct list *list,
			 const struct rule *rule)
{
	struct ipwl_rule_counters counters = { 0 };
	char prefix[PREFIX_TEXT_BYTES], last_hit[TIME_TEXT_BYTES];

	if (datapath_read_rule(datapath, rule->id, &counters))
		counters = (struct ipwl_rule_counters) { 0 };
	return ctl_allocated(json_pack(
	    "{s:s,s:s,s:s,s:n,s:n,s:n,s:n,s:n,s:n,s:I,s:I,s:I,s:I,s:n,s:o,s:n,s:n,s:n}", "prefix",
	    prefix_format(&rule->prefix, prefix), "list", list->name, "action",
	    action_names[list->action], "source", "origin", "reason", "author", "added_at",
	    "expires_at", "packets", (json_int_t)counters.packets, "bytes",
	    (json_int_t)counters.bytes, "connections", (json_int_t)counters.connections,
	    "averted_packets", (json_int_t)counters.averted_packets, "protected", "last_hit_at",
	    writer_string(counters.last_hit_sec ? time_format(counters.last_hit_sec, last_hit)
						: NULL),
	    "total_packets", "total_connections", "total_averted_packets"));
}

static bool is_asked(const struct stopped_query *query, const struct prefix *prefix)
{
	return !query->has_prefix || prefix_contains(prefix, &query->prefix) ||
	       prefix_contains(&query->prefix, prefix);
}

static enum ctl_exit visit_rules(struct datapath *datapath, const struct policy *policy,
				 const struct stopped_query *query,
				 void (*visit)(const json_t *entry, void *context), void *context)
{
	const struct rule *rule;
	struct rule_cursor rules;
	bool has_list = !query->list;

	for (size_t i = 0; i < policy->list_count; i++) {
		const struct list *list = &policy->lists[i];

		if (query->list && strcmp(query->list, list->name) != 0)
			continue;
		has_list = true;
		rule_cursor_init(&rules, list->rules, 0, list->rule_count);
		while ((rule = rule_cursor_next(&rules))) {
			json_t *entry;

			if (!is_asked(query, &rule->prefix))
				continue;
			entry = rule_json(datapath, list, rule);
			visit(entry, context);
			json_decref(entry);
		}
	}
	if (!has_list)
		ctl_error("there is no list \"%s\"", query->list);
	return has_list ? CTL_DONE : CTL_NEGATIVE;
}

/* The kernel's maps have numbers instead of prefixes. The rule file names them. */
static enum ctl_exit read_rules(const char *config, const struct datapath *datapath,
				struct policy **ret_policy)
{
	char *dir;
	int err;

	if (config_read_runtime_dir(config ? config : CONFIG_DEFAULT_PATH, &dir))
		dir = ctl_allocated(strdup(CONFIG_DEFAULT_RUNTIME_DIR));
	err = rule_file_peek(dir, datapath_cookie(datapath), ret_policy);
	if (err)
		ctl_error("cannot tell what the kernel has: %s/rules: %s", dir,
			  err == -ENOENT ? "it is missing, or not of these tables"
					 : strerror(-err));
	free(dir);
	return err ? CTL_UNREACHABLE : CTL_DONE;
}

enum ctl_exit stopped_list(const char *config, const struct stopped_query *query,
			   void (*visit)(const json_t *entry, void *context), void *context)
{
	char *dir = pins_dir(config), error[DATAPATH_ERROR_BYTES];
	struct datapath *datapath = NULL;
	struct policy *policy = NULL;
	int err = is_running(dir) ? -EBUSY : datapath_peek(dir, &datapath, error);
	enum ctl_exit code = err ? fail_look(dir, err) : read_rules(config, datapath, &policy);

	free(dir);
	if (!code) {
		datapath_settle(datapath);
		code = visit_rules(datapath, policy, query, visit, context);
	}
	policy_free(policy);
	datapath_close(datapath);
	return code;
}
