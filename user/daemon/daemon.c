/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's life: start in the order that keeps mail safe, serve, stop. */
#include "daemon/daemon.h"

#include <errno.h>
#include <event2/thread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/control.h"
#include "base/log.h"
#include "base/plural.h"
#include "daemon/background.h"
#include "daemon/loop.h"
#include "daemon/privileges.h"
#include "daemon/starting.h"
#include "engine/sample.h"
#include "engine/source.h"
#include "exports/schedule.h"
#include "feeds/resolver.h"
#include "feeds/schedule.h"
#include "feeds/transfer.h"
#include "intake/intake.h"
#include "runtime/alarm.h"
#include "runtime/attempts.h"
#include "runtime/copies.h"
#include "runtime/expiry.h"
#include "runtime/fleet.h"
#include "runtime/flood.h"
#include "runtime/lanes.h"
#include "runtime/learner.h"
#include "runtime/maillog.h"
#include "runtime/notify.h"
#include "runtime/rescue.h"
#include "runtime/sampler.h"
#include "runtime/sessions.h"
#include "runtime/trend.h"
#include "store/state.h"
#include "web/page.h"
#include "web/web.h"

#define DESCRIPTORS_WANTED 65536

static enum exit_status daemon_status_of(int err)
{
	if (!err)
		return STATUS_OK;
	return err == -EPERM || err == -EACCES ? STATUS_PERMISSION : STATUS_FAILED;
}

static enum exit_status daemon_give_up(const char *subsystem, int err, const char *message)
{
	log_error(subsystem, "%s%s", message,
		  daemon_status_of(err) == STATUS_PERMISSION && geteuid()
		      ? " (ipwld needs root, or CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON)"
		      : "");
	return daemon_status_of(err);
}

/* ---- start -------------------------------------------------------------- */

/* Each chunk of rules and each client needs a descriptor. */
static void daemon_raise_limits(void)
{
	struct rlimit limit;

	/* Kernels before 5.11 count maps as locked memory. */
	setrlimit(RLIMIT_MEMLOCK, &(struct rlimit) { RLIM_INFINITY, RLIM_INFINITY });
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= DESCRIPTORS_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void daemon_report_config(const struct diagnostics *diagnostics)
{
	struct lines errors = { 0 }, warnings = { 0 };

	if (!log_is_journal()) {
		diagnostics_print(diagnostics, DIAGNOSTICS_SHOWN, stderr);
		return;
	}
	diagnostics_lines(diagnostics, SIZE_MAX, &errors, &warnings);
	for (size_t i = 0; i < errors.count && i < DIAGNOSTICS_SHOWN; i++)
		log_error("config", "%s", errors.items[i]);
	if (diagnostics->error_count > DIAGNOSTICS_SHOWN)
		log_error("config", "and %zu more %s", diagnostics->error_count - DIAGNOSTICS_SHOWN,
			  plural(diagnostics->error_count - DIAGNOSTICS_SHOWN, "error", "errors"));
	lines_done(&errors);
	lines_done(&warnings);
}

static enum exit_status daemon_load_config(struct runtime *runtime, struct snapshot **ret_first)
{
	struct lines no_errors = { 0 };
	struct diagnostics diagnostics;
	struct config *config = NULL;
	int err;

	diagnostics_init(&diagnostics);
	err = config_load(runtime->config_path, NULL, &diagnostics, &config);
	if (err) {
		daemon_report_config(&diagnostics);
		diagnostics_done(&diagnostics);
		return err == -EINVAL ? STATUS_CONFIGURATION : STATUS_FAILED;
	}
	diagnostics_lines(&diagnostics, SIZE_MAX, &no_errors, &runtime->reload.warnings);
	diagnostics_done(&diagnostics);
	*ret_first = snapshot_new(config);
	if (!*ret_first) {
		config_free(config);
		return daemon_give_up("daemon", -ENOMEM, strerror(ENOMEM));
	}
	return STATUS_OK;
}

static enum exit_status daemon_claim(struct daemon *daemon, const struct config *config)
{
	char error[CLAIMS_ERROR_BYTES];
	int err = claims_take(config, daemon->runtime.config_path, &daemon->claims, error);

	return err ? daemon_give_up("daemon", err, error) : STATUS_OK;
}

static enum exit_status daemon_start_engine(struct daemon *daemon, struct snapshot *first)
{
	struct runtime *runtime = &daemon->runtime;
	char error[DATAPATH_ERROR_BYTES];
	const struct state *state;
	int err = engine_start(runtime->config_path, first, &runtime->reload.warnings,
			       &runtime->engine, error);

	if (err)
		return daemon_give_up("engine", err, error);
	state = engine_state(runtime->engine);
	runtime->datapath = engine_datapath(runtime->engine);
	runtime->view = engine_view(runtime->engine);
	runtime->snapshot = snapshot_ref(engine_snapshot(runtime->engine));
	runtime->state_path = text_copy(state_path(state));
	runtime->state_error = text_copy(state_error(state));
	return STATUS_OK;
}

static void daemon_follow_config(void *context, const struct config *config, struct lines *warnings)
{
	struct daemon *daemon = context;
	char error[METRICS_ERROR_BYTES], intake_error[INTAKE_ERROR_BYTES];
	char page_error[PAGE_ERROR_BYTES];

	if (metrics_listen(daemon->metrics, config->metrics_host, config->metrics_port, error))
		lines_add(warnings, "%s", error);
	if (intake_configure(daemon->intake, &config->learn, intake_error))
		lines_add(warnings, "%s", intake_error);
	if (page_configure(daemon->page, &config->web, page_error))
		lines_add(warnings, "%s", page_error);
}

static int daemon_open_feeds(struct runtime *runtime)
{
	static const struct feed_fetcher *const fetchers[FEED_KIND_COUNT] = {
		[FEED_OF_URL] = &transfer_fetcher,
		[FEED_OF_DOMAIN] = &resolver_fetcher,
	};
	const struct feed_judge judge = { .take = copies_take, .context = runtime };
	struct source_reports reports = { 0 };
	int err = sources_report(runtime->engine, &reports);

	for (int kind = 0; kind < FEED_KIND_COUNT && !err; kind++)
		err = feeds_open((enum feed_kind)kind, fetchers[kind], runtime->base, &judge,
				 runtime->snapshot, &reports.feeds[kind], &runtime->feeds[kind]);
	source_reports_done(&reports);
	return err;
}

/* A socket from the service manager replaces `listen`. The unit then needs no permission to
 * open one. */
static int daemon_adopt_socket(struct metrics *metrics, struct lines *warnings)
{
	int fd = notify_take_socket();
	int err;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		lines_add(warnings, "metrics: the service manager passed several sockets, or an "
				    "unusable one: serving at `listen' instead");
		return 0;
	}
	err = evutil_make_socket_nonblocking(fd) ? -errno : metrics_adopt(metrics, fd);
	if (err)
		close(fd);
	return err;
}

