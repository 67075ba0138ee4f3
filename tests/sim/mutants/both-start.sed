# The smaller id installs the other's exchange while its own waits for ACK.
# file: machine_exchange.c
# suite: chacha20poly1305
s/machine->attempt.state == HPKM_ATTEMPT_WA)/false)/
