/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arguments of requests, read by their table. */
#include "api/arguments.h"

#include <errno.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/number.h"
#include "core/prefix_error.h"
#include "http/http.h"

/* ---- values --------------------------------------------------------------- */

static int argument_refuse_number(const struct argument *argument, struct refusal *refusal)
{
	return refusal_set(refusal, OUTCOME_INVALID, "%s must be a whole number from %lld to %lld",
			   argument->name, (long long)argument->min, (long long)argument->max);
}

static int argument_take_text(const struct argument *argument, const char *text,
			      struct refusal *refusal)
{
	if (argument->bytes_max && strlen(text) > argument->bytes_max)
		return refusal_set(refusal, OUTCOME_INVALID, "%s is longer than %zu bytes",
				   argument->name, argument->bytes_max);
	*argument->ret_text = strdup(text);
	return *argument->ret_text ? 0 : refusal_set_memory(refusal);
}

static int argument_take_prefix(const struct argument *argument, const char *text,
				struct refusal *refusal)
{
	char message[PREFIX_MESSAGE_BYTES];
	enum prefix_error error = prefix_parse(text, strlen(text), argument->ret_prefix, NULL);

	if (error == PREFIX_OK)
		return 0;
	prefix_error_message(error, text, strlen(text), message);
	return refusal_set(refusal, OUTCOME_INVALID, "%s", message);
}

static int argument_take_networks(const struct argument *argument, const char *text,
				  struct refusal *refusal)
{
	char message[NETWORKS_MESSAGE_BYTES];

	switch (networks_parse(text, strlen(text), argument->ret_networks, message)) {
	case 0:
		return 0;
	case -EINVAL:
		return refusal_set(refusal, OUTCOME_INVALID, "%s", message);
	default:
		return refusal_set_memory(refusal);
	}
}

static const struct argument *argument_find(const struct argument *arguments, size_t count,
					    const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(arguments[i].name, name))
			return &arguments[i];
	return NULL;
}

static void argument_note_given(const struct argument *argument)
{
	if (argument->ret_is_given)
		*argument->ret_is_given = true;
}

static int argument_refuse_missing(const struct argument *argument, struct refusal *refusal)
{
	return refusal_set(refusal, OUTCOME_INVALID, "%s is missing", argument->name);
}

/* ---- JSON ----------------------------------------------------------------- */

static const char *argument_kind_name(const struct argument *argument)
{
	return argument->ret_array ? "an array" : argument->ret_flag ? "true or false" : "a string";
}

static int argument_take_json(const struct argument *argument, json_t *value,
			      struct refusal *refusal)
{
	if (argument->ret_number) {
		*argument->ret_number = json_integer_value(value);
		if (json_is_integer(value) && *argument->ret_number >= argument->min &&
		    *argument->ret_number <= argument->max)
			return 0;
		return argument_refuse_number(argument, refusal);
	}
	if (argument->ret_flag && json_is_boolean(value)) {
		*argument->ret_flag = json_is_true(value);
		return 0;
	}
	if (argument->ret_array && json_is_array(value)) {
		*argument->ret_array = json_incref(value);
		return 0;
	}
	if (argument->ret_prefix && json_is_string(value))
		return argument_take_prefix(argument, json_string_value(value), refusal);
	if (argument->ret_networks && json_is_string(value))
		return argument_take_networks(argument, json_string_value(value), refusal);
	if (argument->ret_text && json_is_string(value))
		return argument_take_text(argument, json_string_value(value), refusal);
	return refusal_set(refusal, OUTCOME_INVALID, "%s must be %s%s", argument->name,
			   argument_kind_name(argument), argument->is_needed ? "" : ", or null");
}

int arguments_from_json(const struct argument *arguments, size_t count, json_t *body,
			struct refusal *refusal)
{
	const char *name;
	json_t *value;

