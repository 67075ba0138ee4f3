// SPDX-License-Identifier: GPL-2.0
/* TCP is told how much crosses a link in one frame: protocol section 6. */
#include <linux/etherdevice.h>
#include <linux/tcp.h>
#include <net/checksum.h>
#include <net/tcp.h>
#include "../compat/unaligned.h"
#include "tcp.h"

#define HEADER_MAX	(15 * 4)

/* TCP-AO (RFC 5925), whose MAC is over the options, too. */
#define OPTION_AO	29

/* Octets of a SYN's TCP header with options; 0 if it is another segment, or cut off. */
static int syn_len(const struct sk_buff *skb, int transport)
{
	const struct tcphdr *tcp;
	struct tcphdr copy;
	int len;

	tcp = skb_header_pointer(skb, transport, sizeof(copy), &copy);
	if (!tcp || !tcp->syn)
		return 0;
	len = tcp->doff * 4;
	return len > sizeof(*tcp) && transport + len <= skb->len ? len : 0;
}

/*
 * Where the value of the option is in a header of @len octets; 0 if it has none, or
 * none that may be changed.  The last one counts.
 */
static int find_mss(const u8 *header, int len)
{
	int at = sizeof(struct tcphdr), mss = 0;

	while (at < len && header[at] != TCPOPT_EOL) {
		if (header[at] == TCPOPT_NOP) {
			at++;
			continue;
		}
		if (len - at < 2 || header[at + 1] < 2 || header[at + 1] > len - at ||
		    header[at] == OPTION_AO)
			return 0;
		if (header[at] == TCPOPT_MSS && header[at + 1] == TCPOLEN_MSS)
			mss = at + 2;
		at += header[at + 1];
	}
	return mss;
}

/* Where there is an MSS that is larger than @most, in a SYN; 0 if there is none. */
static int find_larger(const struct sk_buff *skb, int transport, int most)
{
	int len = syn_len(skb, transport), mss;
	const u8 *header;
	u8 copy[HEADER_MAX];

	if (!len)
		return 0;
	header = skb_header_pointer(skb, transport, len, copy);
	mss = header ? find_mss(header, len) : 0;
	return mss && get_unaligned_be16(header + mss) > most ? transport + mss : 0;
}

/* A word of the checksum may begin at an odd octet of the option's. */
static void replace(struct sk_buff *skb, int transport, int at, u16 value)
{
	struct tcphdr *tcp = (struct tcphdr *)(skb->data + transport);
	u16 old = get_unaligned_be16(skb->data + at);

	put_unaligned_be16(value, skb->data + at);
	if ((at - transport) & 1) {
		old = swab16(old);
		value = swab16(value);
	}
	inet_proto_csum_replace2(&tcp->check, skb, htons(old), htons(value), false);
}

static int most_in_one_frame(struct hpkm_port *port, const struct sk_buff *skb,
			     const struct hpkm_segment *segment)
{
	int path_mtu = hpkm_port_path_mtu(port, (const struct ethhdr *)skb->data) -
		       (segment->network - ETH_HLEN);

	return max(path_mtu, HPKM_PATH_MTU_MIN) - segment->headers;
}

/**
 * hpkm_mss_clamp() - make what a SYN asks for fit
 * @port: which it will cross
 * @skb: any frame, its data at the Ethernet header, without a hardware VLAN tag
 *
 * A SYN without the option asks for less than any path MTU is.  Whoever sends other
 * frames than TCP's, or has not seen this one, still reaches the other side: in two.
 *
 * Return: 0, or -ENOMEM if the frame could not be made writable.  Context: RCU read
 * side.
 */
int hpkm_mss_clamp(struct hpkm_port *port, struct sk_buff *skb)
{
	struct hpkm_segment segment;
	int most, at;

	if (!hpkm_segment_find(skb, &segment) || !syn_len(skb, segment.transport))
		return 0;
	most = most_in_one_frame(port, skb, &segment);
	at = find_larger(skb, segment.transport, most);
	if (!at)
		return 0;
	if (skb_ensure_writable(skb, at + sizeof(u16)))
		return -ENOMEM;
	replace(skb, segment.transport, at, most);
	return 0;
}
