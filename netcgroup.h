/* SPDX-License-Identifier: MIT */
/*
 * netcgroup.h - which cgroup pays for a socket
 *
 * net_cls and net_prio of cgroup version 1 mark what a socket sends by the
 * group of whoever received it last: with another one than the target's, a copy
 * of a socket would change the target's (sock_update_classid()).
 */
#ifndef NETCGROUP_H
#define NETCGROUP_H

/* Are we in another one than the process whose /proc/PID/cgroup has this text, NUL behind it? */
int netcgroup_differs(const char *theirs);

/* The same of two texts. */
int netcgroup_compare(const char *a, const char *b);

#endif
