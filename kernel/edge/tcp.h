/* SPDX-License-Identifier: GPL-2.0 */
/* TCP segments inside frames; see tcp.c and mss.c. */
#ifndef _HPKM_EDGE_TCP_H
#define _HPKM_EDGE_TCP_H

#include <linux/skbuff.h>
#include "../peer/port.h"

/**
 * struct hpkm_segment - a TCP segment inside a frame
 * @network: offset of the IP header, octets from the Ethernet header
 * @transport: the same of the TCP header
 * @headers: octets of a segment without options that are none of its data
 */
struct hpkm_segment {
	int network;
	int transport;
	int headers;
};

u32 hpkm_segment_hash(const struct sk_buff *skb, const struct hpkm_segment *segment, u32 seed);
bool hpkm_segment_find(const struct sk_buff *skb, struct hpkm_segment *segment);
int hpkm_mss_clamp(struct hpkm_port *port, struct sk_buff *skb);

#endif /* _HPKM_EDGE_TCP_H */
