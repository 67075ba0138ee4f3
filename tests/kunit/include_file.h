/* SPDX-License-Identifier: GPL-2.0 */
/* A file as an object: from @symbol to @symbol_end.  The assembler knows where files are. */
#ifndef _HPKM_TESTS_INCLUDE_FILE_H
#define _HPKM_TESTS_INCLUDE_FILE_H

#define INCLUDE_FILE(symbol, file)				\
	asm(".pushsection .rodata\n"				\
	    ".global " #symbol ", " #symbol "_end\n"		\
	    #symbol ":\n\t.incbin \"" file "\"\n"		\
	    #symbol "_end:\n"					\
	    ".popsection\n");					\
	extern const char symbol[], symbol##_end[]

#endif /* _HPKM_TESTS_INCLUDE_FILE_H */
