# C1 is answered while the pair pairs.
# file: machine_exchange.c
# suite: chacha20poly1305
s/if (!machine->linked || machine->pairing || hpkm_machine_frozen(machine))/if (!machine->linked || hpkm_machine_frozen(machine))/