	for (size_t i = 0; i < count; i++)
		if (arguments[i].is_needed && !json_object_get(body, arguments[i].name))
			return argument_refuse_missing(&arguments[i], refusal);
	json_object_foreach(body, name, value)
	{
		const struct argument *argument = argument_find(arguments, count, name);

		if (!argument)
			return refusal_set(refusal, OUTCOME_INVALID, "unknown member \"%s\"", name);
		if (json_is_null(value) && !argument->is_needed)
			continue;
		if (argument_take_json(argument, value, refusal))
			return -ECANCELED;
		argument_note_given(argument);
	}
	return 0;
}

/* ---- queries -------------------------------------------------------------- */

static int argument_take_parameter(const struct argument *argument, const char *text,
				   struct refusal *refusal)
{
	if (argument->ret_number)
		return number_parse(text, argument->min, argument->max, argument->ret_number)
			   ? 0
			   : argument_refuse_number(argument, refusal);
	if (argument->ret_prefix)
		return argument_take_prefix(argument, text, refusal);
	if (argument->ret_networks)
		return argument_take_networks(argument, text, refusal);
	if (argument->ret_text)
		return argument_take_text(argument, text, refusal);
	*argument->ret_flag = !strcmp(text, "true");
	if (*argument->ret_flag || !strcmp(text, "false"))
		return 0;
	return refusal_set(refusal, OUTCOME_INVALID, "%s must be true or false", argument->name);
}

/* Whether an earlier parameter has the name of this one. */
static bool parameter_is_repeated(struct evkeyvalq *parameters, const struct evkeyval *parameter)
{
	const struct evkeyval *earlier;

	TAILQ_FOREACH(earlier, parameters, next)
	{
		if (earlier == parameter)
			return false;
		if (!strcmp(earlier->key, parameter->key))
			return true;
	}
	return false;
}

static int arguments_take_parameters(const struct argument *arguments, size_t count,
				     struct evkeyvalq *parameters, struct refusal *refusal)
{
	const struct evkeyval *parameter;

	TAILQ_FOREACH(parameter, parameters, next)
	{
		const struct argument *argument = argument_find(arguments, count, parameter->key);

		if (!argument || parameter_is_repeated(parameters, parameter))
			return refusal_set(refusal, OUTCOME_INVALID, "%s parameter \"%s\"",
					   argument ? "repeated" : "unknown", parameter->key);
		if (argument_take_parameter(argument, parameter->value, refusal))
			return -ECANCELED;
		argument_note_given(argument);
	}
	for (size_t i = 0; i < count; i++)
		if (arguments[i].is_needed && !evhttp_find_header(parameters, arguments[i].name))
			return argument_refuse_missing(&arguments[i], refusal);
	return 0;
}

int arguments_from_query(const struct argument *arguments, size_t count, const char *query,
			 struct refusal *refusal)
{
	struct evkeyvalq parameters;
	int err;

	TAILQ_INIT(&parameters);
	if (query && *query && evhttp_parse_query_str(query, &parameters))
		return refusal_set(refusal, OUTCOME_INVALID, "the query cannot be parsed");
	err = arguments_take_parameters(arguments, count, &parameters, refusal);
	evhttp_clear_headers(&parameters);
	return err;
}

/* ---- requests ------------------------------------------------------------- */

static int arguments_send_refusal(struct evhttp_request *request, int err, struct refusal *refusal)
{
	if (err)
		http_reply_error(request, refusal->outcome, refusal->message, NULL);
	refusal_done(refusal);
	return err ? -EINVAL : 0;
}

int arguments_read_body(struct evhttp_request *request, const struct argument *arguments,
			size_t count)
{
	json_t *body = http_read_body(request);
	struct refusal refusal = { 0 };
	int err;

	if (!body)
		return -EINVAL;
	err = arguments_from_json(arguments, count, body, &refusal);
	json_decref(body);
	return arguments_send_refusal(request, err, &refusal);
}

int arguments_read_query(struct evhttp_request *request, const struct argument *arguments,
			 size_t count)
{
	const char *query = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(request));
	struct refusal refusal = { 0 };
	int err = arguments_from_query(arguments, count, query, &refusal);

	return arguments_send_refusal(request, err, &refusal);
}
