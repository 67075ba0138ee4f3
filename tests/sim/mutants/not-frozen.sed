# Nothing waits for a write.
# file: machine.c
# suite: chacha20poly1305
/^bool hpkm_machine_frozen(/,/^}/ s/return .*;/return false;/
