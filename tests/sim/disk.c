// SPDX-License-Identifier: GPL-2.0
/*
 * What a device's persist agent keeps.  A write takes its time, may fail, may
 * have happened although it was reported as failed, and power may go before or
 * after it.  Writes reach the disk in the order in which they were issued.
 */
#include "world.h"

void disk_init(struct node *node, const struct hpkm_durable *durable)
{
	struct disk *disk = &node->disk;
	struct hpkm_pair pair;

	hpkm_pair_init(&pair, node->world->suite, node->id, other(node)->id);
	memset(disk, 0, sizeof(*disk));
	disk->actual = *durable;
	hpkm_epoch_name(&disk->actual.epoch[HPKM_EPOCH_CUR], &pair);
	hpkm_kept_write(&disk->image, &pair, &disk->actual);
	disk->known = disk->actual;
}

/* The machine's own patience, by its clock, has ended. */
bool disk_given_up(const struct node *node)
{
	return node_now(node) >= node->disk.issued_at + HPKM_WRITE_TIMEOUT;
}

static void land(struct node *node)
{
	struct disk *disk = &node->disk;

	if (!disk->lands)
		return;
	disk->lands = false;
	disk->lands_at = HPKM_NEVER;
	disk->image = disk->new_image;
	disk->actual = disk->new;
	world_trace(node->world, "node %u: written", node->index);
}

/*
 * One that the machine has given up is overtaken by none; and that is the only
 * kind behind which another may be issued.
 */
static void settle_old(struct node *node)
{
	struct disk *disk = &node->disk;

	if (!disk->writing)
		return;
	if (!disk_given_up(node))
		world_broken(node->world, "one write at a time", "node %u has two under way",
			     node->index);
	watch_decided(node, &disk->new, false);
	land(node);
	disk->writing = false;
}

static void draw_fate(struct node *node)
{
	struct world *world = node->world;
	const struct weather *weather = &world->weather;
	struct chance *chance = &world->chance;
	struct disk *disk = &node->disk;
	u64 takes = random_spread(chance, 1, 5) * (weather->write_slow / 32);

	disk->ok = !random_happens(chance, weather->write_fails);
	disk->lands = disk->ok || random_happens(chance, 500);
	disk->decides_at = world->now + takes;
	disk->lands_at = disk->decides_at - random_below(chance, takes + 1);
	if (!disk->ok)
		happens(world, disk->lands ? HAPPENED_WRITE_AMBIGUOUS : HAPPENED_WRITE_FAILED);
	if (takes >= HPKM_WRITE_TIMEOUT)
		happens(world, HAPPENED_WRITE_LATE);
	/* Before it happened, between that and the report, or just after it. */
	if (random_happens(chance, weather->write_crash))
		node->crashes_at = random_between(chance, world->now, disk->decides_at);
}

/**
 * disk_write() - the machine wants its state to be durable
 * @node: whose
 */
enum hpkm_stored disk_write(struct node *node)
{
	struct disk *disk = &node->disk;

	happens(node->world, HAPPENED_WRITE);
	settle_old(node);
	watch_write(node, &node->machine.durable);
	if (disk->gone) {
		watch_decided(node, &node->machine.durable, false);
		return HPKM_STORE_FAILED;
	}
	disk->issued_at = node_now(node);
	disk->new = node->machine.durable;
	hpkm_kept_write(&disk->new_image, &node->machine.pair, &disk->new);
	draw_fate(node);
	if (disk->decides_at > node->world->now) {
		disk->writing = true;
		return HPKM_STORE_LATER;
	}
	land(node);
	watch_decided(node, &disk->new, disk->ok);
	return disk->ok ? HPKM_STORED : HPKM_STORE_FAILED;
}

/**
 * disk_hurry() - what takes long is done within a second
 * @node: whose
 */
void disk_hurry(struct node *node)
{
	struct disk *disk = &node->disk;
	u64 soon = node->world->now + HPKM_SECOND;

	disk->decides_at = sooner(disk->decides_at, soon);
	disk->lands_at = sooner(disk->lands_at, soon);
}

u64 disk_deadline(const struct node *node)
{
	const struct disk *disk = &node->disk;

	if (!disk->writing)
		return HPKM_NEVER;
	return disk->lands ? sooner(disk->lands_at, disk->decides_at) : disk->decides_at;
}

/* Whoever has given up is told nothing. */
static void decide(struct node *node, bool ok)
{
	if (disk_given_up(node)) {
		watch_decided(node, &node->disk.new, false);
		return;
	}
	watch_decided(node, &node->disk.new, ok);
	hpkm_machine_stored(&node->machine, ok, node_now(node));
}

void disk_tick(struct node *node)
{
	struct disk *disk = &node->disk;

	if (disk->lands && node->world->now >= disk->lands_at)
		land(node);
	if (node->world->now < disk->decides_at)
		return;
	land(node);
	disk->writing = false;
	decide(node, disk->ok);
}

/* What had not reached the disk may still have been in its cache. */
void disk_crash(struct node *node)
{
	struct disk *disk = &node->disk;

	if (disk->writing && random_happens(&node->world->chance, 500))
		land(node);
	disk->writing = false;
	disk->lands = false;
	disk->gone = false;
}

/**
 * disk_agent() - the persist agent goes, or is back
 * @node: whose
 * @gone: which
 */
void disk_agent(struct node *node, bool gone)
{
	struct disk *disk = &node->disk;

	disk->gone = gone;
	if (!gone) {
		hpkm_machine_keep(&node->machine, node_now(node));
		return;
	}
	happens(node->world, HAPPENED_AGENT);
	if (!disk->writing)
		return;
	disk->writing = false;
	if (disk->lands && random_happens(&node->world->chance, 500))
		land(node);
	disk->lands = false;
	decide(node, false);
}
