/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: permissions, limits, and the routes. */
#include "api/control.h"

#include <errno.h>
#include <event2/http.h>
#include <grp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/import.h"
#include "api/request.h"
#include "api/routes.h"
#include "base/log.h"
#include "http/http.h"
#include "http/listener.h"
#include "runtime/runtime.h"

/* A query may name a thousand prefixes (formats/network_text.h). */
#define HEADER_BYTES_MAX (96 * 1024)
#define TIMEOUT_SEC 10
/* Of a connection that waits for an answer: to attach to many interfaces can take the main loop
 * longer, which must not look like a silent client. */
#define ANSWER_TIMEOUT_SEC 300
#define BACKLOG 1024

struct control {
	struct runtime *runtime;
	struct evhttp *http;
	struct listener listener;
	char *path;
};

static const struct route {
	const char *path;
	enum evhttp_cmd_type method;
	const char *method_name;
	/* Exactly one of these two is set. */
	const struct api_command *command;
	void (*serve)(struct runtime *runtime, struct evhttp_request *request);
} routes[] = {
	{ "/v1/status", EVHTTP_REQ_GET, "GET", .serve = control_status },
	{ "/v1/progress", EVHTTP_REQ_GET, "GET", .serve = control_progress },
	{ "/v1/test", EVHTTP_REQ_POST, "POST", .serve = control_test },
	{ "/v1/entries", EVHTTP_REQ_GET, "GET", .serve = control_list_entries },
	{ "/v1/entries/hit", EVHTTP_REQ_GET, "GET", .command = &hit_entries_command },
	{ "/v1/entries", EVHTTP_REQ_POST, "POST", .command = &add_command },
	{ "/v1/entries", EVHTTP_REQ_DELETE, "DELETE", .command = &delete_command },
	{ "/v1/import", EVHTTP_REQ_POST, "POST", .command = &import_command },
	{ "/v1/reload", EVHTTP_REQ_POST, "POST", .command = &reload_command },
	{ "/v1/feeds", EVHTTP_REQ_GET, "GET", .serve = control_feeds },
	{ "/v1/feeds/refresh", EVHTTP_REQ_POST, "POST", .serve = control_refresh_feeds },
	{ "/v1/feeds/accept", EVHTTP_REQ_POST, "POST", .command = &accept_copy_command },
	{ "/v1/feeds/diff", EVHTTP_REQ_GET, "GET", .command = &diff_copy_command },
	{ "/v1/domains", EVHTTP_REQ_GET, "GET", .serve = control_domains },
	{ "/v1/domains/refresh", EVHTTP_REQ_POST, "POST", .serve = control_refresh_domains },
	{ "/v1/domains/accept", EVHTTP_REQ_POST, "POST", .command = &accept_domain_command },
	{ "/v1/domains/diff", EVHTTP_REQ_GET, "GET", .command = &diff_domain_command },
	{ "/v1/monitor", EVHTTP_REQ_GET, "GET", .serve = control_monitor },
	{ "/v1/samples", EVHTTP_REQ_GET, "GET", .serve = control_samples },
	{ "/v1/lint", EVHTTP_REQ_GET, "GET", .command = &lint_command },
	{ "/v1/diff", EVHTTP_REQ_POST, "POST", .command = &diff_command },
	{ "/v1/history", EVHTTP_REQ_GET, "GET", .command = &history_command },
	{ "/v1/undo", EVHTTP_REQ_POST, "POST", .command = &undo_command },
	{ "/v1/protections", EVHTTP_REQ_POST, "POST", .command = &protect_command },
	{ "/v1/protections", EVHTTP_REQ_DELETE, "DELETE", .command = &unprotect_command },
	{ "/v1/impact", EVHTTP_REQ_GET, "GET", .command = &impact_command },
	{ "/v1/backup", EVHTTP_REQ_GET, "GET", .command = &backup_command },
	{ "/v1/export", EVHTTP_REQ_GET, "GET", .serve = control_export },
	{ "/v1/learn", EVHTTP_REQ_GET, "GET", .command = &learned_command },
	{ "/v1/learn/partners", EVHTTP_REQ_GET, "GET", .command = &partners_command },
	{ "/v1/learn/accept", EVHTTP_REQ_POST, "POST", .command = &learn_accept_command },
	{ "/v1/learn/reject", EVHTTP_REQ_POST, "POST", .command = &learn_reject_command },
	{ "/v1/learn/forget", EVHTTP_REQ_POST, "POST", .command = &learn_forget_command },
	{ "/v1/learn/simulate", EVHTTP_REQ_GET, "GET", .command = &learn_simulate_command },
	{ "/v1/learn/evidence", EVHTTP_REQ_POST, "POST", .command = &evidence_command },
	{ "/v1/fleet", EVHTTP_REQ_GET, "GET", .command = &fleet_command },
	{ "/v1/fleet/accept", EVHTTP_REQ_POST, "POST", .command = &fleet_accept_command },
	{ "/v1/fleet/forget", EVHTTP_REQ_POST, "POST", .command = &fleet_forget_command },
	{ "/v1/fleet/delete", EVHTTP_REQ_POST, "POST", .command = &fleet_delete_command },
	{ "/v1/report", EVHTTP_REQ_POST, "POST", .command = &report_command },
	{ "/v1/explain", EVHTTP_REQ_GET, "GET", .command = &explain_command },
	{ "/v1/seen", EVHTTP_REQ_GET, "GET", .command = &seen_command },
	{ "/v1/seen/forget", EVHTTP_REQ_POST, "POST", .command = &forget_seen_command },
	{ "/v1/seen/totals", EVHTTP_REQ_GET, "GET", .command = &seen_totals_command },
	{ "/v1/blocked", EVHTTP_REQ_GET, "GET", .command = &blocked_command },
	{ "/v1/limits", EVHTTP_REQ_GET, "GET", .command = &limited_command },
	{ "/v1/detach", EVHTTP_REQ_POST, "POST", .command = &detach_command },
};
#define ROUTE_COUNT (sizeof(routes) / sizeof(*routes))

