# The responder promotes next before the requester has it.
# file: machine_update.c
# suite: chacha20poly1305
/^static void prepare(/,/^}/ s/machine->durable.epoch\[HPKM_EPOCH_NEXT\] = u->next;/*hpkm_current_epoch(machine) = u->next;/
