/* SPDX-License-Identifier: MIT */
/*
 * replay.c - main() without libFuzzer
 *
 *      replay CORPUS [N]               every file below CORPUS through every target of its folder, then N
 *                                      mutations of each seed through each target that takes images
 *      replay CORPUS/FOLDER/FILE...    these files, through all targets of that folder; or of the one
 *                                      that FUZZ_TARGET names
 *      replay --seeds FOLDER           write the seeds there
 *      replay --damage cut IMAGE       it cut off at every length, through every target that takes images:
 *                                      which must see it
 *      replay --damage flip IMAGE      the same, with a bit of every byte flipped
 *      replay --targets                their names and folders
 *      replay --wrong JUDGE            is wrong on purpose, to be found out by that judge
 *
 * What is wrong ends it by a signal, after a message.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sanitizer/common_interface_defs.h>
#include <sys/stat.h>
#include <unistd.h>

#define IMAGE_MAX       (1u << 18)

static FILE *out;               /* what stdout was */
static const char *now;         /* what is being run */
static unsigned runs;

static void died(void)
{
        dprintf(fileno(out), "# died in target %s: %s\n", fuzz_target ? fuzz_target->name : "none", now ? now : "?");
}

static void die(const char *what)
{
        fprintf(out, "# %s: %m\n", what);
        fflush(out);
        exit(2);
}

static uint8_t *slurp(const char *path, size_t *len)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        struct stat st;
        uint8_t *p;

        if (fd < 0 || fstat(fd, &st) < 0)
                die(path);
        p = malloc((size_t)st.st_size + 1);
        if (!p || read(fd, p, (size_t)st.st_size) != st.st_size)
                die(path);
        close(fd);
        *len = (size_t)st.st_size;
        return p;
}

/* The input in memory of exactly its size, so that a byte too many is seen. */
static void run(const struct fuzz_target *t, const char *what, const uint8_t *data, size_t len)
{
        uint8_t *copy = malloc(len ? len : 1);

        if (!copy)
                die("malloc");
        memcpy(copy, data, len);
        fuzz_target = t;
        now = what;
        LLVMFuzzerTestOneInput(copy, len);
        free(copy);
        runs++;
}

static void run_file(const char *folder, const char *path)
{
        const char *only = getenv("FUZZ_TARGET");
        uint8_t *data;
        size_t len;
        unsigned before = runs;

        data = slurp(path, &len);
        for (const struct fuzz_target *t = fuzz_targets; t->name; t++)
                if (only ? strcmp(only, t->name) == 0 : strcmp(folder, t->corpus) == 0)
                        run(t, path, data, len);
        free(data);
        fprintf(out, "%s: %u targets\n", path, runs - before);
        if (runs == before)
                exit(1);
}

/* The name of the folder that a file is in. */
static const char *folder_of(const char *path)
{
        static char folder[4096];
        const char *name = strrchr(path, '/'), *slash;

        snprintf(folder, sizeof folder, "%.*s", name ? (int)(name - path) : 1, name ? path : ".");
        slash = strrchr(folder, '/');
        return slash ? slash + 1 : folder;
}

static void run_folder(const char *corpus, const char *folder)
{
        struct dirent **e;
        char path[4096];
        int n;

        snprintf(path, sizeof path, "%s/%s", corpus, folder);
        n = scandir(path, &e, NULL, alphasort);
        if (n < 0)
                die(path);
        for (int i = 0; i < n; i++) {
                snprintf(path, sizeof path, "%s/%s/%s", corpus, folder, e[i]->d_name);
                if (e[i]->d_name[0] != '.')
                        run_file(folder, path);
                free(e[i]);
        }
        free(e);
}

static struct fuzz_rand chance;

/* Bytes of it become others: what libFuzzer would do better. */
static size_t some_bytes(uint8_t *p, size_t len, size_t max)
{
        (void)max;
        for (uint32_t n = 1 + fuzz_pick(&chance, 4); n && len; n--)
                p[fuzz_pick(&chance, (uint32_t)len)] = (uint8_t)fuzz_pick(&chance, 256);
        return len;
}

static void run_mutations(int n)
{
        static uint8_t image[IMAGE_MAX];
        struct fuzz_image m;
        const char *name;
        char what[64];

        for (int seed = 0; seed < n; seed++) {
                chance.x = (uint64_t)(seed + 1) * 0x9e3779b97f4a7c15;
                for (int i = 0; (name = fuzz_seed(&m, i)); i++) {
                        size_t len;

                        snprintf(what, sizeof what, "mutation %d of seed %s", seed, name);
                        do
                                fuzz_change(&m, &chance, some_bytes);
                        while (fuzz_pick(&chance, 3));
                        len = fuzz_seal(&m, fuzz_pick(&chance, 2) ? &chance : NULL, image, sizeof image);
                        fuzz_free(&m);
                        for (const struct fuzz_target *t = fuzz_targets; t->name; t++)
                                if (strcmp(t->corpus, "image") == 0)
                                        run(t, what, image, len);
                }
        }
        fprintf(out, "%d mutations of each seed\n", n);
}

