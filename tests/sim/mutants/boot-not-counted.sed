# A start is not told from the one before.
# file: machine_store.c
# suite: chacha20poly1305
s/machine->durable.boot++;//
