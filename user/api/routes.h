/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control socket serves: commands that the worker runs, and functions that answer at
 * once or when something else is finished. control.c maps paths to them. */
#ifndef API_ROUTES_H
#define API_ROUTES_H

#include <event2/http.h>

struct api_command;
struct runtime;

extern const struct api_command add_command;
extern const struct api_command delete_command;
extern const struct api_command impact_command;
extern const struct api_command protect_command;
extern const struct api_command unprotect_command;
extern const struct api_command import_command;
extern const struct api_command backup_command;
extern const struct api_command reload_command;
extern const struct api_command detach_command;
extern const struct api_command accept_copy_command;
extern const struct api_command diff_copy_command;
extern const struct api_command accept_domain_command;
extern const struct api_command diff_domain_command;
extern const struct api_command lint_command;
extern const struct api_command diff_command;
extern const struct api_command hit_entries_command;
extern const struct api_command seen_command;
extern const struct api_command blocked_command;
extern const struct api_command limited_command;
extern const struct api_command forget_seen_command;
extern const struct api_command seen_totals_command;
extern const struct api_command history_command;
extern const struct api_command undo_command;
extern const struct api_command learned_command;
extern const struct api_command partners_command;
extern const struct api_command learn_accept_command;
extern const struct api_command learn_reject_command;
extern const struct api_command learn_forget_command;
extern const struct api_command learn_simulate_command;
extern const struct api_command evidence_command;
extern const struct api_command fleet_command;
extern const struct api_command fleet_accept_command;
extern const struct api_command fleet_forget_command;
extern const struct api_command fleet_delete_command;
extern const struct api_command report_command;
extern const struct api_command explain_command;

void control_status(struct runtime *runtime, struct evhttp_request *request);
void control_progress(struct runtime *runtime, struct evhttp_request *request);
void control_test(struct runtime *runtime, struct evhttp_request *request);
void control_list_entries(struct runtime *runtime, struct evhttp_request *request);
void control_feeds(struct runtime *runtime, struct evhttp_request *request);
void control_refresh_feeds(struct runtime *runtime, struct evhttp_request *request);
void control_domains(struct runtime *runtime, struct evhttp_request *request);
void control_refresh_domains(struct runtime *runtime, struct evhttp_request *request);
void control_monitor(struct runtime *runtime, struct evhttp_request *request);
void control_samples(struct runtime *runtime, struct evhttp_request *request);
void control_export(struct runtime *runtime, struct evhttp_request *request);

#endif
