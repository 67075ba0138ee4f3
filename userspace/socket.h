/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_SOCKET_H
#define HPKM_NL_SOCKET_H

#include <stdint.h>

#include <netlink/msg.h>

/*
 * The only part that talks to the kernel; the tests put another in its place.
 * All functions return 0 or more, or a negative errno.
 */
struct sock;

int64_t clock_ms(void);
int sock_open(struct sock **made);
void sock_close(struct sock *sock);
int sock_join(struct sock *sock, uint32_t group);
int sock_send(struct sock *sock, struct nl_msg *msg);
int sock_receive(struct sock *sock, int64_t deadline, void **data);
uint32_t sock_drops(const struct sock *sock);
int sock_ifindex(const char *device);

#endif
