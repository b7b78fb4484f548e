/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the hosts of the fleet know the same, and since when not. */
#include "web/fleet_metrics.h"

#include <inttypes.h>

#include "runtime/fleet.h"
#include "runtime/runtime.h"
#include "web/exposition.h"

static void write_records(const struct fleet_sync_state *sync, const struct exposition *to)
{
	static const struct metric metric = {
		"ipwl_fleet_records_total", "counter",
		"Records sent to the server, received from it, refused because their signature or "
		"form is wrong, and passed over because a newer version wrote them (unknown)."
	};

	exposition_head(to, &metric);
	exposition_add(to, "%s{result=\"sent\"} %zu\n", metric.name, sync->sent_count);
	exposition_add(to, "%s{result=\"received\"} %zu\n", metric.name, sync->received_count);
	exposition_add(to, "%s{result=\"refused\"} %zu\n", metric.name, sync->refused_count);
	exposition_add(to, "%s{result=\"unknown\"} %zu\n", metric.name, sync->unknown_count);
}

static void write_lag(const struct fleet_sync_state *sync, const struct exposition *to)
{
	static const struct metric metric = {
		"ipwl_fleet_lag_seconds", "gauge",
		"From a change on this host until it came back by the server, the last time."
	};

	if (!sync->lag_count)
		return;
	exposition_head(to, &metric);
	exposition_add(to, "%s %.3f\n", metric.name, (double)sync->lag_ms / 1000);
}

static void write_feeds(const struct fleet_share_state *feeds, const struct exposition *to)
{
	static const struct metric metric = {
		"ipwl_fleet_feed_copies_total", "counter",
		"Copies of feeds given to other hosts, taken from them, refused because they were "
		"forged, damaged or of no use here, and too large to be given (large)."
	};

	exposition_head(to, &metric);
	exposition_add(to, "%s{result=\"given\"} %zu\n", metric.name, feeds->given_count);
	exposition_add(to, "%s{result=\"taken\"} %zu\n", metric.name, feeds->taken_count);
	exposition_add(to, "%s{result=\"refused\"} %zu\n", metric.name, feeds->refused_count);
	exposition_add(to, "%s{result=\"large\"} %zu\n", metric.name, feeds->large_count);
}

void fleet_metrics_write(const struct runtime *runtime, const struct exposition *to)
{
	static const struct metric connected = {
		"ipwl_fleet_connected", "gauge", "Whether the server of the fleet can be used (1)."
	};
	static const struct metric contact = {
		"ipwl_fleet_last_contact_timestamp_seconds", "gauge",
		"When the server of the fleet last answered; 0: not since the start."
	};
	static const struct metric hosts = { "ipwl_fleet_hosts", "gauge",
					     "Hosts of the fleet that are known, with this one." };
	static const struct metric different = {
		"ipwl_fleet_different_hosts", "gauge",
		"Hosts of the fleet whose records are not the same here as they say."
	};
	static const struct metric refused = {
		"ipwl_fleet_refused_hosts", "gauge",
		"Hosts at the server whose signature is wrong: they have another key."
	};
	static const struct metric held = {
		"ipwl_fleet_held_records", "gauge",
		"Removals by other hosts that are held because there are many."
	};
	struct fleet_link_status status;

	fleet_link_get_status(runtime->fleet, &status);
	if (!status.name)
		return;
	exposition_single(to, &connected, status.sync.is_connected);
	exposition_single(to, &contact, (uint64_t)(status.sync.contact_ms / 1000));
	exposition_single(to, &hosts, status.sync.host_count);
	exposition_single(to, &different, status.sync.other_count);
	exposition_single(to, &refused, status.sync.refused_host_count);
	exposition_single(to, &held, status.sync.held_count);
	write_records(&status.sync, to);
	write_lag(&status.sync, to);
	if (status.shares_feeds)
		write_feeds(&status.feeds, to);
}
