/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request, one answer, one output. */
#include "ctl/exchange.h"

enum ctl_exit exchange(const struct arguments *arguments, const struct request *request,
		       const char *required,
		       void (*write)(struct writer *writer, const json_t *answer))
{
	struct client *client = client_new(arguments);
	json_t *answer = NULL;
	enum ctl_exit code = client_request(client, request, &answer);

	if (!code)
		code = client_require(client, answer, required);
	if (!code) {
		struct writer writer;

		writer_begin(&writer, stdout, arguments->global[GLOBAL_JSON]);
		write(&writer, answer);
		writer_end(&writer);
	}
	json_decref(answer);
	client_free(client);
	return code;
}

void exchange_print_warnings(const json_t *answer)
{
	const json_t *warning;
	size_t i;

	json_array_foreach(json_object_get(answer, "warnings"), i,
			   warning) if (json_is_string(warning))
	    ctl_error("warning: %s", json_string_value(warning));
}
