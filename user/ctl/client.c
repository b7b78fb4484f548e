/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP over the control socket by libcurl; turns whatever can go wrong there into
 * a message and an exit code. */
#include "ctl/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/notice.h"
#include "base/progress.h"
#include "base/text.h"
#include "ctl/memory.h"
#include "ctl/writer.h"

#define CONNECT_TIMEOUT_SEC 5L
/* A page of 1 000 entries with the longest reasons is about a tenth of it. */
#define ANSWER_BYTES_MAX (64U << 20)
#define ANSWER_BYTES_START (1U << 16)
#define PROGRESS_AFTER_US 1000000
/* Columns of the line of progress that a step may take. */
#define PROGRESS_STEP_COLUMNS 55
#define HTTP_OK 200
/* Lines of an error. */
#define DETAILS_SHOWN 20
/* Of a message that is kept. */
#define MESSAGE_BYTES 2048

struct client {
	CURL *curl;
	const char *socket_path;
	bool prints_json;
	bool shows_progress;
	bool has_progress_line;
	char *answer;
	size_t answer_bytes;
	size_t answer_capacity;
	char *message;	/* of the last failure, kept instead of printed; NULL: they are printed */
	FILE *download; /* takes the body of a good answer, or NULL */
	struct client *observer; /* asks what ipwld does meanwhile, or NULL */
};

static struct client *client_open(const char *socket_path)
{
	struct client *client = ctl_allocated(calloc(1, sizeof(*client)));

	client->socket_path = socket_path;
	curl_global_init(CURL_GLOBAL_NOTHING);
	client->curl = ctl_allocated(curl_easy_init());
	return client;
}

/* Whether what comes is what was asked for, not an error. */
static bool client_is_good(const struct client *client)
{
	long status = 0;

	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	return status == HTTP_OK;
}

static size_t receive_body(char *data, size_t size, size_t count, void *context)
{
	struct client *client = context;
	size_t bytes = size * count;

	if (client->download && client_is_good(client))
		return fwrite(data, 1, bytes, client->download);

	if (bytes > ANSWER_BYTES_MAX - client->answer_bytes)
		return 0;
	while (client->answer_capacity - client->answer_bytes < bytes) {
		client->answer_capacity =
		    client->answer_capacity ? client->answer_capacity * 2 : ANSWER_BYTES_START;
		client->answer = ctl_allocated(realloc(client->answer, client->answer_capacity));
	}
	memcpy(client->answer + client->answer_bytes, data, bytes);
	client->answer_bytes += bytes;
	return bytes;
}

/* What ipwld is loading: ": reading …", or "". To be freed. */
static char *client_ask_progress(struct client *client)
{
	static const struct request request = { .method = "GET",
						.path = "/v1/progress",
						.timeout_sec = 1 };
	json_t *answer = NULL;
	const char *text;
	char *plain, *cut, *step = NULL;

	if (!client->observer) {
		client->observer = client_open(client->socket_path);
		client_keep_messages(client->observer);
	}
	if (client_request(client->observer, &request, &answer))
		return ctl_allocated(strdup(""));
	text = json_string_value(json_object_get(json_object_get(answer, "loading"), "text"));
	plain = ctl_allocated(text_escape(text ? text : ""));
	cut = ctl_allocated(text_cut(plain, PROGRESS_STEP_COLUMNS, true));
	if (asprintf(&step, "%s%s", *cut ? ": " : "", cut) < 0)
		step = ctl_allocated(NULL);
	free(cut);
	free(plain);
	json_decref(answer);
	return step;
}

/* Called about once a second while nothing else happens. */
static int show_progress(void *context, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
			 curl_off_t up)
{
	struct client *client = context;
	curl_off_t elapsed_us = 0;

	(void)down_total, (void)down;
	curl_easy_getinfo(client->curl, CURLINFO_TOTAL_TIME_T, &elapsed_us);
	if (elapsed_us >= PROGRESS_AFTER_US) {
		char *step = up < up_total ? NULL : client_ask_progress(client);

		if (!step)
			fprintf(stderr, "\rsending: %lld %%\033[K",
				(long long)(100 * up / up_total));
		else
			fprintf(stderr, "\rwaiting for ipwld: %lld s%s\033[K",
				(long long)elapsed_us / 1000000, step);
		free(step);
		client->has_progress_line = true;
	}
	return 0;
}

static void clear_progress(struct client *client)
{
	if (client->has_progress_line)
		fputs("\r\033[K", stderr);
	client->has_progress_line = false;
}

struct client *client_new(const struct arguments *arguments)
{
	const char *path = arguments->global[GLOBAL_SOCKET];
	struct client *client = client_open(path ? path : CTL_DEFAULT_SOCKET);

