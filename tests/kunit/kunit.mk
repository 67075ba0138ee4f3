# SPDX-License-Identifier: GPL-2.0
#
# Appended to a copy of Kbuild to build the tests: one module of all of them
# and of hpkm without its edges, for which the tests stand in.

hpkm_kunit-y := $(filter-out kernel/edge/%,$(hpkm-y)) \
	$(patsubst $(src)/%.c,%.o,$(sort $(wildcard $(src)/tests/kunit/*.c \
						$(src)/tests/kunit/*/*.c)))
# The known answers: what reads them, and where the assembler finds them.
hpkm_kunit-y += tests/vectors/values.o tests/vectors/check.o
ccflags-y += -Wa,-I$(src)/tests/vectors
$(obj)/tests/kunit/test_vectors.o: $(wildcard $(src)/tests/vectors/*.txt) \
	$(wildcard $(src)/tests/vectors/*/*.txt)

# Calls that the tests look at on their way: see wrapped.h.
LDFLAGS_hpkm_kunit.o := $(addprefix --wrap=, \
	hpkm_dh hpkm_dh_public \
	hpkm_derive_parts hpkm_sealed_make hpkm_sealed_open hpkm_transcript_add \
	kfree kvfree kfree_sensitive kvfree_sensitive kmem_cache_free call_rcu kvfree_call_rcu \
	consume_skb kfree_skb_reason pskb_expand_head __alloc_skb)

ccflags-y += -I$(src)/kernel
obj-m := hpkm_kunit.o