static int daemon_open_intake(struct daemon *daemon, const struct config *config)
{
	struct runtime *runtime = &daemon->runtime;
	char error[INTAKE_ERROR_BYTES];
	int err = intake_open(runtime, &daemon->intake);

	if (err)
		return err;
	if (intake_configure(daemon->intake, &config->learn, error)) {
		log_error("learn", "%s", error);
		lines_add(&runtime->reload.warnings, "%s", error);
	}
	return 0;
}

static int daemon_open_page(struct daemon *daemon, const struct config *config)
{
	struct runtime *runtime = &daemon->runtime;
	char error[PAGE_ERROR_BYTES];
	int err = page_open(runtime, &daemon->page);

	if (err)
		return err;
	if (page_configure(daemon->page, &config->web, error)) {
		log_error("web", "%s", error);
		lines_add(&runtime->reload.warnings, "%s", error);
	}
	return 0;
}

static int daemon_open_sockets(struct daemon *daemon, const struct config *config)
{
	struct runtime *runtime = &daemon->runtime;
	char error[METRICS_ERROR_BYTES];
	int err = control_open(runtime, config->runtime_dir, &daemon->control);

	if (err)
		return err;
	err = metrics_open(runtime, &daemon->metrics);
	if (err)
		return err;
	err = daemon_adopt_socket(daemon->metrics, &runtime->reload.warnings);
	if (err)
		return err;
	if (metrics_listen(daemon->metrics, config->metrics_host, config->metrics_port, error)) {
		log_error("metrics", "%s", error);
		lines_add(&runtime->reload.warnings, "%s", error);
	}
	err = daemon_open_intake(daemon, config);
	return err ? err : daemon_open_page(daemon, config);
}

/* The tables must be in force before this attaches programs. */
static int daemon_serve(struct daemon *daemon)
{
	struct runtime *runtime = &daemon->runtime;
	const struct config *config = runtime->snapshot->config;
	int err = daemon_open_sockets(daemon, config);

	if (err)
		return err;
	interfaces_init(&runtime->interfaces, runtime->datapath);
	err = interfaces_configure(&runtime->interfaces, config);
	if (err)
		return err;
	/* This must come before the worker starts, because it uses the worker's engine. */
	err = daemon_open_feeds(runtime);
	if (err)
		return err;
	/* So must this. */
	err = trend_open(runtime, &runtime->trend);
	if (err)
		return err;
	datapath_forget_old_layouts(runtime->datapath);
	err = worker_start(runtime->engine, &runtime->worker);
	if (err)
		return err;
	err = sampler_open(runtime, &runtime->sampler);
	if (err)
		return err;
	err = lanes_open(runtime, &runtime->lanes);
	if (err)
		return err;
	err = flood_watch_open(runtime, &runtime->flood);
	if (err)
		return err;
	err = learner_open(runtime, &runtime->learner);
	if (err)
		return err;
	/* This must come before attempts are read. */
	err = rescue_open(runtime, &runtime->rescue);
	if (err)
		return err;
	err = attempt_reader_open(runtime, &runtime->attempts);
	if (err)
		return err;
	err = maillog_open(runtime, &runtime->maillog);
	if (err)
		return err;
	err = fleet_link_open(runtime, &runtime->fleet);
	if (err)
		return err;
	err = session_watch_open(runtime, &runtime->sessions);
	if (err)
		return err;
	err = expiry_open(runtime);
	if (err)
		return err;
	err = exports_open(runtime->base, &runtime->exports);
	if (err)
		return err;
	exports_update(runtime->exports, runtime->snapshot);
	return loop_open(daemon);
}

