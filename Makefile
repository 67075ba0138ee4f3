# SPDX-License-Identifier: GPL-2.0
#
# For people; the kernel's build system reads Kbuild.  All that is built goes
# to build/, kernels and guests to ~/.cache/hpkm (XDG_CACHE_HOME).

KDIR ?= /lib/modules/$(shell uname -r)/build
BUILD := $(abspath $(or $(HPKM_BUILD),build))
HARNESS := tests/harness
TEST ?=
SUITE ?=

export HPKM_BUILD := $(BUILD)
export UPDATE_EXPECTED

# The lanes share the machine and its two or so cores; each uses all of them.
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

define help
make                    hpkm.ko for this machine's kernel, and hpkm-nl
make module             hpkm.ko (KDIR=/path/to/kernel/build for another kernel)
make helper             hpkm-nl, in build/userspace
make install            both (DESTDIR, PREFIX)
make deps               install the Debian packages that all of this needs
make check              every test
make demo               the paper's experiment between two virtual machines
make lint               what reads the source: W=1, sparse, checkpatch, shellcheck
make test-userspace     unit tests of hpkm-nl
make vectors            known answers
make kunit [SUITE=x]    the protocol core, in user mode Linux
make kselftest [TEST=x] the whole, on Debian's stock kernel in QEMU
make clean              remove build/
endef

.PHONY: all module helper userspace install deps deps-% check demo lint vectors \
	kunit kselftest test-userspace clean help

all: module helper

help:
	$(info $(help))
	@:

module: deps-build
	@$(HARNESS)/module-build "$(KDIR)"

helper userspace: deps-build
	@$(MAKE) -s -C userspace O=$(BUILD)/userspace all

install: module helper
	@$(MAKE) -s -C userspace O=$(BUILD)/userspace install
	@$(MAKE) -s -C $(KDIR) M=$(BUILD)/module INSTALL_MOD_PATH=$(DESTDIR) modules_install
	@# Debian's headers have no System.map, without which kbuild leaves this out.
	@[ -n "$(DESTDIR)" ] || depmod "$$(modinfo -F vermagic hpkm.ko | cut -d' ' -f1)"

deps: deps-all

deps-all:
	@$(HARNESS)/install-deps.sh build userspace kunit guest lint

deps-%:
	@$(HARNESS)/install-deps.sh $*

lint: deps-guest deps-lint
	@$(HARNESS)/lint

test-userspace: deps-build deps-userspace
	@$(HARNESS)/userspace-run

vectors: deps-build
	@$(HARNESS)/vectors-run

kunit: deps-kunit
	@$(HARNESS)/kunit-run $(SUITE)

kselftest: deps-guest
	@$(HARNESS)/kselftest-run $(TEST)

check: deps
	@$(HARNESS)/check

demo: deps-build deps-guest
	@$(HARNESS)/guest-build amd64
	@$(HARNESS)/guest-build arm64
	@tests/demo/run

clean:
	rm -rf $(BUILD) hpkm.ko
