/* SPDX-License-Identifier: MIT */
/* blob.S - the parasite as bytes of the tool; the Makefile names the file */
        .section .rodata
        .globl  blob_start, blob_end
        .balign 16
blob_start:
        .incbin PARASITE_BIN
blob_end:
        .section .note.GNU-stack, "", @progbits
