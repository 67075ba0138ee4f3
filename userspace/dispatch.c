// SPDX-License-Identifier: GPL-2.0
/* The table of objects, help, and which function a command line means. */
#include <string.h>

#include "netlink.h"
#include "objects.h"
#include "store.h"

const struct object objects[] = {
	{ "show", show_verbs, "an overview", NULL, true },
	{ "device", device_verbs, "this device" },
	{ "link", link_verbs, "network devices that are protected" },
	{ "sk", sk_verbs, "the shared passphrase, one per suite",
	  "The passphrase is never an argument: others could see it.  A file or\n"
	  "descriptor has 1 to 1024 octets of UTF-8; one newline at its end does not\n"
	  "count." },
	{ "pair", pair_verbs, "make two devices peers",
	  "Do the same on the other device.  The window is 120 s unless you say\n"
	  "otherwise.  'override' pairs although the network is not isolated." },
	{ "peer", peer_verbs, "devices that were paired" },
	{ "session", session_verbs, "keys in use",
	  "N is the index that 'log show' prints." },
	{ "log", log_verbs, "the history that new keys are made of" },
	{ "policy", policy_verbs, "when records and key updates are made" },
	{ "location", location_verbs, "where this device says it is" },
	{ "message", message_verbs, "words for a peer, delivered once" },
	{ "persist", persist_verbs, "keep state over power loss",
	  "DIR is " STORE_DEFAULT " if not given.  With 'background', the command returns\n"
	  "when all that the module has is kept, within 30 s or not at all, and goes on\n"
	  "without it.  With no agent, peers have to be paired anew after a reboot.", true },
	{ "state", state_verbs, "moving a device to another machine",
	  "DIR is " STORE_DEFAULT " if not given.  FILE has all keys of the device: keep it\n"
	  "secret, and use the state in one place only." },
	{ "monitor", monitor_verbs, "what happens, as it happens",
	  "With 'count', running into the timeout is exit status 5.", true },
	{ "help", NULL, "this, or 'help OBJECT'" },
	{ NULL }
};

static const char peer_help[] =
	"PEER is a peer's id (32 hexadecimal digits), 4 or more digits that begin it,\n"
	"its name, or 'dev DEV' when that link has one peer.\n";

static const char exit_help[] =
	"Exit status: 0 done, 1 refused or failed, 2 wrong usage, 3 module not loaded,\n"
	"4 not permitted, 5 nothing came in time.\n";

static void verb_help(FILE *to, const struct object *object,
		      const struct verb *verb)
{
	bool gap = *verb->usage;

	fprintf(to, "  hpkm-nl [-j] %s", object->name);
	if (!object->bare)
		fprintf(to, " %s", verb->name);
	fprintf(to, "%s%s\n        %s\n", gap ? " " : "", verb->usage, verb->help);
}

static void object_help(FILE *to, const struct object *object)
{
	const struct verb *verb;
	bool peers = false;

	fprintf(to, "hpkm-nl %s: %s\n\n", object->name, object->help);
	for (verb = object->verbs; verb && verb->name; verb++) {
		verb_help(to, object, verb);
		peers |= !!strstr(verb->usage, "PEER");
	}
	if (object->notes)
		fprintf(to, "\n%s\n", object->notes);
	if (peers)
		fprintf(to, "\n%s", peer_help);
}

static void tool_help(FILE *to)
{
	const struct object *object;

	fputs("Usage: hpkm-nl [-j|--json] OBJECT [COMMAND ...]\n"
	      "       hpkm-nl --help | --version\n\n"
	      "Objects:\n", to);
	for (object = objects; object->name; object++)
		fprintf(to, "  %-10s%s\n", object->name, object->help);
	fprintf(to, "\nWithout a command, an object is shown.  Words may be cut short as long as\n"
		"they stay unambiguous.  'hpkm-nl OBJECT --help' tells more.\n\n%s", exit_help);
}

static bool wants_help(const struct args *args)
{
	return args->count && (!strcmp(*args->word, "--help") ||
			       !strcmp(*args->word, "-h") ||
			       !strcmp(*args->word, "help"));
}

static enum status help(struct tool *tool, struct args *args)
{
	const char *given = args_take(args);
	int i;

	if (!given) {
		tool_help(tool->out);
		return STATUS_DONE;
	}
	i = word_index(tool, objects, sizeof(*objects), "object", given);
	if (i < 0)
		return STATUS_USAGE;
	if (objects[i].verbs)
		object_help(tool->out, &objects[i]);
	else
		tool_help(tool->out);
	return args_end(tool, args);
}

static enum status run_object(struct tool *tool, const struct object *object,
			      struct args *args)
{
	const struct verb *verbs = object->verbs;
	const char *given;
	int i = 0;

	if (wants_help(args)) {
		object_help(tool->out, object);
		return STATUS_DONE;
	}
	if (object->bare)
		return verbs->run(tool, args);
	given = args_take(args);
	if (given)
		i = word_index(tool, verbs, sizeof(*verbs), "command", given);
	return i < 0 ? STATUS_USAGE : verbs[i].run(tool, args);
}

static enum status run(struct tool *tool, struct args *args)
{
	const char *given = args_take(args);
	int i;

	if (!given) {
		tool_help(tool->err);
		return STATUS_USAGE;
	}
	i = word_index(tool, objects, sizeof(*objects), "object", given);
	if (i < 0)
		return STATUS_USAGE;
	if (!objects[i].verbs)
		return help(tool, args);
	return run_object(tool, &objects[i], args);
}

/* Returns whether the program goes on after the option. */
static bool take_option(struct tool *tool, const char *option,
			enum status *status)
{
	if (!strcmp(option, "-j") || !strcmp(option, "--json")) {
		tool->json = true;
		return true;
	}
	if (!strcmp(option, "-h") || !strcmp(option, "--help"))
		tool_help(tool->out);
	else if (!strcmp(option, "-V") || !strcmp(option, "--version"))
		fprintf(tool->out, "hpkm-nl %s\n", HPKM_NL_VERSION);
	else
		*status = usage_error(tool, "unknown option '%s'", option);
	return false;
}

/**
 * tool_main - run one command line
 * @tool: this run: where output goes
 * @argc: words, with the program's name
 * @argv: the words
 *
 * Return: the exit status
 */
enum status tool_main(struct tool *tool, int argc, char **argv)
{
	struct args args = { argv + 1, argc - 1 };
	enum status status = STATUS_DONE;
	bool go_on = true;

	while (go_on && args.count && **args.word == '-')
		go_on = take_option(tool, args_take(&args), &status);
	if (go_on)
		status = run(tool, &args);
	netlink_close(tool);
	if (fflush(tool->out) || ferror(tool->out)) {
		complain(tool, "cannot write the output");
		return status ? status : STATUS_FAILED;
	}
	return status;
}
