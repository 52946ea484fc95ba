/* SPDX-License-Identifier: MIT */
/* fdask.c - what a copy of a descriptor tells */
#include "fdask.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PTS_FIRST       136u            /* majors of pseudo-terminals: uapi/linux/major.h */
#define PTS_LAST        143u
#define NR_TCGETS2      0x802c542aul    /* uapi/asm-generic/ioctls.h */
#define NR_TIOCGDEV     0x80045432ul

enum {                          /* of fcntl(2): uapi/linux/fcntl.h */
        GETSIG = 11, GETOWN_EX = 16, GETLEASE = 1025, GETPIPE_SZ = 1032, GET_SEALS = 1034,
};

static void ask_owner(struct fd *d)
{
        struct { int type; pid_t pid; } owner;  /* struct f_owner_ex */
        int sig = fcntl(d->copy, GETSIG);

        if (sig < 0 || fcntl(d->copy, GETOWN_EX, &owner) < 0) {
                fd_why(d, "owner, signal:");
                return;
        }
        d->f.owner = owner.pid;
        d->f.owner_type = (uint32_t)owner.type;
        d->f.signal = sig;
        d->f.known |= IMG_FD_OWNER;
}

/* One number by fcntl(2), known then; EINVAL: not of this kind. */
static void ask_number(struct fd *d, int cmd, uint32_t bit, void *to, const char *what)
{
        int n = fcntl(d->copy, cmd);

        if (n >= 0) {
                memcpy(to, &n, sizeof n);
                d->f.known |= bit;
        } else if (errno != EINVAL) {
                fd_why(d, "%s:", what);
        }
}

static void ask_queued(struct fd *d)
{
        int n = 0;

        if (ioctl(d->copy, FIONREAD, &n) < 0 || n < 0) {
                fd_why(d, "bytes queued:");
                return;
        }
        d->f.queued = (uint64_t)n;
        d->f.known |= IMG_FD_QUEUED;
}

/* The foreground group and session: of the other end of a pty everybody may ask, else only who has it. */
static void ask_session(struct fd *d, struct img_tty *t, uint32_t dev, const struct proc_stat *st)
{
        pid_t pid;

        if (ioctl(d->copy, TIOCGPGRP, &pid) == 0)
                t->pgrp = pid;
        if (ioctl(d->copy, TIOCGSID, &pid) == 0)
                t->session = pid;
        if (dev && dev == st->tty) {
                if (t->pgrp < 0)
                        t->pgrp = st->tty_pgrp;
                if (t->session < 0)
                        t->session = st->sid;
        }
        if (t->pgrp < 0 || t->session < 0)
                fd_why(d, "foreground group, session: only a process that it controls may ask");
}

static void ask_tty(struct fd *d, const struct proc_stat *st)
{
        struct img_tty t = { .size = sizeof t, .pgrp = -1, .session = -1, .pty = -1, .locked = -1 };
        struct {
                uint32_t iflag, oflag, cflag, lflag;
                uint8_t line, cc[19];
                uint32_t ispeed, ospeed;
        } modes = { 0 };
        struct winsize size = { 0 };
        uint32_t dev = 0;
        int n;

        _Static_assert(sizeof modes == 44, "struct termios2");
        if (ioctl(d->copy, NR_TCGETS2, &modes) < 0) {
                fd_why(d, "terminal:");         /* EIO: hung up */
                return;
        }
        if (ioctl(d->copy, TIOCGWINSZ, &size) < 0)
                fd_why(d, "window size:");
        t.rows = size.ws_row;
        t.columns = size.ws_col;
        t.xpixels = size.ws_xpixel;
        t.ypixels = size.ws_ypixel;
        memcpy(&t.iflag, &modes, sizeof modes);
        if (ioctl(d->copy, NR_TIOCGDEV, &dev) < 0)      /* before 2.6.38 */
                dev = 0;
        if (ioctl(d->copy, TIOCGPTN, &n) == 0)
                t.pty = n;                      /* the master's side */
        else if ((dev >> 8 & 0xfff) >= PTS_FIRST && (dev >> 8 & 0xfff) <= PTS_LAST)
                t.pty = (int32_t)((dev & 0xff) | (dev >> 12 & 0xfff00));
        if (ioctl(d->copy, TIOCGPTLCK, &n) == 0)
                t.locked = n;
        ask_session(d, &t, dev, st);
        fd_str(d, IMG_FSTR_TTY, &t, sizeof t);
        ask_queued(d);
}

static void ask_mqueue(struct fd *d)
{
        int64_t attr[8];                /* struct mq_attr: flags, maxmsg, msgsize, curmsgs, and room */

        if (syscall(SYS_mq_getsetattr, d->copy, NULL, attr) < 0) {
                fd_why(d, "attributes of the queue:");
                return;
        }
        fd_str(d, IMG_FSTR_MQUEUE, attr, 4 * sizeof *attr);
        if (attr[3])
                fd_why(d, "%lld messages: they can only be taken", (long long)attr[3]);
}

void fdask(struct fd *d, const struct proc_stat *st)
{
        ask_owner(d);
        if (d->f.known & IMG_FD_STAT && S_ISREG(d->f.mode)) {
                ask_number(d, GETLEASE, IMG_FD_LEASE, &d->f.lease, "lease");
                ask_number(d, GET_SEALS, IMG_FD_SEALS, &d->f.seals, "seals");
        }
        switch (d->f.kind) {
        case IMG_FD_PIPE_END:
        case IMG_FD_FIFO:
                ask_number(d, GETPIPE_SZ, IMG_FD_PIPE, &d->f.pipe_len, "size of the pipe");
                ask_queued(d);
                break;
        case IMG_FD_INOTIFY:
        case IMG_FD_FANOTIFY:
                ask_queued(d);
                if (d->f.queued)
                        fd_why(d, "events queued: they can only be taken");
                break;
        case IMG_FD_TTY:
                ask_tty(d, st);
                break;
        case IMG_FD_MQUEUE:
                ask_mqueue(d);
                break;
        }
}

void fdask_limits(struct fd *d)
{
        switch (d->f.kind) {
        case IMG_FD_URING:
                fd_why(d, "requests in flight, and what is registered: the kernel tells no more than fdinfo has");
                fd_why(d, "what the kernel does for it went on while the process was stopped: queues and memory may have changed");
                break;
        case IMG_FD_BPF:
        case IMG_FD_PERF:
        case IMG_FD_KVM:
        case IMG_FD_USERFAULTFD:
                fd_why(d, "its state in the kernel, beyond fdinfo: not asked for");
                break;
        case IMG_FD_SECRETMEM:
                fd_why(d, "content: nobody can read it; what is mapped of it is among the pages");
                break;
        }
}
