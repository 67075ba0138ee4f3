# Half-open exchanges go on while the responder's P1 is undecided, and after it.
# file: machine_update.c
# suite: chacha20poly1305
/^static void prepare(/,/^}/ s/hpkm_exchange_purge(machine);//
