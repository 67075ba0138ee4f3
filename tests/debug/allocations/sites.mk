# SPDX-License-Identifier: GPL-2.0
# Appended to Kbuild: the module as it is, but for what sites.h makes of it.
sites := tests/debug/allocations

hpkm-y := $(sites)/begin.o $(hpkm-y) $(sites)/sites.o $(sites)/end.o
ccflags-y += -include $(src)/$(sites)/sites.h
