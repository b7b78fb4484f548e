/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipwl-reject: tells blocked senders that, and why, they are rejected. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/number.h"
#include "confine/confine.h"
#include "reject/server.h"

#define USER "ipwl-reject"
#define LISTENERS_MAX 32
#define CONNECTIONS_DEFAULT 256
#define CONNECTIONS_MAX 4096
/* Each connection is a descriptor. Others are for listeners, the loop and standard streams. */
#define DESCRIPTORS_OTHER 64
#define MEMORY_BYTES_MAX (256ULL << 20)

static const char usage[] =
    "usage: ipwl-reject [-g] [-v] [-c NUMBER] [-n HOST] [[-t TEXT] [-l ADDRESS:PORT] ...]\n"
    "Rejects the connections that ipwl hands over; see ipwl-reject(8).\n"
    "  -c NUMBER        accept at most this number of connections at once (default: 256)\n"
    "  -g               reject with the greeting, and not each recipient\n"
    "  -h               print this help\n"
    "  -l ADDRESS:PORT  listen here (default: 127.0.0.1:10026 and [::1]:10026)\n"
    "  -n HOST          greet with this name (default: the name of the host)\n"
    "  -t TEXT          reject with this text at the listeners of the following -l\n"
    "  -v               log each connection with its sender and domains of recipients\n"
    "  -V               print the version\n";

struct options {
	unsigned int connections_max;
	bool greets_so;
	bool logs;
	const char *host;
	const char *text;
	size_t listener_count;
	struct {
		const char *address;
		const char *text;
	} listeners[LISTENERS_MAX];
};

static const char *const default_addresses[] = { "127.0.0.1:10026", "[::1]:10026" };

static int usage_error(const char *option, const char *value, const char *problem)
{
	fprintf(stderr, "ipwl-reject: %s \"%s\": %s\n%s", option, value, problem, usage);
	return -EINVAL;
}

/* Take one option. Return: 0; -EINVAL: an error was printed. */
static int take_option(int option, struct options *options)
{
	const char *problem;
	int64_t number;

	switch (option) {
	case 'c':
		if (!number_parse(optarg, 1, CONNECTIONS_MAX, &number))
			return usage_error("-c", optarg, "not a number from 1 to 4096");
		options->connections_max = (unsigned int)number;
		return 0;
	case 'g':
		options->greets_so = true;
		return 0;
	case 'l':
		if (options->listener_count == LISTENERS_MAX)
			return usage_error("-l", optarg, "more than 32 listeners");
		options->listeners[options->listener_count].address = optarg;
		options->listeners[options->listener_count++].text = options->text;
		return 0;
	case 'n':
		problem = session_check_text(optarg);
		if (problem || strpbrk(optarg, " %") || strlen(optarg) >= SESSION_NAME_BYTES)
			return usage_error("-n", optarg, "not the name of a host");
		options->host = optarg;
		return 0;
	case 't':
		problem = session_check_text(optarg);
		if (problem)
			return usage_error("-t", optarg, problem);
		options->text = optarg;
		return 0;
	case 'v':
		options->logs = true;
		return 0;
	default:
		fputs(usage, stderr);
		return -EINVAL;
	}
}

/* Return: 0; -EINVAL: an error was printed; 1: help or version was printed. */
static int read_options(int argc, char *argv[], struct options *options)
{
	int option;

	while ((option = getopt(argc, argv, "c:ghl:n:t:vV")) != -1) {
		if (option == 'h' || option == 'V') {
			fputs(option == 'h' ? usage : "ipwl-reject " IPWL_VERSION "\n", stdout);
			return 1;
		}
		if (take_option(option, options))
			return -EINVAL;
	}
	if (optind < argc)
		return usage_error("argument", argv[optind], "not expected");
	if (options->listener_count)
		return 0;
	for (size_t i = 0; i < 2; i++) {
		options->listeners[i].address = default_addresses[i];
		options->listeners[i].text = options->text;
	}
	options->listener_count = 2;
	return 0;
}

/* Open all listeners. Where there is no IPv6, the default one for it is left out. */
static int open_listeners(struct server *server, const struct options *options,
			  struct session_setup setups[LISTENERS_MAX])
{
	for (size_t i = 0; i < options->listener_count; i++) {
		const char *address = options->listeners[i].address, *step;
		int err;

		setups[i] = (struct session_setup) { .host = options->host,
						     .text = options->listeners[i].text,
						     .greets_so = options->greets_so };
		err = server_listen(server, address, &setups[i], &step);
		if ((err == -EADDRNOTAVAIL || err == -EAFNOSUPPORT) &&
		    address == default_addresses[1])
			continue;
		if (err) {
			log_error("reject", "%s: %s: %s", address, step, strerror(-err));
			return err;
		}
	}
	return 0;
}

static int serve(const struct options *options)
{
	static const char *const calls[] = { "accept4", "accept", NULL };
	const struct confinement confinement = {
		.program = "ipwl-reject",
		.user = USER,
		.calls = calls,
		.uses_network = true,
		.descriptors_max = options->connections_max + DESCRIPTORS_OTHER,
		.memory_bytes_max = MEMORY_BYTES_MAX,
		/* Standard error may be a file. It cannot open another one. */
		.file_bytes_max = UINT64_MAX,
	};
	static struct session_setup setups[LISTENERS_MAX];
	struct server *server = server_new(options->connections_max, options->logs);
	char error[256];
	int err = server ? open_listeners(server, options, setups) : -ENOMEM;

	if (!err) {
		err = confine(&confinement, error, sizeof(error));
		if (err)
			log_error("reject", "%s", error);
	}
	if (!err)
		err = server_run(server);
	server_free(server);
	return err ? 1 : 0;
}

int main(int argc, char *argv[])
{
	char host[SESSION_NAME_BYTES] = "";
	struct options options = {
		.connections_max = CONNECTIONS_DEFAULT,
		.host = host,
		.text = "Mail from %a is blocked by the policy of this site",
	};
	int err;

	if (gethostname(host, sizeof(host) - 1) || !*host)
		options.host = "localhost";
	err = read_options(argc, argv, &options);
	if (err)
		return err < 0 ? 2 : 0;
	log_find_journal();
	return serve(&options);
}
