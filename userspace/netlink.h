/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_NETLINK_H
#define HPKM_NL_NETLINK_H

#include <stdint.h>

#include <linux/hpkm.h>
#include <linux/netlink.h>

#include "output.h"
#include "socket.h"
#include "tool.h"

#define EXTACK_MAX	256

/**
 * struct exchange - a request and what the kernel has said to it so far
 * @seq: the request's sequence number
 * @type: netlink message type that replies have
 * @rows: receives the replies; NULL if none are wanted
 * @heard: the kernel has said something to it since this was last cleared
 * @inconsistent: the dump was interrupted by a change
 * @malformed: a message was not what it should be
 * @error: 0 or the positive errno of a refusal
 * @sentence: why, in the kernel's words; empty if it did not say
 */
struct exchange {
	uint32_t seq;
	uint16_t type;
	struct rows *rows;
	bool heard;
	bool inconsistent;
	bool malformed;
	int error;
	char sentence[EXTACK_MAX];
};

void extack_sentence(const struct nlmsghdr *nlh, char sentence[EXTACK_MAX]);
bool exchange_message(struct exchange *exchange, const struct nlmsghdr *nlh);
bool exchange_buffer(struct exchange *exchange, const void *data, int len);
enum status status_of_errno(int error);

/**
 * struct request - a request that is being put together
 * @msg: the message
 * @bad: it did not fit or there is no memory
 * @accepted: an errno with which the kernel may refuse it: that is as good as done
 * @error: afterwards: 0 or the errno with which the kernel refused it
 */
struct request {
	struct nl_msg *msg;
	bool bad;
	int accepted;
	int error;
};

enum status netlink_open(struct tool *tool);
void netlink_close(struct tool *tool);

struct request request_new(struct tool *tool, uint8_t cmd);
void request_u8(struct request *request, int attr, uint8_t value);
void request_u32(struct request *request, int attr, uint32_t value);
void request_u64(struct request *request, int attr, uint64_t value);
void request_flag(struct request *request, int attr);
void request_string(struct request *request, int attr, const char *value);
void request_octets(struct request *request, int attr, const void *data, int len);
enum status request_device(struct tool *tool, struct request *request, int attr,
			   const char *device, uint32_t *ifindex);

enum status request_do(struct tool *tool, struct request *request,
		       struct rows *rows);
enum status request_dump(struct tool *tool, struct request *request,
			 struct rows *rows);
enum status request_dump_show(struct tool *tool, struct request *request,
			      const struct table *table);

void wakeup_open(struct tool *tool, uint8_t cmd);
enum status wakeup_wait(struct tool *tool, int64_t deadline);

/* A subscription to what happens in the module. */
struct events;

enum status events_open(struct tool *tool, struct events **made);
void events_close(struct events *events);
enum status events_next(struct tool *tool, struct events *events,
			int64_t deadline, struct row *row);

#endif
