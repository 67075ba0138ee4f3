# SPDX-License-Identifier: GPL-2.0
#
# For people; the kernel's build system reads Kbuild.  All that is built goes
# to build/, kernels and guests to ~/.cache/hpkm (XDG_CACHE_HOME).

KDIR ?= /lib/modules/$(shell uname -r)/build
BUILD := $(abspath $(or $(HPKM_BUILD),build))
HARNESS := tests/harness
TEST ?=
SUITE ?=
TARGET ?=
CUTS ?=
KERNELS ?=
CASE ?=
SECONDS ?=
POINTS ?=
PART ?=
# Seconds: ten minutes a guest are too long for all that make check-debug does.
RACES ?= $(if $(PART),600,60)
ROUNDS ?=
MANY ?=
debug_parts = $(addprefix debug-$(1)-,planted kunit kselftest races)
DEBUG_TRACKS := "$(call debug_parts,uml) debug-uml-allocations" \
	"$(call debug_parts,kasan) $(call debug_parts,kcsan)"

export HPKM_BUILD := $(BUILD)
export UPDATE_EXPECTED
export RACES

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
make sim [SECONDS=n]    two simulated devices in storms, and cores with one fault each
make kunit [SUITE=x]    the protocol core, in user mode Linux
make kselftest [TEST=x] the whole, on Debian's stock kernel in QEMU; x or x:suite
make model [CASE=x]     every state of the commit machine, in Spin, and its mutants
make many [MANY=n]      a hub with so many devices
make fork               a virtual machine that is started twice
make power [CUTS=n]     power cuts: every kind once, or until n pairs were cut off
make power POINTS="x y" only those at certain writes: P0 to P4 and of pairings
make fuzz [TARGET=x]    what reads octets, fed with any; FUZZ_SECONDS a target
make fuzz PART=guest    the module itself: FUZZ_REQUESTS, FUZZ_FRAMES of them
make soak               what takes too long for every check
make check-kernels      on all stock kernels of Debian, amd64 and arm64
make bench [ROUNDS=n]   how fast it is, beside WireGuard and MACsec in one kernel
make bench PART="x y"   tcp, udp, ping, session, module or loss alone
make scaling [ROUNDS=n] what a second CPU is worth to each of them
make check-debug [PART=x]  the tests under kernels that look for faults
make check-debug PART=uml-races RACES=n  everything at once, for n seconds
make clean              remove build/
endef

.PHONY: all module helper userspace install deps deps-% check demo lint vectors sim \
	kunit kselftest model many fork power fuzz soak check-kernels check-debug bench \
	scaling test-userspace clean help

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
	@$(HARNESS)/install-deps.sh build userspace kunit guest lint model

deps-%:
	@$(HARNESS)/install-deps.sh $*

lint: deps-guest deps-lint
	@$(HARNESS)/lint

test-userspace: deps-build deps-userspace
	@$(HARNESS)/userspace-run

vectors: deps-build
	@$(HARNESS)/vectors-run

sim: deps-build
	@$(HARNESS)/sim-run $(if $(SECONDS),--seconds $(SECONDS))

kunit: deps-kunit
	@$(HARNESS)/kunit-run $(SUITE)

kselftest: deps-guest
	@$(HARNESS)/kselftest-run $(TEST)

model: deps-model
	@$(if $(CASE),$(HARNESS)/model-run $(CASE),$(HARNESS)/check model)

many: deps-kunit deps-guest
	@$(HARNESS)/many-run $(MANY)

fork: deps-guest
	@$(HARNESS)/fork-run

power: deps-guest
	@$(HARNESS)/power-run $(if $(CUTS),--cuts $(CUTS)) $(if $(POINTS),--points $(POINTS) --random 0)

fuzz: deps-build deps-userspace deps-fuzz deps-kunit deps-guest
	@$(HARNESS)/$(if $(TARGET),fuzz-host $(TARGET),$(if $(PART),fuzz-run $(PART),check fuzz))

check-debug: deps-kunit deps-guest
	@$(HARNESS)/check $(if $(PART),"$(addprefix debug-,$(PART))",$(DEBUG_TRACKS))

bench: deps-kunit deps-guest deps-bench
	@$(HARNESS)/bench-run $(if $(ROUNDS),--rounds $(ROUNDS)) $(addprefix --part ,$(PART))

scaling: deps-guest deps-bench
	@$(HARNESS)/scaling-run $(if $(ROUNDS),--rounds $(ROUNDS))

soak: deps-guest
	@$(HARNESS)/soak

check: deps
	@$(HARNESS)/check

check-kernels: deps-guest deps-kernels
	@$(HARNESS)/$(if $(KERNELS),kernels-run $(KERNELS),check kernels)

demo: deps-build deps-guest
	@$(HARNESS)/guest-build amd64
	@$(HARNESS)/guest-build arm64
	@tests/demo/run

clean:
	rm -rf $(BUILD) hpkm.ko
