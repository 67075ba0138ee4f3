// SPDX-License-Identifier: GPL-2.0
/* STATE: the persist agent's requests; see enum hpkm_state_attr. */
#include <linux/netlink.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <net/netlink.h>
#include "netlink.h"

static struct hpkm_net *net_of(struct genl_info *info)
{
	return &hpkm_request_namespace(info)->hn;
}

/* What the agent asks has no attribute to blame when it is none. */
static int answer(struct genl_info *info, int err, const char *why)
{
	return err ? hpkm_refuse(info->extack, NULL, err, why) : 0;
}

/* ---- becoming the agent ---- */

static int fill_agent(struct sk_buff *skb, struct genl_info *info, bool restored)
{
	struct hpkm_to to = hpkm_to_requester(info);
	struct hpkm_net *hn = net_of(info);
	u8 id[HPKM_ID_LEN];
	void *message;
	int err;

	message = hpkm_message_begin(skb, &to, HPKM_CMD_STATE_AGENT);
	if (!message)
		return -EMSGSIZE;
	hpkm_net_id_get(hn, id);
	err = nla_put(skb, HPKM_STATE_A_DEVICE, HPKM_ID_LEN, id) ?:
	      nla_put_u32(skb, HPKM_STATE_A_PEERS, hpkm_net_peer_count(hn));
	if (!err && restored)
		err = nla_put_flag(skb, HPKM_STATE_A_RESTORED);
	return hpkm_message_end(skb, message, err);
}

static int state_agent(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	const char *why = NULL;
	bool restored;
	int err;

	if (!skb)
		return -ENOMEM;
	err = hpkm_agent_begin(net_of(info), info->snd_portid, &restored, &why);
	if (err) {
		nlmsg_free(skb);
		return answer(info, err, why);
	}
	err = hpkm_reply(info, skb, fill_agent(skb, info, restored));
	if (err)
		hpkm_agent_lost(net_of(info), info->snd_portid);
	return err;
}

/* ---- restoring ---- */

static int restore(struct genl_info *info, const struct nlattr *blob)
{
	const struct nlattr *peer = info->attrs[HPKM_STATE_A_PEER];
	struct hpkm_net *hn = net_of(info);
	const char *why = NULL;
	int err;

	if (!blob)
		return hpkm_refuse(info->extack, NULL, -EINVAL, "BLOB is missing");
	if (peer)
		err = hpkm_agent_restore_peer(hn, info->snd_portid, nla_data(peer),
					      nla_data(blob), nla_len(blob), &why);
	else
		err = hpkm_agent_restore_device(hn, info->snd_portid, nla_data(blob),
						nla_len(blob), &why);
	return answer(info, err, why);
}

/* An error carries the request back and the buffer is not cleared when freed. */
static int state_restore(struct sk_buff *request, struct genl_info *info)
{
	struct nlattr *blob = info->attrs[HPKM_STATE_A_BLOB];
	int err = restore(info, blob);

	if (blob)
		memzero_explicit(nla_data(blob), nla_len(blob));
	return err;
}

static int state_ready(struct sk_buff *request, struct genl_info *info)
{
	const char *why = NULL;
	int err = hpkm_agent_ready(net_of(info), info->snd_portid, &why);

	return answer(info, err, why);
}

/* ---- writes ---- */

static int put_write(struct sk_buff *skb, const struct hpkm_agent_write *write)
{
	int err = hpkm_put_u64(skb, HPKM_STATE_A_SERIAL, write->serial, HPKM_STATE_A_PAD);

	if (!err && write->kind != HPKM_AGENT_WRITES_DEVICE)
		err = nla_put(skb, HPKM_STATE_A_PEER, HPKM_ID_LEN, write->peer);
	if (!err && write->kind != HPKM_AGENT_ERASES_PEER)
		err = nla_put(skb, HPKM_STATE_A_BLOB, write->len, write->blob);
	return err;
}

/* @write is NULL when none waits. */
static int reply_with(struct genl_info *info, struct sk_buff *skb,
		      const struct hpkm_agent_write *write)
{
	struct hpkm_to to = hpkm_to_requester(info);
	void *message = hpkm_message_begin(skb, &to, HPKM_CMD_STATE_NEXT);
	int err = message ? 0 : -EMSGSIZE;

	if (!err)
		err = hpkm_message_end(skb, message, write ? put_write(skb, write) : 0);
	return hpkm_reply(info, skb, err);
}

/* What could not be handed out has failed, and will be issued again. */
static int hand_out(struct genl_info *info, struct sk_buff *skb, struct hpkm_agent_write *write)
{
	const u8 *peer = write->kind == HPKM_AGENT_WRITES_DEVICE ? NULL : write->peer;
	int err = reply_with(info, skb, write);
	const char *why;

	if (err)
		hpkm_agent_written(net_of(info), info->snd_portid, peer, write->serial, false,
				   &why);
	return err;
}

