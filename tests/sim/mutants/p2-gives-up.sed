# A P2 that failed is not written until it succeeds: it counts as done.
# file: machine_store.c
# suite: chacha20poly1305
s/kind == HPKM_WRITE_P0 || kind == HPKM_WRITE_P2 ||/kind == HPKM_WRITE_P0 ||/
