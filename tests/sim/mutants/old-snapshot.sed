# After a write that failed, what it wrote is written again, not what is true by then.
# file: machine_store.c
# suite: chacha20poly1305
/^static void write(/i \
static enum hpkm_stored store_old(struct hpkm_machine *machine)\
{\
	static struct hpkm_durable issued[2];\
	struct hpkm_durable *old = &issued[machine->pair.own_is_smaller];\
	struct hpkm_durable now = machine->durable;\
	enum hpkm_stored result;\
\
	if (machine->store.failed)\
		machine->durable = *old;\
	*old = machine->durable;\
	result = machine->ops->store(machine);\
	machine->durable = now;\
	return result;\
}\

s/result = machine->ops->store(machine);/result = store_old(machine);/
