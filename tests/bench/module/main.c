// SPDX-License-Identifier: GPL-2.0
/* Each file in debugfs measures when it is read, and says so in lines of JSON. */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/module.h>
#include <peer/net.h>
#include "bench.h"

static int show(struct seq_file *out, void *unused)
{
	int (*measure)(struct seq_file *out) = out->private;

	return measure(out);
}

/* All that is said has to fit at once: a second try would measure again. */
static int measure_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, show, inode->i_private, PAGE_SIZE);
}

static const struct file_operations measure_fops = {
	.owner = THIS_MODULE,
	.open = measure_open,
	.read = seq_read,
	.release = single_release,
};

static struct dentry *folder;

static void offer(const char *name, int (*measure)(struct seq_file *out))
{
	debugfs_create_file(name, 0400, folder, measure, &measure_fops);
}

static int __init bench_init(void)
{
	int err = hpkm_peers_init();

	if (err)
		return err;
	folder = debugfs_create_dir("hpkm_bench", NULL);
	if (IS_ERR(folder)) {
		hpkm_peers_exit();
		return PTR_ERR(folder);
	}
	offer("cipher", bench_cipher);
	offer("exchange", bench_exchange);
	offer("lookup", bench_lookup);
	offer("frame", bench_frame);
	offer("memory", bench_memory);
	return 0;
}

static void __exit bench_exit(void)
{
	debugfs_remove(folder);
	hpkm_peers_exit();
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("What hpkm's parts cost, measured in the kernel");
MODULE_LICENSE("GPL");