	client->prints_json = arguments->global[GLOBAL_JSON];
	client->shows_progress = isatty(STDERR_FILENO);
	return client;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	client_free(client->observer);
	curl_easy_cleanup(client->curl);
	curl_global_cleanup();
	free(client->answer);
	free(client->message);
	free(client);
}

void client_keep_messages(struct client *client)
{
	free(client->message);
	client->message = ctl_allocated(calloc(1, MESSAGE_BYTES));
	client->shows_progress = false;
}

const char *client_message(const struct client *client)
{
	return client->message ? client->message : "";
}

/* Print a message, or keep it. */
__attribute__((format(printf, 2, 3))) static void report(const struct client *client,
							 const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = ctl_allocated(NULL);
	va_end(arguments);
	if (client->message)
		snprintf(client->message, MESSAGE_BYTES, "%s", text);
	else
		ctl_error("%s", text);
	free(text);
}

/* Print a line that belongs to the message before it, or add it. */
static void report_detail(const struct client *client, const char *text)
{
	const size_t bytes = client->message ? strlen(client->message) : 0;

	if (client->message)
		snprintf(client->message + bytes, MESSAGE_BYTES - bytes, "\n%s", text);
	else
		ctl_error_detail(text);
}

/* "http://ipwl/v1/entries?list=partners"; to be freed. */
static char *build_url(struct client *client, const struct request *request)
{
	char *url = NULL;
	size_t size;
	char separator = '?';
	FILE *stream = ctl_allocated(open_memstream(&url, &size));

	fprintf(stream, "http://ipwl%s", request->path);
	for (const struct parameter *p = request->query; p && p->key; p++) {
		char *value;

		if (!p->value)
			continue;
		value = ctl_allocated(curl_easy_escape(client->curl, p->value, 0));
		fprintf(stream, "%c%s=%s", separator, p->key, value);
		curl_free(value);
		separator = '&';
	}
	return ctl_allocated(fclose(stream) ? NULL : url);
}

/* These options of curl can fail only for lack of memory. */
static CURLcode perform(struct client *client, const struct request *request)
{
	CURL *curl = client->curl;
	char *url = build_url(client, request);
	char *body = request->body ? ctl_allocated(json_dumps(request->body, JSON_COMPACT)) : NULL;
	/* No `Expect`: it would cost a round trip that the daemon need not know. */
	struct curl_slist *headers = ctl_allocated(curl_slist_append(NULL, "Expect:"));
	CURLcode result;

	headers = ctl_allocated(
	    curl_slist_append(headers, request->data ? "Content-Type: application/octet-stream"
						     : "Content-Type: application/json"));
	client->answer_bytes = 0;
	/* Options go, the connection stays. */
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, client->socket_path);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_SEC);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, request->timeout_sec);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, client);
	if (request->data) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)request->data_bytes);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->data);
	} else if (strcmp(request->method, "POST") == 0) {
		curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body ? body : "");
	}
	if (client->shows_progress) {
		curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, show_progress);
		curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
		curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	}
	result = curl_easy_perform(curl);
	clear_progress(client);
	curl_slist_free_all(headers);
	free(body);
	free(url);
	return result;
}

bool client_reads_start(const struct client *client, char text[NOTICE_BYTES])
{
	char *directory = ctl_allocated(strdup(client->socket_path));
	char *slash = strrchr(directory, '/');
	char raw[NOTICE_BYTES], *plain;
	bool is_starting = false;

	if (slash && slash != directory) {
		*slash = '\0';
		is_starting = notice_read(directory, NOTICE_OF_START, raw);
	}
	free(directory);
	if (!is_starting)
		return false;
	plain = ctl_allocated(text_escape(raw));
	snprintf(text, NOTICE_BYTES, "%s", plain);
	free(plain);
	return true;
}

/* Report why there was no answer. */
static enum ctl_exit report_transport(const struct client *client, const struct request *request,
				      CURLcode result)
{
	char step[NOTICE_BYTES];
	long os_errno = 0;
	curl_off_t connect_us = 0;

	curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &os_errno);
	curl_easy_getinfo(client->curl, CURLINFO_CONNECT_TIME_T, &connect_us);
	if (result == CURLE_COULDNT_CONNECT && (os_errno == EACCES || os_errno == EPERM)) {
		report(client,
		       "%s: permission denied: run this as root or as a member of the group ipwl",
		       client->socket_path);
		return CTL_DENIED;
	}
	if (result == CURLE_COULDNT_CONNECT && client_reads_start(client, step))
		report(client, "ipwld is starting and does not answer yet at %s: %s",
		       client->socket_path, step);
	else if (result == CURLE_COULDNT_CONNECT ||
		 (result == CURLE_OPERATION_TIMEDOUT && !connect_us))
		report(client, "cannot reach ipwld at %s: is it running?%s%s%s",
		       client->socket_path, os_errno ? " (" : "",
		       os_errno ? strerror((int)os_errno) : "", os_errno ? ")" : "");
	else if (result == CURLE_OPERATION_TIMEDOUT)
		report(client, "ipwld at %s did not answer within %ld s", client->socket_path,
		       request->timeout_sec);
	else
		report(client, "no usable answer from ipwld at %s: %s", client->socket_path,
		       result == CURLE_WRITE_ERROR ? "it is too long" : curl_easy_strerror(result));
	return CTL_UNREACHABLE;
}

