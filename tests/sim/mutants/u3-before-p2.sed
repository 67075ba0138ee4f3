# The requester finishes before its new epoch is durable.
# file: machine_update.c
# suite: chacha20poly1305
/^static int on_answer(/,/^}/ s/hpkm_store_and_freeze(machine, HPKM_WRITE_P2, now);/hpkm_store_soon(machine, now);\n\thpkm_update_committed(machine, now);/
