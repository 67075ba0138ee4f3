# A message older than all that are remembered is taken for a new one.
# file: receipt.c
# suite: chacha20poly1305
/^static bool message_known(/,/^}/ s/if (receipt->floor_valid/if (false/