/* Which bytes of an image are zeros between two chunks, that no checksum covers? */
static uint8_t *padding(const uint8_t *data, size_t len)
{
        uint8_t *is = calloc(1, len + IMG_ALIGN);
        struct img_chunk c;

        if (!is)
                die("calloc");
        for (size_t at = sizeof(struct img_header); len - at >= sizeof c; ) {
                memcpy(&c, data + at, sizeof c);
                at += sizeof c;
                if (c.len > len - at)
                        die("a chunk that is too long");
                for (at += (size_t)c.len; at % IMG_ALIGN && at < len; at++)
                        is[at] = 1;
        }
        return is;
}

/* The reader that is told by its status what it thinks of the damage at `at`. */
static void run_damaged(const char *what, size_t at, int may_be_whole, const uint8_t *data, size_t len)
{
        char text[64];

        snprintf(text, sizeof text, "%s at %zu", what, at);
        for (const struct fuzz_target *t = fuzz_targets; t->name; t++) {
                if (strcmp(t->corpus, "image") != 0)
                        continue;
                run(t, text, data, len);
                if (t->whole && fuzz_status != 4 && !may_be_whole)
                        fuzz_blame("%s: exit status %d", text, fuzz_status);
        }
}

static void run_damage(int flip, const char *path)
{
        size_t len;
        uint8_t *data = slurp(path, &len), *is_padding = padding(data, len);

        for (size_t i = 0; i < len; i++) {
                uint8_t bit = (uint8_t)(1 << i % 8);

                if (!flip) {
                        run_damaged("cut", i, 0, data, i);
                        continue;
                }
                data[i] ^= bit;
                run_damaged("flipped", i, is_padding[i], data, len);
                data[i] ^= bit;
        }
        free(data);
        free(is_padding);
}

static void write_seeds(const char *folder)
{
        static uint8_t image[IMAGE_MAX];
        struct fuzz_image m;
        const char *name;
        char path[4096];

        for (int i = 0; (name = fuzz_seed(&m, i)); i++) {
                size_t len = fuzz_seal(&m, NULL, image, sizeof image);
                FILE *f;

                snprintf(path, sizeof path, "%s/%s.img", folder, name);
                f = fopen(path, "w");
                if (!len || !f || fwrite(image, 1, len, f) != len || fclose(f) != 0)
                        die(path);
                fuzz_free(&m);
        }
}

/* Arguments that start with dashes. -1: it is none of those. */
static int option(char **argv)
{
        if (strcmp(argv[1], "--seeds") == 0 && argv[2]) {
                write_seeds(argv[2]);
        } else if (strcmp(argv[1], "--targets") == 0) {
                for (const struct fuzz_target *t = fuzz_targets; t->name; t++)
                        fprintf(out, "%s\t%s\n", t->name, t->corpus);
        } else if (strcmp(argv[1], "--wrong") == 0 && argv[2]) {
                fuzz_init();
                fuzz_wrong(argv[2]);
        } else {
                return -1;
        }
        return 0;
}

/* With nothing on stderr but what sanitizers say. */
static void begin(void)
{
        int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

        fuzz_init();
        __sanitizer_set_report_fd((void *)(intptr_t)fileno(out));
        __sanitizer_set_death_callback(died);
        dup2(null, STDERR_FILENO);
}

int main(int argc, char **argv)
{
        struct stat st;

        out = fdopen(dup(STDOUT_FILENO), "w");
        if (argc < 2 || !out)
                return 2;
        setvbuf(out, NULL, _IOLBF, 0);
        if (option(argv) == 0)
                return 0;
        begin();
        if (strcmp(argv[1], "--damage") == 0 && argc == 4) {
                run_damage(strcmp(argv[2], "flip") == 0, argv[3]);
        } else if (stat(argv[1], &st) == 0 && S_ISDIR(st.st_mode)) {
                for (const struct fuzz_target *t = fuzz_targets; t->name; t++)
                        if (t == fuzz_targets || strcmp(t->corpus, t[-1].corpus) != 0)
                                run_folder(argv[1], t->corpus);
                run_mutations(argc > 2 ? atoi(argv[2]) : 0);
        } else {
                for (int i = 1; i < argc; i++)
                        run_file(folder_of(argv[i]), argv[i]);
        }
        fprintf(out, "%u runs, none was wrong\n", runs);
        return 0;
}
