// SPDX-License-Identifier: GPL-2.0
/* sk: the shared passphrase, one per suite. */
#include <limits.h>

#include "netlink.h"
#include "secret.h"
#include "suite.h"

static const struct field sk_fields[] = {
	{ HPKM_SK_A_SUITE, "suite", &as_word, NLA_U8, .words = suite_words },
	{ HPKM_SK_A_FINGERPRINT, "fingerprint", &as_hex, NLA_BINARY,
	  HPKM_FINGERPRINT_LEN, HPKM_FINGERPRINT_LEN },
	{ 0 }
};

static const struct column sk_columns[] = {
	{ "suite", HPKM_SK_A_SUITE },
	{ "fingerprint", HPKM_SK_A_FINGERPRINT },
	{ NULL }
};

static const struct table sk_table = { "sk", sk_fields, sk_columns };

static enum status sk_show(struct tool *tool, struct args *args)
{
	enum status status = args_end(tool, args);
	struct request request;

	if (!status)
		status = netlink_open(tool);
	if (status)
		return status;
	request = request_new(tool, HPKM_CMD_SK_GET);
	return request_dump_show(tool, &request, &sk_table);
}

enum sk_keyword { SK_SUITE, SK_FILE, SK_FD };

struct sk_source {
	unsigned int seen;
	unsigned int suite;
	const char *file;
	uint64_t fd;
};

static enum status sk_keyword(struct tool *tool, struct args *args,
			      enum sk_keyword keyword, struct sk_source *source)
{
	switch (keyword) {
	case SK_SUITE:
		return args_suite(tool, args, &source->suite);
	case SK_FILE:
		source->file = args_need(tool, args, "file name");
		return source->file ? STATUS_DONE : STATUS_USAGE;
	case SK_FD:
		return args_number(tool, args, "file descriptor", 0, INT_MAX, &source->fd);
	}
	return STATUS_USAGE;
}

static enum status sk_source(struct tool *tool, struct args *args,
			     struct sk_source *source)
{
	static const struct word keywords[] = {
		{ "suite", SK_SUITE }, { "file", SK_FILE }, { "fd", SK_FD }, { NULL }
	};
	enum status status = STATUS_DONE;
	int keyword;

	while (!status) {
		keyword = args_keyword(tool, args, keywords, &source->seen);
		if (keyword == WORD_NONE_LEFT)
			break;
		if (keyword == WORD_UNKNOWN)
			return STATUS_USAGE;
		status = sk_keyword(tool, args, keyword, source);
	}
	if (status)
		return status;
	if (source->seen & 1 << SK_FILE && source->seen & 1 << SK_FD)
		return usage_error(tool, "'file' and 'fd' exclude each other");
	return STATUS_DONE;
}

static enum status sk_send(struct tool *tool, unsigned int suite,
			   const struct secret *secret)
{
	struct request request = request_new(tool, HPKM_CMD_SK_SET);

	request_u8(&request, HPKM_SK_A_SUITE, suite);
	request_octets(&request, HPKM_SK_A_KEY, secret->key, sizeof(secret->key));
	return request_do(tool, &request, NULL);
}

static enum status sk_read(struct tool *tool, const struct sk_source *source,
			   struct secret *secret)
{
	if (source->file)
		return secret_from_file(tool, secret, source->file);
	if (source->seen & 1 << SK_FD)
		return secret_from_fd(tool, secret, source->fd);
	return secret_ask(tool, secret);
}

static enum status sk_set(struct tool *tool, struct args *args)
{
	struct sk_source source = { .suite = SUITE_DEFAULT };
	struct secret *secret;
	enum status status;

	status = sk_source(tool, args, &source);
	if (!status)
		status = netlink_open(tool);
	if (status)
		return status;
	suite_warn(tool, source.suite);
	secret = secret_new(tool);
	if (!secret)
		return STATUS_FAILED;
	status = sk_read(tool, &source, secret);
	if (!status)
		status = secret_stretch(tool, secret);
	if (!status)
		status = sk_send(tool, source.suite, secret);
	secret_free(secret);
	return status;
}

static enum status sk_del(struct tool *tool, struct args *args)
{
	struct sk_source source = { 0 };
	struct request request;
	enum status status;

	status = sk_source(tool, args, &source);
	if (!status && source.seen != 1 << SK_SUITE)
		status = usage_error(tool, "'sk del' takes a suite and nothing else");
	if (!status)
		status = netlink_open(tool);
	if (status)
		return status;
	request = request_new(tool, HPKM_CMD_SK_DEL);
	request_u8(&request, HPKM_SK_A_SUITE, source.suite);
	return request_do(tool, &request, NULL);
}

const struct verb sk_verbs[] = {
	{ "show", "", sk_show, "which suites have one, with fingerprints" },
	{ "set", "[suite SUITE] [file FILE | fd N]", sk_set,
	  "read the passphrase from a prompt (twice, unseen), a file or a descriptor" },
	{ "del", "suite SUITE", sk_del, "forget it" },
	{ NULL }
};
