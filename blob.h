/* SPDX-License-Identifier: MIT */
/* blob.h - the parasite as bytes of the tool: parasite.bin, which starts with a struct parasite_head */
#ifndef BLOB_H
#define BLOB_H

extern const unsigned char blob_start[], blob_end[];

#endif
