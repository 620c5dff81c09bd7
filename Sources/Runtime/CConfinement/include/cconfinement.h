// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// bpf(2) and the mount calls that glibc has no words for. One call a function, no logic but the chain that opens the
// root; each returns what the kernel returned, or -errno.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Program types and attach types of linux/bpf.h.
enum cconfinement_kind { CCONFINEMENT_SOCKETS, CCONFINEMENT_PACKETS };

/// The root of the unified cgroup hierarchy, as this process's cgroup namespace sees it: fsopen(2), fsmount(2). It need
/// not be mounted anywhere.
int cconfinement_cgroup_root(void);
/// BPF_PROG_LOAD. `log` gets the verifier's words where the program is refused.
int cconfinement_load(int kind, const char *_Nonnull name, const uint64_t *_Nonnull code, size_t count, char *_Nonnull log,
                      size_t capacity);
/// BPF_PROG_ATTACH with BPF_F_ALLOW_MULTI, and BPF_PROG_DETACH.
int cconfinement_attach(int group, int program, int kind);
int cconfinement_detach(int group, int program, int kind);
/// BPF_PROG_QUERY: how many programs are attached; their ids.
int cconfinement_attached(int group, int kind, uint32_t *_Nonnull identifiers, size_t capacity);
/// BPF_PROG_GET_FD_BY_ID.
int cconfinement_open(uint32_t identifier);
/// BPF_OBJ_GET_INFO_BY_FD: the name, ended by a zero, and the digest of the code.
int cconfinement_identity(int program, char name[_Nonnull 16], uint64_t *_Nonnull tag);
/// kill(-1, SIGKILL) by a child process under a user id: every process of that user, at once.
int cconfinement_end_all(uid_t user);
/// socket(2) for datagrams by a child process under a user id, which then ends: 0, or -errno of what failed.
int cconfinement_socket_as(uid_t user, int family);
