# Exchanges under the epoch before go on after P3.
# file: machine_update.c
# suite: chacha20poly1305
/^static int on_finish(/,/^}/ s/hpkm_exchange_purge(machine);//
