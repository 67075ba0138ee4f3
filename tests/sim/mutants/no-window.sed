# A frame that was taken is taken again.
# file: replay.c
# suite: chacha20poly1305
s/__set_bit(bit_of(counter), replay->seen);//
