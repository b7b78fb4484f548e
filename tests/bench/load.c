/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Times each step from list files to the kernel's tables, and what they take there. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bench.h"
#include "config/listfile.h"
#include "datapath/internal.h"

static const uint16_t ports[] = { 25 };

void bench_datapath_open(struct bench_datapath *bench)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	bool was_adopted;

	snprintf(bench->bpffs_dir, sizeof(bench->bpffs_dir), "/sys/fs/bpf/ipwl-bench-%d", getpid());
	if (datapath_open(bench->bpffs_dir, &bench->datapath, &was_adopted, error) ||
	    interface_open(bench->datapath, "bench0", &bench->interface, error))
		die("%s", error);
	rule_ids_init(&bench->ids, IPWL_CHUNKS_MAX * IPWL_CHUNK_RULES);
}

void bench_datapath_close(struct bench_datapath *bench)
{
	char error[DATAPATH_ERROR_BYTES] = "";

	interface_close(bench->interface);
	datapath_close(bench->datapath);
	rule_ids_done(&bench->ids);
	if (datapath_detach(bench->bpffs_dir, error))
		die("%s", error);
}

/* ---- memory ------------------------------------------------------------- */

static double field_mib(const char *path, const char *field)
{
	FILE *file = fopen(path, "r");
	unsigned long long value = 0;
	char line[256];
	size_t bytes = strlen(field);

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, field, bytes))
			value = strtoull(line + bytes, NULL, 10);
	}
	if (file)
		fclose(file);
	return (double)value / 1024;
}

/* What BPF maps are made of: slab, per-CPU and vmalloc memory, of the whole machine. */
static double kernel_mib(void)
{
	return field_mib("/proc/meminfo", "Slab:") + field_mib("/proc/meminfo", "Percpu:") +
	       field_mib("/proc/meminfo", "VmallocUsed:");
}

/* What the kernel says of each pinned map, added up. */
static double maps_mib(const struct bench_datapath *bench)
{
	double sum_mib = 0;
	char path[512];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/" PIN_MAPS_DIR, bench->bpffs_dir);
	dir = opendir(path);
	if (!dir)
		die("%s: %m", path);
	while ((entry = readdir(dir))) {
		int fd;

		snprintf(path, sizeof(path), "%s/" PIN_MAPS_DIR "/%s", bench->bpffs_dir,
			 entry->d_name);
		fd = bpf_obj_get(path);
		if (fd < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
		sum_mib += field_mib(path, "memlock:") / 1024;
		close(fd);
	}
	closedir(dir);
	return sum_mib;
}

/* ---- steps --------------------------------------------------------------- */

static void read_list(struct policy *policy, const char *name, enum action action, const char *path)
{
	struct entry_set *set = entry_set_new();
	struct diagnostics diagnostics;
	const struct format_input options = {
		.action = action, .source = SOURCE_FILE, .set = set, .diagnostics = &diagnostics
	};
	struct format_result result;
	struct list *list;

	diagnostics_init(&diagnostics);
	if (!set || listfile_read(path, &options, &result)) {
		diagnostics_print(&diagnostics, stderr);
		die("cannot read %s", path);
	}
	diagnostics_done(&diagnostics);
	entry_set_finish(set);
	list = policy_add_list(policy, name, action);
	if (!list)
		die("out of memory");
	list_replace_set(list, SOURCE_FILE, set);
}

static struct policy *read_policy(const char *allow, const char *block)
{
	struct policy *policy = policy_new();

	if (!policy)
		die("out of memory");
	read_list(policy, "allow", ACTION_ALLOW, allow);
	read_list(policy, "block", ACTION_BLOCK, block);
	return policy;
}

/* Reports the time since the last step. */
static void lap(double *start, const char *what)
{
	double now = now_sec();

	report_value(what, (now - *start) * 1000, "ms");
	*start = now_sec();
}

/* From files to the kernel. @from: what is in force, or NULL. */
static void put_in_force(struct bench_datapath *bench, const char *allow, const char *block,
			 const struct bench_policy *from, struct bench_policy *ret_policy)
{
	char error[DATAPATH_ERROR_BYTES] = "";
	struct bench_policy new = { .policy = NULL };
	struct rules_change rules;
	double start = now_sec();

	new.policy = read_policy(allow, block);
	lap(&start, "read the list files");
	if (rules_number(new.policy, from ? from->policy : NULL, &bench->ids, &rules) ||
	    datapath_assign_slots(bench->datapath, new.policy, error))
		die("cannot number the rules: %s", error);
	lap(&start, "number the rules");
	if (tables_compile(new.policy, &new.tables))
		die("cannot compile the tables");
	lap(&start, "compile the tables");
	struct datapath_change change = {
		.policy = new.policy,
		.from = from ? &from->tables : NULL,
		.to = &new.tables,
		.added_rules = rules.added,
		.added_rule_count = rules.added_count,
		.ports = ports,
		.port_count = 1,
		.enforce = true,
	};
	if (datapath_apply(bench->datapath, &change, error))
		die("%s", error);
	lap(&start, from ? "change the kernel's tables" : "fill the kernel's tables");
	rules_commit(&bench->ids, &rules);
	rules_change_done(&rules);
	*ret_policy = new;
}

void load_measure(struct bench_datapath *bench, const struct bench_lists *lists,
		  struct bench_policy *ret_loaded)
{
	struct bench_policy loaded;
	double kernel_before;
	char title[96];

	sleep(1); /* the kernel frees earlier maps when it has the time */
	kernel_before = kernel_mib();
	snprintf(title, sizeof(title), "load %zu prefixes", lists->prefix_count);
	report_section(title, "");
	put_in_force(bench, lists->allow, lists->block, NULL, &loaded);
	report_value("maps, by the kernel's account", maps_mib(bench), "MiB");
	report_value("growth of slab, percpu and vmalloc", kernel_mib() - kernel_before, "MiB");

	snprintf(title, sizeof(title), "change 1 %% of %zu prefixes", lists->prefix_count);
	report_section(title, "");
	put_in_force(bench, lists->allow, lists->changed_block, &loaded, ret_loaded);
	load_release(&loaded);
}

void load_release(struct bench_policy *loaded)
{
	tables_done(&loaded->tables);
	policy_free(loaded->policy);
}
