/* SPDX-License-Identifier: GPL-2.0-or-later */
/* POST /v1/test: how the kernel's tables decide addresses, and why. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/arguments.h"
#include "api/entry.h"
#include "api/lane_json.h"
#include "api/limits.h"
#include "api/routes.h"
#include "core/effective.h"
#include "core/overrule.h"
#include "core/prefix_error.h"
#include "datapath/names.h"
#include "http/http.h"
#include "runtime/runtime.h"
#include "store/hits.h"
#include "store/protections.h"

/* Limits of the answer, with the entries of each address: the loop must be able to write it at
 * once. Many files may have the same prefix. */
#define ADDRESSES_MAX 1000
#define ENTRIES_MAX 50

/* The block lists that would decide at a port without allow lists. */
struct overridden {
	json_t *array;
	uint16_t port;
};

struct explanation {
	const struct entry_view *view;
	uint32_t deciding_rule; /* 0: none */
	json_t *entries;
	json_t *exclusions;
	json_t *overruled;
	json_t *averted;
	bool has_deciding;
	size_t left_out; /* number of omitted entries and exclusions */
};

static void explain_entry(const struct list *list, const struct entry *entry, uint32_t rule,
			  void *context)
{
	struct explanation *explanation = context;
	const bool decides = rule && rule == explanation->deciding_rule;
	json_t *array = entry->is_exclusion ? explanation->exclusions : explanation->entries;
	json_t *object;

	/* An entry that decides is shown even if the array is full. */
	if (json_array_size(array) >= ENTRIES_MAX && (!decides || explanation->has_deciding)) {
		explanation->left_out++;
		return;
	}
	if (entry->is_exclusion) {
		json_array_append_new(array, exclusion_json(list, entry));
		return;
	}
	explanation->has_deciding |= decides;
	object = entry_json(explanation->view, list, entry, rule);
	json_object_set_new(object, "decides", json_boolean(decides));
	json_array_append_new(array, object);
}

static void take_overridden(const struct list *list, const struct entry *entry, void *context)
{
	const struct overridden *overridden = context;

	if (list->action == ACTION_BLOCK && list_has_port(list, overridden->port))
		json_array_append_new(overridden->array, exclusion_json(list, entry));
}

/* The block entries that would decide without allow lists. */
static json_t *overridden_json(const struct runtime *runtime, const struct prefix *address,
			       uint16_t port, const struct ipwl_decision *decision)
{
	struct overridden overridden = { .array = json_array(), .port = port };

	if (decision->verdict == IPWL_ALLOW || decision->verdict == IPWL_AVERTED)
		effective_entries(runtime->snapshot->policy, address, NULL, take_overridden,
				  &overridden);
	return overridden.array;
}

static void take_averted(const struct list *list, const struct entry *entry, uint32_t rule,
			 void *context)
{
	struct explanation *explanation = context;
	struct ipwl_rule_counters counters;
	struct hit_memory memory;

	if (entry->is_exclusion || rule != explanation->deciding_rule ||
	    list->action != ACTION_ALLOW ||
	    datapath_read_rule(explanation->view->datapath, rule, &counters))
		return;
	if (!hits_find(explanation->view->hits, list, &entry->prefix, rule, &counters,
		       time_now_sec(), &memory))
		memory.total.averted_packets = counters.averted_packets;
	json_decref(explanation->averted);
	explanation->averted = json_count(memory.total.averted_packets);
}

/* The number of packets, in total, that the deciding allow entry kept from being dropped. */
static json_t *averted_json(const struct runtime *runtime, const struct prefix *address,
			    struct explanation *explanation)
{
	explanation->averted = json_null();
	if (explanation->deciding_rule)
		policy_covering(runtime->snapshot->policy, address, take_averted, explanation);
	return explanation->averted;
}

/* "9.9.9.0/24 by alice at …: invoices": the protected entry around an exclusion. */
static json_t *protection_json(struct protections *protections, const struct list *list,
			       const struct prefix *exclusion)
{
	char prefix[PREFIX_TEXT_BYTES], *by = NULL, *text = NULL;
	struct prefix around;
	json_t *value;

	for (int len = exclusion->len; len >= 0 && !by; len--) {
		around = prefix_truncate(exclusion, (uint8_t)len);
		by = protections_describe(protections, list->name, &around);
	}
	if (by && asprintf(&text, "%s %s", prefix_format_short(&around, prefix), by) < 0)
		text = NULL;
	value = json_text(text);
	free(text);
	free(by);
	return value;
}

static void explain_overruled(const struct list *list, const struct entry *exclusion, void *context)
{
	struct explanation *explanation = context;
	json_t *object;

	if (json_array_size(explanation->overruled) >= ENTRIES_MAX) {
		explanation->left_out++;
		return;
	}
	object = exclusion_json(list, exclusion);
	json_object_set_new(
	    object, "protected",
	    protection_json(explanation->view->protections, list, &exclusion->prefix));
	json_array_append_new(explanation->overruled, object);
}

static const struct list *deciding_list(const struct runtime *runtime,
					const struct ipwl_decision *decision)
{
	return decision->rule ? snapshot_find_slot(runtime->snapshot, decision->list) : NULL;
}