static enum ctl_exit report_unusable(const struct client *client, const char *why)
{
	report(client, "no usable answer from ipwld at %s: %s", client->socket_path, why);
	return CTL_UNREACHABLE;
}

static enum ctl_exit exit_of_status(long status)
{
	switch (status) {
	case 400:
	case 405:
	case 413:
	case 422:
		return CTL_INVALID;
	case 403:
		return CTL_DENIED;
	case 404:
	case 409:
	case 500:
		return CTL_NEGATIVE;
	default:
		return CTL_UNREACHABLE;
	}
}

/* The first of the lines of an error, and how many more there are. */
static void report_details(const struct client *client, const json_t *details)
{
	const size_t count = json_array_size(details);
	const size_t shown = writer_shows_all() || count <= DETAILS_SHOWN ? count : DETAILS_SHOWN;
	char more[64];

	for (size_t i = 0; i < shown; i++) {
		const char *detail = json_string_value(json_array_get(details, i));

		report_detail(client, detail ? detail : "?");
	}
	snprintf(more, sizeof(more), "and %zu more (see --wide)", count - shown);
	if (shown < count)
		report_detail(client, more);
}

/* Report the daemon's own words. */
static enum ctl_exit report_error(const struct client *client, const struct request *request,
				  long status, const json_t *body)
{
	const json_t *error = json_object_get(body, "error");
	const char *message = json_string_value(json_object_get(error, "message"));

	if (message)
		report(client, "%s", message);
	else
		report(client, "ipwld at %s answered with HTTP status %ld", client->socket_path,
		       status);
	report_details(client, json_object_get(error, "details"));
	if (json_is_object(error) && client->prints_json && !request->is_continuation) {
		json_dumpf(body, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		putchar('\n');
	}
	return exit_of_status(status);
}

enum ctl_exit client_request(struct client *client, const struct request *request,
			     json_t **ret_body)
{
	CURLcode result = perform(client, request);
	json_error_t error;
	json_t *body;
	long status = 0;
	enum ctl_exit code = CTL_DONE;

	if (result)
		return report_transport(client, request, result);
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	body = json_loadb(client->answer ? client->answer : "", client->answer_bytes, 0, &error);
	if (status != HTTP_OK)
		code = report_error(client, request, status, body);
	else if (!body)
		code = report_unusable(client, "it is not JSON");
	else if (json_integer_value(json_object_get(body, "schema_version")) != 1)
		code = report_unusable(client, "its schema version is not 1");
	if (code)
		json_decref(body);
	else
		*ret_body = body;
	return code;
}

enum ctl_exit client_download(struct client *client, const struct request *request, FILE *stream)
{
	CURLcode result;
	json_t *body;
	enum ctl_exit code;
	long status = 0;

	client->download = stream;
	result = perform(client, request);
	client->download = NULL;
	if (ferror(stream))
		return CTL_NEGATIVE;
	if (result)
		return report_transport(client, request, result);
	if (client_is_good(client))
		return CTL_DONE;
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	body = json_loadb(client->answer ? client->answer : "", client->answer_bytes, 0, NULL);
	code = report_error(client, request, status, body);
	json_decref(body);
	return code;
}

enum ctl_exit client_array(const struct client *client, const json_t *object, const char *key,
			   json_t **ret_array)
{
	json_t *array = json_object_get(object, key);
	const json_t *item;
	size_t i;

	json_array_foreach(array, i, item) if (!json_is_object(item)) array = NULL;
	if (!json_is_array(array))
		return report_unusable(client, "it lacks an array, or the array is malformed");
	*ret_array = array;
	return CTL_DONE;
}

enum ctl_exit client_require(const struct client *client, const json_t *object, const char *key)
{
	return json_object_get(object, key)
		   ? CTL_DONE
		   : report_unusable(client, "it lacks the member that was requested");
}

const char *client_sudo_user(void)
{
	const char *user = getenv("SUDO_USER");

	return user && *user ? user : NULL;
}
