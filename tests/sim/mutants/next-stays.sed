# An exchange under cur leaves next where it is.
# file: machine_exchange.c
# suite: chacha20poly1305
s/if (slot == HPKM_EPOCH_CUR && !epoch\[HPKM_EPOCH_NEXT\].present &&/if (slot == HPKM_EPOCH_CUR \&\&/
