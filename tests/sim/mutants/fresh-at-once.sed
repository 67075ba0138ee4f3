# A takes the new context for the only one before B has it.
# file: machine_pairing.c
# suite: chacha20poly1305
s/machine->durable.epoch\[HPKM_EPOCH_FRESH\] = \*epoch;/*hpkm_current_epoch(machine) = *epoch;\n\thpkm_epoch_promote(machine, HPKM_EPOCH_CUR);/
