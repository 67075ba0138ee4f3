/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_KERNEL_SAYS_H
#define HPKM_NL_KERNEL_SAYS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/hpkm.h>
#include <linux/netlink.h>

#include "fake_socket.h"
#include "tool.h"

extern const uint8_t id_a[HPKM_ID_LEN], id_b[HPKM_ID_LEN];
#define ID_A	"a1b2c3d4e5f60718293a4b5c6d7e8f90"
#define ID_B	"a1b2ffd4e5f60718293a4b5c6d7e8f90"

/*
 * A message of the module's.  What follows, up to says_end(), becomes its
 * attributes; says_end() hands it to a socket.
 */
void says(uint8_t cmd);
void says_flags(uint16_t flags);
void says_u8(int attr, uint8_t value);
void says_u32(int attr, uint32_t value);
void says_u64(int attr, uint64_t value);
void says_flag(int attr);
void says_string(int attr, const char *value);
void says_octets(int attr, const void *data, int len);
void says_nest(int attr);
void says_nest_end(void);
const struct nlmsghdr *says_message(void);
void says_end(enum fake_which which);
void says_unasked(void);

void says_ack(void);
void says_refused(int error, const char *sentence);
void says_done(void);
void says_done_flags(uint16_t flags);
void *says_family(int *len);

void says_peer(const uint8_t *id, const char *name, const char *link);
void says_peers(void);
void says_record(uint64_t time, uint8_t who, uint8_t rec, const char *li,
		 const void *data, int len, uint32_t state);
void says_event(enum hpkm_event type, const uint8_t *peer);

/* One command line through tool_main(), with what it wrote. */
struct run {
	enum status status;
	char *out;
	char *err;
};

struct run run_words(char *const words[]);
void run_end(struct run *run);
#define RUN(...) run_words((char *const[]){ "hpkm-nl", __VA_ARGS__, NULL })

uint8_t sent_cmd(int i);
const struct nlattr *sent_attr(int i, int attr);

int fresh(void **state);

#endif
