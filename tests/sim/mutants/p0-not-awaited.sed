# A device that has started does not wait until that is durable.
# file: machine_store.c
# suite: chacha20poly1305
s/hpkm_store_and_freeze(machine, HPKM_WRITE_P0, now);/hpkm_store_soon(machine, now);/
