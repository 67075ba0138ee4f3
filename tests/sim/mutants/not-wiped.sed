# An update's secrets stay in memory when it has ended.
# file: machine_update.c
# suite: chacha20poly1305
/^static void release(/,/^}/ s/memzero_explicit(update, sizeof(\*update));//
