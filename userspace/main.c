// SPDX-License-Identifier: GPL-2.0
#include "interrupt.h"
#include "tool.h"

int main(int argc, char **argv)
{
	struct tool tool = { .out = stdout, .err = stderr };
	enum status status = tool_main(&tool, argc, argv);

	interrupt_pass_on();
	return status;
}