static int next(struct genl_info *info, struct sk_buff *skb, struct hpkm_agent_write *write)
{
	const char *why = NULL;
	int err = hpkm_agent_next(net_of(info), info->snd_portid, write, &why);

	if (err == -ENODATA)
		return reply_with(info, skb, NULL);
	if (!err)
		return hand_out(info, skb, write);
	nlmsg_free(skb);
	return answer(info, err, why);
}

static int state_next(struct sk_buff *request, struct genl_info *info)
{
	struct sk_buff *skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	struct hpkm_agent_write *write = kzalloc(sizeof(*write), GFP_KERNEL);
	int err = -ENOMEM;

	if (skb && write)
		err = next(info, skb, write);
	else
		nlmsg_free(skb);
	kfree_sensitive(write);
	return err;
}

static int state_written(struct sk_buff *request, struct genl_info *info)
{
	const struct nlattr *peer = info->attrs[HPKM_STATE_A_PEER];
	const struct nlattr *serial = info->attrs[HPKM_STATE_A_SERIAL];
	const struct nlattr *error = info->attrs[HPKM_STATE_A_ERROR];
	const char *why = NULL;
	int err;

	if (!serial)
		return hpkm_refuse(info->extack, NULL, -EINVAL, "SERIAL is missing");
	err = hpkm_agent_written(net_of(info), info->snd_portid, peer ? nla_data(peer) : NULL,
				 nla_get_u64(serial), !error || !nla_get_u32(error), &why);
	return answer(info, err, why);
}

/**
 * hpkm_netlink_wake_agent() - tell the agent that a write waits
 * @hn: the namespace
 * @portid: its socket's, or what is left of it
 *
 * It may be lost; who calls this repeats it.  Context: process.
 */
void hpkm_netlink_wake_agent(struct hpkm_net *hn, u32 portid)
{
	struct hpkm_to to = { .portid = portid };
	struct sk_buff *skb;
	void *message;

	/* There is none, and 0 is the kernel itself. */
	if (!portid)
		return;
	skb = genlmsg_new(0, GFP_KERNEL);
	if (!skb)
		return;
	message = hpkm_message_begin(skb, &to, HPKM_CMD_STATE_PENDING);
	if (message && !hpkm_message_end(skb, message, 0))
		genlmsg_unicast(hn->net, skb, portid);
	else
		nlmsg_free(skb);
}

/* ---- its end ---- */

static int socket_closed(struct notifier_block *block, unsigned long event, void *info)
{
	const struct netlink_notify *closed = info;

	if (event == NETLINK_URELEASE && closed->protocol == NETLINK_GENERIC)
		hpkm_agent_lost(&hpkm_namespace(closed->net)->hn, closed->portid);
	return NOTIFY_DONE;
}

static struct notifier_block sockets = {
	.notifier_call = socket_closed,
};

int hpkm_netlink_agents_register(void)
{
	return netlink_register_notifier(&sockets);
}

void hpkm_netlink_agents_unregister(void)
{
	netlink_unregister_notifier(&sockets);
}

/* ---- the family's part ---- */

static int check_blob(const struct nlattr *attr, struct netlink_ext_ack *extack)
{
	if (nla_len(attr) >= 1 && nla_len(attr) <= HPKM_STATE_BLOB_MAX)
		return 0;
	/* No handler will see it and wipe it. */
	memzero_explicit(nla_data(attr), nla_len(attr));
	return hpkm_refuse(extack, attr, -EINVAL, "BLOB has 1 to 1024 octets");
}

static const struct nla_policy restore_policy[HPKM_STATE_A_BLOB + 1] = {
	[HPKM_STATE_A_PEER] = HPKM_POLICY(hpkm_check_id),
	[HPKM_STATE_A_BLOB] = HPKM_POLICY(check_blob),
};

static const struct nla_policy written_policy[HPKM_STATE_A_ERROR + 1] = {
	[HPKM_STATE_A_PEER] = HPKM_POLICY(hpkm_check_id),
	[HPKM_STATE_A_SERIAL] = { .type = NLA_U64 },
	[HPKM_STATE_A_ERROR] = { .type = NLA_U32 },
};

static const struct genl_ops ops[] = {
	{
		.cmd = HPKM_CMD_STATE_AGENT,
		.doit = state_agent,
		.policy = hpkm_no_attributes,
		.maxattr = HPKM_NO_ATTRIBUTES,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = HPKM_CMD_STATE_RESTORE,
		.doit = state_restore,
		.policy = restore_policy,
		.maxattr = ARRAY_SIZE(restore_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = HPKM_CMD_STATE_READY,
		.doit = state_ready,
		.policy = hpkm_no_attributes,
		.maxattr = HPKM_NO_ATTRIBUTES,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = HPKM_CMD_STATE_NEXT,
		.doit = state_next,
		.policy = hpkm_no_attributes,
		.maxattr = HPKM_NO_ATTRIBUTES,
		.flags = GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd = HPKM_CMD_STATE_WRITTEN,
		.doit = state_written,
		.policy = written_policy,
		.maxattr = ARRAY_SIZE(written_policy) - 1,
		.flags = GENL_UNS_ADMIN_PERM,
	},
};

const struct hpkm_object hpkm_object_state = { ops, ARRAY_SIZE(ops) };
