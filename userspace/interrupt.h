/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_INTERRUPT_H
#define HPKM_NL_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>

void interrupt_catch(void);
bool interrupt_caught(void);
void interrupt_obeyed(void);
const sigset_t *interrupt_mask(void);
void interrupt_pass_on(void);

#endif
