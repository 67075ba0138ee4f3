# The responder answers before its next is durable.
# file: machine_update.c
# suite: chacha20poly1305
/^static void prepare(/,/^}/ s/hpkm_store_and_freeze(/send(machine, update->answer, suite_of(machine)->update_answer_len);\n\t&/
