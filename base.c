/* SPDX-License-Identifier: MIT */
/* base.c - the image that the pages of a dump are compared with: --base */
#include "base.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "image.h"
#include "util.h"

int base_open(struct base *b, const char *path, const char *out, struct payload *strs)
{
        struct stat was, will;
        int rc;

        if (strcmp(path, "-") == 0)
                return fail("standard input is no base: it could not be found when the image is read");
        if (stat(path, &was) < 0)
                return fail("%s:", path);
        errno = EISDIR;
        if (S_ISDIR(was.st_mode))
                return fail("%s:", path);
        if (!S_ISREG(was.st_mode))
                return fail("%s: is no file, and could not be found when the image is read", path);
        b->load = load_open(&b->model, path);
        if (!b->load || load_state(b->load) < 0)
                return -1;
        load_watch(b->load, stop_wanted);
        rc = stat(out, &will) < 0 ? 0 : load_needs(b->load, will.st_dev, will.st_ino);
        if (rc)
                return rc < 0 ? -1 : fail("%s: is the base, and would be replaced, or a base of that", out);
        payload_str(strs, IMG_STR_BASE, path, strlen(path));
        payload_str(strs, IMG_STR_BASE_ID, b->model.header.id, sizeof b->model.header.id);
        return 0;
}

int base_page(void *arg, uint64_t addr, const unsigned char **page)
{
        struct base *b = arg;

        return load_page(b->load, addr, page);
}

void base_close(struct base *b)
{
        if (!b->load)
                return;
        load_close(b->load);
        model_free(&b->model);
        *b = (struct base){ 0 };
}
