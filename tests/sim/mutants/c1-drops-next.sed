# next goes when a C1 under cur opens, not when an exchange under cur is done.
# file: machine_exchange.c
# suite: chacha20poly1305
/^static int answer_c1(/,/^}/ s/draw_randoms(machine, x);/&\n\tif (slot == HPKM_EPOCH_CUR)\n\t\thpkm_epoch_drop(machine, HPKM_EPOCH_NEXT);/
