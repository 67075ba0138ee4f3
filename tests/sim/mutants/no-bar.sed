# Starting an exchange does not bar the session from updates.
# file: sessions.c
# suite: chacha20poly1305
/^void hpkm_sessions_bar(/,/^}/ s/bar(machine, machine->current_session);/;/
