# Half-open exchanges go on while the requester's P2 is undecided, and after it.
# file: machine_update.c
# suite: chacha20poly1305
/^static int on_answer(/,/^}/ s/hpkm_exchange_purge(machine);//