static enum exit_status daemon_start(struct daemon *daemon)
{
	struct runtime *runtime = &daemon->runtime;
	struct snapshot *first = NULL;
	enum exit_status status;
	int err;

	daemon_raise_limits();
	/* Drop privileges before any file is read, so that a reload can read whatever the start
	 * could. */
	privileges_reduce();
	starting_begin(&daemon->starting, runtime->config_path);
	status = daemon_load_config(runtime, &first);
	if (status)
		return status;
	notify_progress();
	evthread_use_pthreads();
	runtime->base = event_base_new();
	err = runtime->base ? loop_open_signals(daemon) : -ENOMEM;
	status = err ? daemon_give_up("daemon", err, strerror(-err))
		     : daemon_claim(daemon, first->config);
	if (!status)
		status = daemon_start_engine(daemon, first);
	snapshot_unref(first);
	if (status)
		return status;
	notify_progress();
	starting_attach(&daemon->starting);
	err = daemon_serve(daemon);
	return err ? daemon_give_up("daemon", err, strerror(-err)) : STATUS_OK;
}

static void daemon_be_ready(struct daemon *daemon, int *ready_fd)
{
	struct runtime *runtime = &daemon->runtime;
	struct lines *warnings = &runtime->reload.warnings;
	struct lines kept = { 0 };
	size_t i;

	runtime->started_at_sec = time_now_sec();
	runtime->started_monotonic_sec = time_monotonic_sec();
	runtime->reload.at_sec = runtime->started_at_sec;
	runtime->reload.successful = true;
	runtime->reload.succeeded_at_sec = runtime->started_at_sec;
	lines_copy(&kept, warnings, RELOAD_LINES_MAX);
	lines_done(warnings);
	*warnings = kept;
	for (i = 0; i < warnings->count; i++)
		log_warning("config", "%s", warnings->items[i]);
	starting_end(&daemon->starting);
	log_info("daemon", "ipwld " IPWL_VERSION " is ready");
	runtime_notify_ready(runtime);
	background_report(ready_fd, STATUS_OK);
}

/* ---- stop --------------------------------------------------------------- */

static void daemon_stop(struct daemon *daemon)
{
	struct runtime *runtime = &daemon->runtime;

	/* Jobs of the exchange that are with the worker are freed with it. */
	fleet_link_close(runtime->fleet);
	runtime->fleet = NULL;
	/* Stop the worker first, because it uses everything below. */
	worker_stop(runtime->worker);
	attempt_reader_close(runtime->attempts);
	if (runtime->sampler)
		engine_sample_all(runtime->engine);
	sampler_close(runtime->sampler);
	lanes_close(runtime->lanes);
	flood_watch_close(runtime->flood);
	trend_close(runtime->trend);
	maillog_close(runtime->maillog);
	session_watch_close(runtime->sessions);
	rescue_close(runtime->rescue);
	learner_close(runtime->learner);
	alarm_close(runtime->expiry);
	exports_close(runtime->exports);
	control_close(daemon->control);
	metrics_close(daemon->metrics);
	intake_close(daemon->intake);
	page_close(daemon->page);
	for (int kind = 0; kind < FEED_KIND_COUNT; kind++)
		feeds_close(runtime->feeds[kind]);
	loop_close(daemon);
	interfaces_done(&runtime->interfaces);
	runtime_done(runtime);
	engine_stop(runtime->engine);
	if (runtime->base)
		event_base_free(runtime->base);
	libevent_global_shutdown();
	claims_give(&daemon->claims);
}

enum exit_status daemon_run(const char *config_path, int *ready_fd)
{
	struct daemon daemon = { .claims = { .runtime = -1, .state = -1 },
				 .starting = NOTICE_NONE };
	enum exit_status status;

	daemon.runtime.config_path = config_path;
	daemon.runtime.follow = daemon_follow_config;
	daemon.runtime.follow_context = &daemon;
	status = daemon_start(&daemon);
	if (!status) {
		daemon_be_ready(&daemon, ready_fd);
		loop_run(&daemon);
	}
	daemon_stop(&daemon);
	starting_end(&daemon.starting);
	background_report(ready_fd, (int)status);
	return status;
}
