// SPDX-License-Identifier: GPL-2.0
/*
 * The paper's Figs. 5 and 6, as an exchange of suite 0 goes.  They print
 * secrets, so the parameter is off by default and no other suite comes here.
 */
#include <linux/printk.h>
#include "internal.h"

bool hpkm_figures;

#define figure(fmt, ...)	pr_info("hpkm figure: " fmt "\n", ##__VA_ARGS__)

/* As the paper's console calls the elements, by index. */
static const char *const element_name[HPKM_ELEMENTS] = { "KEY", "TIME", "LI" };

static void xor_result(const struct hpkm_exchange *x, u8 out[HPKM_KEY_LEN])
{
	size_t i;

	for (i = 0; i < HPKM_KEY_LEN; i++)
		out[i] = x->epoch.x[x->a][i] ^ x->epoch.x[x->b][i];
}

static void c1_sent(const struct hpkm_exchange *x)
{
	u8 c1[HPKM_KEY_LEN];

	xor_result(x, c1);
	figure("=== Starting key Exchange (Step 1) ===");
	figure("Selected values: %s and %s", element_name[x->b], element_name[x->a]);
	figure("Unused values: %s (will be used for decryption)", element_name[x->unused]);
	figure("XOR result: %*phN", HPKM_KEY_LEN, c1);
	figure("Sending XOR result to Responder...");
	memzero_explicit(c1, sizeof(c1));
}

static void c1_opened(const struct hpkm_exchange *x)
{
	u8 c1[HPKM_KEY_LEN];

	xor_result(x, c1);
	figure("=== Processing key Exchange Request (Step 2) ===");
	figure("Received XOR value: %*phN", HPKM_KEY_LEN, c1);
	figure("Analyzing received XOR value...");
	figure("Identified values: %s and %s", element_name[x->b], element_name[x->a]);
	figure("Unused value: %s", element_name[x->unused]);
	figure("Generated Responder Random: %*phN", HPKM_KEY_LEN, x->random_responder);
	figure("Encrypting with %s and sending to Requester...", element_name[x->unused]);
	memzero_explicit(c1, sizeof(c1));
}

static void c2_opened(const struct hpkm_exchange *x)
{
	figure("=== Processing key Exchange Response (Step 3) ===");
	figure("Received encrypted data from Responder");
	figure("Using unused shared value: %s", element_name[x->unused]);
	figure("Successfully extracted Responder's random key using %s", element_name[x->unused]);
	figure("Responder Random: %*phN", HPKM_KEY_LEN, x->random_responder);
	figure("Generated Requester Random: %*phN", HPKM_KEY_LEN, x->random_initiator);
}

static void c3_opened(const struct hpkm_exchange *x)
{
	figure("=== Processing Requester's Random (Step 4) ===");
	figure("Successfully extracted Requester's random key");
	figure("Requester Random: %*phN", HPKM_KEY_LEN, x->random_initiator);
	figure("Generated verification value: %*phN", HPKM_KEY_LEN, x->challenge);
	figure("Sending Encrypted Challenge to Requester...");
}

static void c4_opened(const struct hpkm_exchange *x)
{
	figure("=== Processing Challenge ===");
	figure("Received Encrypted Challenge");
	figure("Decrypted Challenge: %*phN", HPKM_KEY_LEN, x->challenge);
	figure("Sending response encrypted with Requester Random...");
}

static void c5_opened(const struct hpkm_exchange *x)
{
	figure("=== Processing Challenge Response (Step 5) ===");
	figure("Decrypted verification value: %*phN", HPKM_KEY_LEN, x->challenge);
	figure("Challenge verified successfully");
	figure("=== Key Exchange Complete! ===");
	figure("Ready for encrypted communication.");
}

static void ack_opened(void)
{
	figure("Challenge verified successfully");
	figure("=== Key Exchange Complete! ===");
	figure("Ready for encrypted communication.");
}

/**
 * hpkm_figures_step() - print what the paper's console prints at this step
 * @step: what just happened
 * @x: the exchange, of suite 0
 *
 * Context: peer->lock.
 */
void hpkm_figures_step(enum hpkm_step step, const struct hpkm_exchange *x)
{
	if (!READ_ONCE(hpkm_figures))
		return;
	switch (step) {
	case HPKM_STEP_C1_SENT:
		c1_sent(x);
		break;
	case HPKM_STEP_C1_OPENED:
		c1_opened(x);
		break;
	case HPKM_STEP_C2_OPENED:
		c2_opened(x);
		break;
	case HPKM_STEP_C3_OPENED:
		c3_opened(x);
		break;
	case HPKM_STEP_C4_OPENED:
		c4_opened(x);
		break;
	case HPKM_STEP_C5_OPENED:
		c5_opened(x);
		break;
	case HPKM_STEP_ACK_OPENED:
		ack_opened();
		break;
	}
}
