# Suite 0's C1 does not say under which epoch it is.
# file: suite_xor.c
# suite: xor
/^static bool xor_c1_concerns(/,/^}/ s/return .*;/return true;/
