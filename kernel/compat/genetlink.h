/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink, where kernels differ.  Kbuild looks for what there is. */
#ifndef _HPKM_COMPAT_GENETLINK_H
#define _HPKM_COMPAT_GENETLINK_H

#include <linux/atomic.h>
#include <net/genetlink.h>

/* The request's attributes, in a dumpit(). */
static inline struct nlattr **hpkm_dump_attrs(struct netlink_callback *cb)
{
#ifdef HPKM_HAS_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#define HPKM_SENTENCE_MAX	80

#ifdef HPKM_HAS_EXTACK_BUFFER

struct hpkm_sentences { };

#define hpkm_extack_format(extack, sentences, ...) \
	hpkm_extack_print(extack, __VA_ARGS__)

static inline __printf(2, 3)
void hpkm_extack_print(struct netlink_ext_ack *extack, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(extack->_msg_buf, sizeof(extack->_msg_buf), format, args);
	va_end(args);
	extack->_msg = extack->_msg_buf;
}

#else

/*
 * An extack is read after the request was done and this kernel's has no room
 * for text, so what is formatted needs a longer life.  A sentence is used
 * again after as many others; then an answer that was not yet written shows
 * the later one.
 */
struct hpkm_sentences {
	atomic_t used;
	char text[8][HPKM_SENTENCE_MAX];
};

static inline __printf(3, 4)
void hpkm_extack_format(struct netlink_ext_ack *extack, struct hpkm_sentences *sentences,
			const char *format, ...)
{
	unsigned int i = atomic_inc_return(&sentences->used);
	char *text = sentences->text[i % ARRAY_SIZE(sentences->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, HPKM_SENTENCE_MAX, format, args);
	va_end(args);
	extack->_msg = text;
}

#endif

#endif /* _HPKM_COMPAT_GENETLINK_H */
