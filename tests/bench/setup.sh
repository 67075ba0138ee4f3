#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: setup.sh
#
# Runs in the guest: all kinds of kinds.bash, side by side, to stay.

here=$(dirname "$0")
. "$here/../kselftest/lib.sh"
. "$here/../kselftest/hosts.bash"
# shellcheck source=tests/bench/kinds.bash
. "$here/kinds.bash"
trap 'rm -rf "$tmp"' EXIT

load_module
# Whoever receives a flood shares the processor with who sends it.
echo 33554432 >/proc/sys/net/core/rmem_default
for kind in "${kinds[@]}"; do
	built "$kind" || ktap_bail "the hosts of $kind do not reach each other"
done
