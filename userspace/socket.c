// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include "interrupt.h"
#include "socket.h"

#define RECEIVE_BUFFER	0x100000	/* events come in bursts */

struct sock {
	struct nl_sock *nl;
};

/**
 * clock_ms - milliseconds of a clock that nobody sets
 */
int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int set_option(struct nl_sock *nl, int option)
{
	int on = 1;

	return setsockopt(nl_socket_get_fd(nl), SOL_NETLINK, option, &on, sizeof(on));
}

/**
 * sock_open - connect to generic netlink
 * @made: receives the socket
 *
 * Return: 0 or a negative errno
 */
int sock_open(struct sock **made)
{
	struct nl_sock *nl = nl_socket_alloc();
	struct sock *sock = calloc(1, sizeof(*sock));

	*made = sock;
	if (!nl || !sock) {
		nl_socket_free(nl);
		free(sock);
		return -ENOMEM;
	}
	sock->nl = nl;
	if (nl_connect(nl, NETLINK_GENERIC))
		goto failed;
	/*
	 * Capped acknowledgments do not carry the request back, which may
	 * hold a key.
	 */
	if (set_option(nl, NETLINK_EXT_ACK) || set_option(nl, NETLINK_CAP_ACK))
		goto failed;
	if (nl_socket_set_nonblocking(nl))
		goto failed;
	/* Best effort: with less, events are lost sooner, and that is told. */
	nl_socket_set_buffer_size(nl, RECEIVE_BUFFER, 0);
	return 0;

failed:
	sock_close(sock);
	return errno ? -errno : -EPROTO;
}

/**
 * sock_close - give a socket back
 * @sock: the socket, or NULL
 */
void sock_close(struct sock *sock)
{
	int saved = errno;

	if (!sock)
		return;
	nl_socket_free(sock->nl);
	free(sock);
	errno = saved;
}

/**
 * sock_join - receive what is sent to a multicast group
 * @sock: the socket
 * @group: the group's number
 *
 * Return: 0 or a negative errno
 */
int sock_join(struct sock *sock, uint32_t group)
{
	return nl_socket_add_membership(sock->nl, group) ? -errno : 0;
}

/**
 * sock_send - send a request
 * @sock: the socket
 * @msg: the request, which gets its sequence number here
 *
 * Return: 0 or a negative errno
 */
int sock_send(struct sock *sock, struct nl_msg *msg)
{
	return nl_send_auto(sock->nl, msg) < 0 ? -errno : 0;
}

/* Signals that interrupt_catch() holds back come through here only. */
static int wait_readable(struct sock *sock, int64_t deadline)
{
	struct pollfd fd = { .fd = nl_socket_get_fd(sock->nl), .events = POLLIN };
	int64_t left = deadline - clock_ms();
	struct timespec limit;
	int got;

	if (left < 0)
		left = 0;
	limit = (struct timespec){ left / 1000, left % 1000 * 1000000 };
	got = ppoll(&fd, 1, &limit, interrupt_mask());
	if (got < 0)
		return -errno;
	return got ? 0 : -ETIMEDOUT;
}

static int receive_now(struct sock *sock, void **data)
{
	struct sockaddr_nl from = { 0 };
	int len;

	len = nl_recv(sock->nl, &from, (unsigned char **)data, NULL);
	if (len == -NLE_AGAIN || !len)
		return -EAGAIN;
	if (len == -NLE_NOMEM)
		return -ENOBUFS;
	if (len < 0)
		return -EIO;
	if (!from.nl_pid)
		return len;
	free(*data);
	*data = NULL;
	return -EAGAIN;
}

/**
 * sock_receive - wait for one datagram from the kernel
 * @sock: the socket
 * @deadline: until when, by clock_ms()
 * @data: receives the messages, which the caller frees
 *
 * Return: octets received, -ETIMEDOUT, -EINTR after a signal that was caught,
 * -ENOBUFS when messages were lost, or another negative errno
 */
int sock_receive(struct sock *sock, int64_t deadline, void **data)
{
	int ret;

	*data = NULL;
	do {
		ret = wait_readable(sock, deadline);
		if (!ret)
			ret = receive_now(sock, data);
		if (ret == -EINTR && !interrupt_caught())
			ret = -EAGAIN;
	} while (ret == -EAGAIN);
	return ret;
}

/**
 * sock_drops - how many messages the socket had no room for
 * @sock: the socket
 */
uint32_t sock_drops(const struct sock *sock)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(nl_socket_get_fd(sock->nl), SOL_SOCKET, SO_MEMINFO, info, &len))
		return 0;
	return info[SK_MEMINFO_DROPS];
}

/**
 * sock_ifindex - find a network device
 * @device: its name
 *
 * Return: its index, or 0 if there is none
 */
int sock_ifindex(const char *device)
{
	return if_nametoindex(device);
}
