# An older request than the last is taken, too.
# file: machine_update.c
# suite: xor
s/u->uctr <= machine->current_session->peer_uctr))/false))/
