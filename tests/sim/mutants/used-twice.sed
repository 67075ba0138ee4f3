# The requester keeps the record that became the triple.
# file: machine_update.c
# suite: chacha20poly1305
/^static int on_answer(/,/^}/ s/machine->ops->record_remove(machine, update->u.rid);//