/* The verdicts at all mail ports, if lists are for some of them only. Return: 0 or -errno. */
static int by_port_json(const struct runtime *runtime, const struct prefix *address,
			json_t **ret_array)
{
	const struct config *config = runtime->snapshot->config;
	const struct policy *policy = runtime->snapshot->policy;
	json_t *array = json_array();
	bool has_ports = false;

	for (size_t i = 0; i < policy->list_count; i++)
		has_ports |= policy->lists[i].port_count > 0;
	for (size_t i = 0; has_ports && i < config->port_count; i++) {
		struct ipwl_decision decision;
		const struct list *list;
		int err = datapath_decide(runtime->datapath, address, config->ports[i], &decision);

		if (err) {
			json_decref(array);
			return err;
		}
		list = deciding_list(runtime, &decision);
		json_array_append_new(array,
				      json_pack("{s:i,s:s,s:o}", "port", config->ports[i],
						"verdict", verdict_names[decision.verdict], "list",
						json_text(list ? list->name : NULL)));
	}
	*ret_array = array;
	return 0;
}

/* @by_port: taken over */
static json_t *verdict_json(const struct runtime *runtime, const struct prefix *address,
			    uint16_t port, const struct ipwl_decision *decision, json_t *by_port)
{
	struct explanation explanation = {
		.view = &runtime->view,
		.deciding_rule = decision->rule,
		.entries = json_array(),
		.exclusions = json_array(),
		.overruled = json_array(),
	};
	const struct list *list = deciding_list(runtime, decision);
	char text[PREFIX_TEXT_BYTES];

	policy_covering(runtime->snapshot->policy, address, explain_entry, &explanation);
	policy_overruled(runtime->snapshot->policy, address, explain_overruled, &explanation);
	return json_pack(
	    "{s:s,s:i,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "address",
	    prefix_format_short(address, text), "port", port, "verdict",
	    verdict_names[decision->verdict], "list", json_text(list ? list->name : NULL), "mark",
	    list && list->sets_mark ? json_integer(list->mark) : json_null(), "lane",
	    lane_choice_json(runtime, list, (enum family)address->family, port), "on_block",
	    json_text(decision->verdict == IPWL_BLOCK && list ? on_block_names[list->on_block]
							      : NULL),
	    "reject",
	    decision->verdict == IPWL_BLOCK
		? reject_choice_json(runtime, list, (enum family)address->family)
		: json_null(),
	    "entries", explanation.entries, "exclusions", explanation.exclusions, "overruled",
	    explanation.overruled, "left_out", json_count(explanation.left_out), "overrides",
	    overridden_json(runtime, address, port, decision), "averted_packets",
	    averted_json(runtime, address, &explanation), "by_port", by_port, "limit",
	    decision->verdict == IPWL_UNLISTED ? limit_json(runtime, address) : json_null());
}

/* Return: 0; -EINVAL: an error was sent. */
static int read_address(struct evhttp_request *request, const json_t *value,
			struct prefix *ret_address)
{
	const char *text = json_string_value(value);
	char message[PREFIX_MESSAGE_BYTES];
	enum prefix_error error;

	if (!text) {
		http_reply_errorf(request, OUTCOME_INVALID, "each address must be a string");
		return -EINVAL;
	}
	error = prefix_parse(text, strlen(text), ret_address, NULL);
	if (error != PREFIX_OK) {
		prefix_error_message(error, text, strlen(text), message);
		http_reply_errorf(request, OUTCOME_INVALID, "%s", message);
		return -EINVAL;
	}
	if (ret_address->len != prefix_max_len(ret_address->family)) {
		http_reply_errorf(request, OUTCOME_INVALID,
				  "%s is a network: test takes single addresses", text);
		return -EINVAL;
	}
	return 0;
}

/* Return: the results, or NULL: an error was sent. */
static json_t *test_all(const struct runtime *runtime, struct evhttp_request *request,
			const json_t *addresses, uint16_t port)
{
	json_t *results = json_array(), *by_port = NULL;
	struct ipwl_decision decision;
	struct prefix address;
	json_t *value;
	size_t i;
	int err;

	datapath_settle(runtime->datapath);
	json_array_foreach(addresses, i, value)
	{
		if (read_address(request, value, &address))
			goto fail;
		err = datapath_decide(runtime->datapath, &address, port, &decision);
		if (!err)
			err = by_port_json(runtime, &address, &by_port);
		if (err) {
			http_reply_errorf(request, OUTCOME_INTERNAL,
					  "cannot read the kernel's tables: %s", strerror(-err));
			goto fail;
		}
		json_array_append_new(results,
				      verdict_json(runtime, &address, port, &decision, by_port));
	}
	return results;
fail:
	json_decref(results);
	return NULL;
}

/* The port to test, by default the first one. Return: 0: an error was sent. */
static uint16_t choose_port(const struct runtime *runtime, struct evhttp_request *request,
			    int64_t asked)
{
	const struct config *config = runtime->snapshot->config;

	if (!asked)
		return config->ports[0];
	for (size_t i = 0; i < config->port_count; i++)
		if (config->ports[i] == asked)
			return config->ports[i];
	http_reply_errorf(request, OUTCOME_INVALID, "%lld is not one of the mail ports",
			  (long long)asked);
	return 0;
}

void control_test(struct runtime *runtime, struct evhttp_request *request)
{
	json_t *addresses = NULL, *results = NULL;
	int64_t asked = 0;
	const struct argument arguments[] = {
		{ .name = "addresses", .is_needed = true, .ret_array = &addresses },
		{ .name = "port", .ret_number = &asked, .min = 1, .max = UINT16_MAX },
	};
	uint16_t port;

	if (arguments_read_body(request, arguments, 2)) {
		json_decref(addresses);
		return;
	}
	if (json_array_size(addresses) > ADDRESSES_MAX)
		http_reply_errorf(request, OUTCOME_INVALID,
				  "\"addresses\" must be an array of at most %d", ADDRESSES_MAX);
	else if ((port = choose_port(runtime, request, asked)))
		results = test_all(runtime, request, addresses, port);
	if (results)
		http_reply(request, json_pack("{s:o}", "results", results));
	json_decref(addresses);
}
