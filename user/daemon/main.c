/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipwld: options, and the ways to run. */
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/plural.h"
#include "config/config.h"
#include "daemon/background.h"
#include "daemon/daemon.h"
#include "ipwl.h"
#include "store/state_schema.h"

static const char usage[] = "usage: ipwld [-c FILE] [-f] [-t] [-v] [-h] [-V]\n"
			    "  -c FILE  configuration (default " CONFIG_DEFAULT_PATH ")\n"
			    "  -f       stay in the foreground and log to standard error\n"
			    "  -t       check the configuration and exit\n"
			    "  -v       also log debugging messages\n"
			    "  -h, --help     print this help\n"
			    "  -V, --version  print the version, and those of kernel tables and "
			    "state.db\n";

struct options {
	const char *config_path;
	bool is_foreground;
	bool only_checks;
};

/* Parse the options. Exits if there is nothing to run. */
static struct options parse_options(int argc, char *argv[])
{
	static const struct option names[] = { { "help", no_argument, NULL, 'h' },
					       { "version", no_argument, NULL, 'V' },
					       { 0 } };
	struct options options = { .config_path = CONFIG_DEFAULT_PATH };
	int option;

	while ((option = getopt_long(argc, argv, "c:ftvhV", names, NULL)) != -1) {
		switch (option) {
		case 'c':
			options.config_path = optarg;
			break;
		case 'f':
			options.is_foreground = true;
			break;
		case 't':
			options.only_checks = true;
			break;
		case 'v':
			log_show_debug(true);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(STATUS_OK);
		case 'V':
			printf("ipwld " IPWL_VERSION " (ABI %d, state schema %d)\n",
			       IPWL_ABI_VERSION, state_schema.version);
			exit(STATUS_OK);
		default:
			fputs(usage, stderr);
			exit(STATUS_USAGE);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "ipwld: unexpected argument \"%s\"\n%s", argv[optind], usage);
		exit(STATUS_USAGE);
	}
	return options;
}

static size_t count_entries(const struct policy *policy)
{
	size_t i, count = 0;

	for (i = 0; i < policy->list_count; i++)
		count += list_count_entries(&policy->lists[i], FAMILY_IPV4) +
			 list_count_entries(&policy->lists[i], FAMILY_IPV6);
	return count;
}

static enum exit_status check_config(const char *path)
{
	struct diagnostics diagnostics;
	struct config *config;
	size_t entry_count;
	int err;

	diagnostics_init(&diagnostics);
	err = config_load(path, NULL, &diagnostics, &config);
	if (!err)
		config_check_devices(config, path, &diagnostics);
	diagnostics_print(&diagnostics, DIAGNOSTICS_SHOWN, stderr);
	diagnostics_done(&diagnostics);
	if (err == -ENOMEM)
		fprintf(stderr, "ipwld: %s\n", strerror(ENOMEM));
	if (err)
		return err == -EINVAL ? STATUS_CONFIGURATION : STATUS_FAILED;
	entry_count = count_entries(config->policy);
	printf("%s: ok, %zu %s, %zu %s\n", path, config->policy->list_count,
	       plural(config->policy->list_count, "list", "lists"), entry_count,
	       plural(entry_count, "entry", "entries"));
	config_free(config);
	return STATUS_OK;
}

/* The working directory changes in the background, but a reload must still find the file. A
 * symbolic link is not resolved, because it may point elsewhere by then. */
static char *absolute_path(const char *path)
{
	char *directory, *absolute;
	int bytes;

	if (*path == '/')
		return strdup(path);
	directory = getcwd(NULL, 0);
	if (!directory)
		return NULL;
	bytes = asprintf(&absolute, "%s/%s", directory, path);
	free(directory);
	return bytes < 0 ? NULL : absolute;
}

/* Larger blocks are mapped separately, and returned to the system when they are freed, like a
 * policy of a million prefixes that a reload replaces. Otherwise glibc would raise this
 * threshold when the first such block is freed. */
#define MMAP_THRESHOLD_BYTES (1 << 20)

static enum exit_status run(const struct options *options)
{
	char *config_path = absolute_path(options->config_path);
	enum exit_status status;
	int ready_fd = -1;

	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD_BYTES);
	if (!config_path || (!options->is_foreground && background_enter(&ready_fd))) {
		log_error("daemon", "%s", strerror(errno));
		free(config_path);
		return STATUS_FAILED;
	}
	if (options->is_foreground)
		log_find_journal();
	else
		log_use_syslog();
	status = daemon_run(config_path, &ready_fd);
	free(config_path);
	return status;
}

int main(int argc, char *argv[])
{
	struct options options = parse_options(argc, argv);

	return (int)(options.only_checks ? check_config(options.config_path) : run(&options));
}
