// SPDX-License-Identifier: GPL-2.0
/*
 * Which allocation fails.  Parameters of the module that is tested:
 *
 *	nth	"N [SPARED]": the Nth from now on, of those whose file does not have
 *		SPARED in its name; 0 is none.  Reads as how many are still to come,
 *		and the one that failed last.
 *	sites	all places: how many, then of each FILE:LINE FUNCTION CALL
 *	failed	those that were made to fail, the same way
 */
#include <linux/module.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>
#include "sites.h"

#define SPARED_MAX	32

static DEFINE_SPINLOCK(lock);	/* all that follows, and @failed of each */
static unsigned int countdown;
static char spared[SPARED_MAX];
static const struct hpkm_site *last;

bool hpkm_site_fails(struct hpkm_site *site)
{
	unsigned long flags;
	bool fails = false;

	spin_lock_irqsave(&lock, flags);
	if (countdown && !(*spared && strstr(site->file, spared)))
		fails = !--countdown;
	if (fails) {
		site->failed++;
		last = site;
	}
	spin_unlock_irqrestore(&lock, flags);
	return fails;
}

/* Within the sources: the folder that they are built in is nobody's business. */
static const char *within(const char *file)
{
	const char *next, *at = file;

	while ((next = strstr(at, "/kernel/")))
		at = next + strlen("/kernel/");
	return at;
}

static int print(char *to, int len, const struct hpkm_site *site)
{
	return sysfs_emit_at(to, len, "%s:%d %s %s\n", within(site->file), site->line,
			     site->function, site->call);
}

static int nth_set(const char *text, const struct kernel_param *unused)
{
	unsigned int wanted;
	char spare[SPARED_MAX] = "";
	unsigned long flags;

	if (sscanf(text, "%u %31s", &wanted, spare) < 1)
		return -EINVAL;
	spin_lock_irqsave(&lock, flags);
	countdown = wanted;
	memcpy(spared, spare, sizeof(spared));
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int nth_get(char *to, const struct kernel_param *unused)
{
	int len = sysfs_emit(to, "%u ", READ_ONCE(countdown));

	return len + (last ? print(to, len, last) : sysfs_emit_at(to, len, "none none none\n"));
}

static const struct kernel_param_ops nth_ops = {
	.set = nth_set,
	.get = nth_get,
};
module_param_cb(nth, &nth_ops, NULL, 0600);

static int list(char *to, bool only_failed)
{
	struct hpkm_site *const *site;
	unsigned int count = 0;
	int len;

	for (site = hpkm_sites_begin + 1; site < hpkm_sites_end; site++)
		count += !only_failed || (*site)->failed;
	len = sysfs_emit(to, "%u\n", count);
	for (site = hpkm_sites_begin + 1; site < hpkm_sites_end; site++)
		if (!only_failed || (*site)->failed)
			len += print(to, len, *site);
	return len;
}

static int sites_get(char *to, const struct kernel_param *unused)
{
	return list(to, false);
}

static const struct kernel_param_ops sites_ops = {
	.get = sites_get,
};
module_param_cb(sites, &sites_ops, NULL, 0400);

static int failed_get(char *to, const struct kernel_param *unused)
{
	return list(to, true);
}

static const struct kernel_param_ops failed_ops = {
	.get = failed_get,
};
module_param_cb(failed, &failed_ops, NULL, 0400);
