// SPDX-License-Identifier: GPL-2.0
/* What is kept of a device and of a peer, to octets and back. */
#include <linux/netdevice.h>
#include <linux/string.h>
#include "data.h"
#include "settings.h"

static_assert(HPKM_KEPT_SUITES == HPKM_SUITE_IDS);
static_assert(HPKM_KEPT_IFNAME == IFNAMSIZ);

static int refuse(const char **why, const char *sentence)
{
	*why = sentence;
	return -EINVAL;
}

static int check_version(u8 version, size_t len, size_t expected, const char **why)
{
	if (!len || version != HPKM_KEPT_VERSION)
		return refuse(why, "That state has a format that this module does not know");
	if (len != expected)
		return refuse(why, "That state is too short or too long");
	return 0;
}

/* ---- the device ---- */

void hpkm_settings_write_device(struct hpkm_net *hn, struct hpkm_kept_device *kept)
{
	u8 suite;

	kept->version = HPKM_KEPT_VERSION;
	memcpy(kept->id, hn->id, HPKM_ID_LEN);
	hpkm_net_location_get(hn, kept->location);
	for (suite = 0; suite < HPKM_SUITE_IDS; suite++) {
		if (!hn->sk[suite].set)
			continue;
		kept->sk_set |= BIT(suite);
		memcpy(kept->sk[suite], hn->sk[suite].key, HPKM_SK_LEN);
	}
}

int hpkm_settings_check_device(const struct hpkm_kept_device *kept, size_t len, const char **why)
{
	int err = check_version(kept->version, len, sizeof(*kept), why);

	if (err)
		return err;
	if (kept->sk_set >= BIT(HPKM_SUITE_IDS))
		return refuse(why, "That state has an SK of a suite that this module lacks");
	if (!hpkm_location_valid(kept->location))
		return refuse(why, "That state has no valid location");
	return 0;
}

/* What was set since the module was loaded is newer. */
void hpkm_settings_read_device(struct hpkm_net *hn, const struct hpkm_kept_device *kept)
{
	u8 location[HPKM_LI_LEN];
	const char *why;
	u8 suite;

	hpkm_net_location_get(hn, location);
	if (!location[0])
		hpkm_net_location_put(hn, kept->location + 1, kept->location[0]);
	for (suite = 0; suite < HPKM_SUITE_IDS; suite++)
		if (kept->sk_set & BIT(suite) && !hn->sk[suite].set)
			hpkm_net_sk_put(hn, suite, kept->sk[suite], &why);
}

/* ---- a peer ---- */

static void write_policy(const struct hpkm_policy *policy, struct hpkm_kept_settings *kept)
{
	kept->record_frames = cpu_to_le32(policy->record_frames);
	kept->record_interval_ms = cpu_to_le32(policy->record_interval_ms);
	kept->update_records = cpu_to_le32(policy->update_records);
	kept->update_interval_s = cpu_to_le32(policy->update_interval_s);
	kept->log_size = cpu_to_le32(policy->log_size);
	kept->rekey_interval_s = cpu_to_le32(policy->rekey_interval_s);
	kept->rekey_frames = cpu_to_le64(policy->rekey_frames);
}

static void read_policy(struct hpkm_policy *policy, const struct hpkm_kept_settings *kept)
{
	policy->record_frames = le32_to_cpu(kept->record_frames);
	policy->record_interval_ms = le32_to_cpu(kept->record_interval_ms);
	policy->update_records = le32_to_cpu(kept->update_records);
	policy->update_interval_s = le32_to_cpu(kept->update_interval_s);
	policy->log_size = le32_to_cpu(kept->log_size);
	policy->rekey_interval_s = le32_to_cpu(kept->rekey_interval_s);
	policy->rekey_frames = le64_to_cpu(kept->rekey_frames);
}

void hpkm_settings_write_peer(struct hpkm_peer *peer, struct hpkm_kept_peer *kept)
{
	struct hpkm_policy policy;

	lockdep_assert_held(&peer->lock);
	kept->version = HPKM_KEPT_VERSION;
	hpkm_kept_write(&kept->pair, &peer->machine.pair, &peer->machine.durable);
	kept->settings.bridge = peer->bridge;
	memcpy(kept->settings.name, peer->name, sizeof(kept->settings.name));
	memcpy(kept->settings.ifname, peer->ifname, sizeof(kept->settings.ifname));
	hpkm_peer_policy_get(peer, &policy);
	write_policy(&policy, &kept->settings);
}

static bool is_terminated(const u8 *text, size_t room)
{
	return strnlen(text, room) < room;
}

int hpkm_settings_check_peer(const struct hpkm_kept_peer *kept, size_t len, const char **why)
{
	const struct hpkm_kept_settings *settings = &kept->settings;
	int err = check_version(kept->version, len, sizeof(*kept), why);
	struct hpkm_policy policy;

	if (err)
		return err;
	if (settings->bridge > 1 || !is_terminated(settings->name, sizeof(settings->name)) ||
	    !is_terminated(settings->ifname, sizeof(settings->ifname)) ||
	    (settings->ifname[0] && !dev_valid_name(settings->ifname)))
		return refuse(why, "That state has no valid name or link");
	read_policy(&policy, settings);
	return hpkm_policy_check(&policy, why);
}

/* A log of that size may be too large for this machine: then it has the usual one. */
void hpkm_settings_read_peer(struct hpkm_peer *peer, const struct hpkm_kept_peer *kept)
{
	struct hpkm_policy policy;
	const char *why;

	hpkm_peer_set_name(peer, kept->settings.name);
	hpkm_peer_set_bridge(peer, kept->settings.bridge);
	memcpy(peer->ifname, kept->settings.ifname, sizeof(peer->ifname));
	read_policy(&policy, &kept->settings);
	if (!hpkm_peer_policy_set(peer, &policy, &why))
		return;
	policy.log_size = HPKM_LOG_DEFAULT;
	hpkm_peer_policy_set(peer, &policy, &why);
}
