# SPDX-License-Identifier: GPL-2.0
#
# Appended to a copy of Kbuild to build the module of `make bench`: hpkm without its
# edges, for which the measurements stand in.

hpkm_bench-y := $(filter-out kernel/edge/%,$(hpkm-y)) \
	$(patsubst $(src)/%.c,%.o,$(sort $(wildcard $(src)/tests/bench/module/*.c)))
ccflags-y += -I$(src)/kernel
obj-m := hpkm_bench.o
