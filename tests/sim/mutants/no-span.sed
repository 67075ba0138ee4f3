# Messages are sent however far they are ahead of one that is missing.
# file: outbox.c
# suite: chacha20poly1305
/^static bool span_allows(/,/^}/ s/return .*;/return true;/
