/* SPDX-License-Identifier: GPL-2.0 */
#ifndef HPKM_NL_BACKGROUND_H
#define HPKM_NL_BACKGROUND_H

#include "tool.h"

enum background { BACKGROUND_FAILED, BACKGROUND_LEFT, BACKGROUND_ENTERED };

enum background background_enter(struct tool *tool);

#endif