/* ---- requests ----------------------------------------------------------- */

static void refuse_path(struct evhttp_request *request, const char *path)
{
	char methods[64] = "";
	size_t i, bytes = 0;

	for (i = 0; i < ROUTE_COUNT && bytes < sizeof(methods); i++)
		if (!strcmp(routes[i].path, path))
			bytes += (size_t)snprintf(methods + bytes, sizeof(methods) - bytes, "%s%s",
						  bytes ? ", " : "", routes[i].method_name);
	if (!bytes) {
		http_reply_errorf(request, OUTCOME_NOT_FOUND, "unknown path %s", path);
		return;
	}
	evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", methods);
	http_reply_errorf(request, OUTCOME_METHOD_NOT_ALLOWED, "%s accepts only %s", path, methods);
}

static void control_on_answered(struct evhttp_request *request, void *context)
{
	(void)context;
	evhttp_connection_set_timeout(evhttp_request_get_connection(request), TIMEOUT_SEC);
}

static void control_on_request(struct evhttp_request *request, void *context)
{
	struct control *control = context;
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;
	size_t i;

	evhttp_connection_set_timeout(evhttp_request_get_connection(request), ANSWER_TIMEOUT_SEC);
	evhttp_request_set_on_complete_cb(request, control_on_answered, NULL);
	if (!path) {
		http_reply_errorf(request, OUTCOME_INVALID, "the request cannot be parsed");
		return;
	}
	for (i = 0; i < ROUTE_COUNT; i++) {
		if (strcmp(routes[i].path, path) ||
		    routes[i].method != evhttp_request_get_command(request))
			continue;
		if (routes[i].command)
			api_serve(routes[i].command, control->runtime, request);
		else
			routes[i].serve(control->runtime, request);
		return;
	}
	refuse_path(request, path);
}

/* ---- open --------------------------------------------------------------- */

/* Listen on a socket that only root can use at first. Return: a descriptor or -errno. */
static int control_listen(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, err = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	/* The directory is claimed by us, so the owner of an old socket is gone. */
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mask = umask(0177);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, BACKLOG))
		err = -errno;
	umask(mask);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static void control_open_to_group(const char *path)
{
	const struct group *group = getgrnam(CONTROL_GROUP);

	if (!group)
		log_info("control", "group " CONTROL_GROUP ": %s is for root alone", path);
	else if ((getegid() != group->gr_gid && chown(path, (uid_t)-1, group->gr_gid)) ||
		 chmod(path, 0660))
		log_warning("control", "%s: %s: it is for root alone", path, strerror(errno));
}

static int control_set_up_http(struct control *control, int fd)
{
	struct evhttp_bound_socket *bound;

	control->http = evhttp_new(control->runtime->base);
	if (!control->http ||
	    listener_open(&control->listener, control->runtime->base, control->http, "control"))
		return -ENOMEM;
	evhttp_set_max_headers_size(control->http, HEADER_BYTES_MAX);
	/* A body that is a little too large gets our own answer. A larger one gets evhttp's
	 * answer in HTML, after all of it was read and dropped. */
	evhttp_set_max_body_size(control->http, IMPORT_BYTES_MAX + HTTP_BODY_BYTES_MAX);
	evhttp_set_flags(control->http, EVHTTP_SERVER_LINGERING_CLOSE);
	evhttp_set_timeout(control->http, TIMEOUT_SEC);
	evhttp_set_allowed_methods(control->http, HTTP_METHODS);
	evhttp_set_gencb(control->http, control_on_request, control);
	bound = evhttp_accept_socket_with_handle(control->http, fd);
	if (!bound)
		return -ENOMEM;
	listener_watch(&control->listener, bound);
	return 0;
}

static int control_open_socket(struct control *control)
{
	int fd = control_listen(control->path);
	int err;

	if (fd < 0)
		return fd;
	err = control_set_up_http(control, fd);
	if (err) {
		close(fd);
		return err;
	}
	control_open_to_group(control->path);
	return 0;
}

int control_open(struct runtime *runtime, const char *runtime_dir, struct control **ret_control)
{
	struct control *control = calloc(1, sizeof(*control));
	int err;

	if (!control)
		return -ENOMEM;
	control->runtime = runtime;
	if (asprintf(&control->path, "%s/control.sock", runtime_dir) < 0) {
		free(control);
		return -ENOMEM;
	}
	err = control_open_socket(control);
	if (err) {
		log_error("control", "%s: %s", control->path, strerror(-err));
		listener_close(&control->listener);
		if (control->http)
			evhttp_free(control->http);
		free(control->path);
		free(control);
		return err;
	}
	*ret_control = control;
	return 0;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	listener_close(&control->listener);
	evhttp_free(control->http);
	unlink(control->path);
	free(control->path);
	free(control);
}
