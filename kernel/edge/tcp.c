// SPDX-License-Identifier: GPL-2.0
/* Where in a frame there is a TCP segment. */
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/jhash.h>
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include "../compat/unaligned.h"
#include "tcp.h"

/* A customer's tag inside a provider's. */
#define VLAN_TAGS_MAX	2

/* The EtherType behind the tags, and where that begins; 0 if there are too many. */
static __be16 skip_tags(const struct sk_buff *skb, int *offset)
{
	__be16 proto = ((const struct ethhdr *)skb->data)->h_proto;
	const struct vlan_hdr *tag;
	struct vlan_hdr copy;
	int tags = 0;

	*offset = ETH_HLEN;
	while (eth_type_vlan(proto)) {
		tag = skb_header_pointer(skb, *offset, sizeof(copy), &copy);
		if (!tag || ++tags > VLAN_TAGS_MAX)
			return 0;
		proto = tag->h_vlan_encapsulated_proto;
		*offset += VLAN_HLEN;
	}
	return proto;
}

static bool find_in_ipv4(const struct sk_buff *skb, struct hpkm_segment *segment)
{
	const struct iphdr *ip;
	struct iphdr copy;

	ip = skb_header_pointer(skb, segment->network, sizeof(copy), &copy);
	if (!ip || ip->version != 4 || ip->ihl < 5 || ip->protocol != IPPROTO_TCP ||
	    ip->frag_off & htons(IP_OFFSET))
		return false;
	segment->transport = segment->network + ip->ihl * 4;
	segment->headers = sizeof(*ip) + sizeof(struct tcphdr);
	return true;
}

/* AH would show that something was changed. */
static bool is_sealed(const struct sk_buff *skb, const struct hpkm_segment *segment)
{
	unsigned int offset = segment->network;

	return ipv6_find_hdr(skb, &offset, NEXTHDR_AUTH, NULL, NULL) >= 0;
}

static bool find_in_ipv6(const struct sk_buff *skb, struct hpkm_segment *segment)
{
	const struct ipv6hdr *ip;
	struct ipv6hdr copy;
	__be16 fragment = 0;
	u8 next;

	ip = skb_header_pointer(skb, segment->network, sizeof(copy), &copy);
	if (!ip || ip->version != 6)
		return false;
	next = ip->nexthdr;
	segment->transport = ipv6_skip_exthdr(skb, segment->network + sizeof(*ip), &next,
					      &fragment);
	segment->headers = sizeof(*ip) + sizeof(struct tcphdr);
	if (segment->transport < 0 || next != IPPROTO_TCP || fragment & htons(IP6_OFFSET))
		return false;
	return ip->nexthdr == IPPROTO_TCP || !is_sealed(skb, segment);
}

/**
 * hpkm_segment_find() - is there a TCP segment in this frame, and where
 * @skb: any frame, its data at the Ethernet header, without a hardware VLAN tag
 * @segment: receives where
 *
 * Behind up to two VLAN tags, and the first fragment of several as well.  What IPsec
 * protects is not found.  The TCP header need not be whole.  Context: any.
 */
bool hpkm_segment_find(const struct sk_buff *skb, struct hpkm_segment *segment)
{
	switch (skip_tags(skb, &segment->network)) {
	case htons(ETH_P_IP):
		return find_in_ipv4(skb, segment);
	case htons(ETH_P_IPV6):
		return find_in_ipv6(skb, segment);
	default:
		return false;
	}
}

/**
 * hpkm_segment_hash() - what all segments of a TCP flow have in common, and few others
 * @skb: linear
 * @segment: from hpkm_segment_find()
 * @seed: random
 *
 * Much less work than skb_get_hash(), which looks for everything.  Context: any.
 */
u32 hpkm_segment_hash(const struct sk_buff *skb, const struct hpkm_segment *segment, u32 seed)
{
	const u8 *ip = skb->data + segment->network;
	bool is_ipv4 = *ip >> 4 == 4;
	const u8 *addresses = ip + (is_ipv4 ? offsetof(struct iphdr, saddr) :
					      offsetof(struct ipv6hdr, saddr));
	size_t words = 2 * (is_ipv4 ? sizeof(__be32) : sizeof(struct in6_addr)) / sizeof(u32);
	u32 flow[1 + 2 * sizeof(struct in6_addr) / sizeof(u32)];
	const u32 *ports;

	/* Nothing where the header is cut off. */
	ports = skb_header_pointer(skb, segment->transport, sizeof(*flow), flow);
	*flow = ports ? get_unaligned(ports) : 0;
	memcpy(flow + 1, addresses, words * sizeof(u32));
	return jhash2(flow, 1 + words, seed);
}
