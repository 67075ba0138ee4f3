# Attempts are under the newest epoch alone.
# file: machine_exchange.c
# suite: chacha20poly1305
s/present\[machine->start.attempts % count\]/present[0]/
