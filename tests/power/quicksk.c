// SPDX-License-Identifier: GPL-2.0
/*
 * Stretching a passphrase takes a second of a real processor, and an emulated
 * one ten.  Where many devices get their SK and it is not what is tested:
 *
 *	LD_PRELOAD=libquicksk.so hpkm-nl sk set ...
 */
#include <string.h>

/* Instead of libsodium's, which stretches nothing here: 1 octet, repeated. */
int crypto_pwhash(unsigned char *out, unsigned long long out_len, const char *passphrase,
		  unsigned long long passphrase_len, const unsigned char *salt,
		  unsigned long long ops, size_t memory, int algorithm)
{
	(void)salt;
	(void)ops;
	(void)memory;
	(void)algorithm;
	memset(out, passphrase_len ? passphrase[0] : 0, out_len);
	return 0;
}
