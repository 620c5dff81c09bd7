// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "cconfinement.h"
#include <errno.h>
#include <linux/bpf.h>
#include <linux/mount.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int result(long value) { return value < 0 ? -errno : (int)value; }
static int bpf(int command, union bpf_attr *attributes) {
  return result(syscall(SYS_bpf, command, attributes, sizeof *attributes));
}
static uint32_t attach_type(int kind) {
  return kind == CCONFINEMENT_SOCKETS ? BPF_CGROUP_INET_SOCK_CREATE : BPF_CGROUP_INET_EGRESS;
}

int cconfinement_cgroup_root(void) {
  int context = result(syscall(SYS_fsopen, "cgroup2", FSOPEN_CLOEXEC));
  if (context < 0) return context;
  int root = result(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0));
  if (root == 0) root = result(syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, 0));
  close(context);
  return root;
}

int cconfinement_load(int kind, const char *name, const uint64_t *code, size_t count, char *log, size_t capacity) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.prog_type = kind == CCONFINEMENT_SOCKETS ? BPF_PROG_TYPE_CGROUP_SOCK : BPF_PROG_TYPE_CGROUP_SKB;
  attributes.expected_attach_type = attach_type(kind);
  attributes.insns = (uint64_t)(uintptr_t)code;
  attributes.insn_cnt = (uint32_t)count;
  attributes.license = (uint64_t)(uintptr_t) "Apache-2.0";
  strncpy(attributes.prog_name, name, sizeof attributes.prog_name - 1);
  int program = bpf(BPF_PROG_LOAD, &attributes);
  if (program >= 0 || capacity == 0) return program;
  // The verifier's words cost time: it is asked for them only where there is something to say.
  attributes.log_buf = (uint64_t)(uintptr_t)log;
  attributes.log_size = (uint32_t)capacity;
  attributes.log_level = 1;
  return bpf(BPF_PROG_LOAD, &attributes);
}

int cconfinement_attach(int group, int program, int kind) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.target_fd = (uint32_t)group;
  attributes.attach_bpf_fd = (uint32_t)program;
  attributes.attach_type = attach_type(kind);
  attributes.attach_flags = BPF_F_ALLOW_MULTI;
  return bpf(BPF_PROG_ATTACH, &attributes);
}

int cconfinement_detach(int group, int program, int kind) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.target_fd = (uint32_t)group;
  attributes.attach_bpf_fd = (uint32_t)program;
  attributes.attach_type = attach_type(kind);
  return bpf(BPF_PROG_DETACH, &attributes);
}

int cconfinement_attached(int group, int kind, uint32_t *identifiers, size_t capacity) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.query.target_fd = (uint32_t)group;
  attributes.query.attach_type = attach_type(kind);
  attributes.query.prog_ids = (uint64_t)(uintptr_t)identifiers;
  attributes.query.prog_cnt = (uint32_t)capacity;
  int failure = bpf(BPF_PROG_QUERY, &attributes);
  return failure < 0 ? failure : (int)attributes.query.prog_cnt;
}

int cconfinement_open(uint32_t identifier) {
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.prog_id = identifier;
  return bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
}

int cconfinement_identity(int program, char name[16], uint64_t *tag) {
  struct bpf_prog_info about;
  memset(&about, 0, sizeof about);
  union bpf_attr attributes;
  memset(&attributes, 0, sizeof attributes);
  attributes.info.bpf_fd = (uint32_t)program;
  attributes.info.info_len = sizeof about;
  attributes.info.info = (uint64_t)(uintptr_t)&about;
  int failure = bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes);
  if (failure < 0) return failure;
  memcpy(name, about.name, 16);
  name[15] = 0;
  memcpy(tag, about.tag, sizeof *tag);
  return 0;
}

// In a child: glibc's functions would wait for threads that are not here.
static void become(uid_t user) {
  if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, user, user, user) < 0 ||
      syscall(SYS_setresuid, user, user, user) < 0)
    _exit(255);
}
// How a child ended: -errno of what it tried, where it exits with that.
static int ended(pid_t child) {
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -errno;
  if (!WIFEXITED(status) || WEXITSTATUS(status) == 255) return -ECHILD;
  return -WEXITSTATUS(status);
}

int cconfinement_end_all(uid_t user) {
  pid_t child = fork();
  if (child < 0) return -errno;
  if (child == 0) {
    become(user);
    _exit(kill(-1, SIGKILL) < 0 && errno != ESRCH ? errno : 0);
  }
  return ended(child);
}

int cconfinement_socket_as(uid_t user, int family) {
  pid_t child = fork();
  if (child < 0) return -errno;
  if (child == 0) {
    become(user);
    _exit(socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0) < 0 ? errno : 0);
  }
  return ended(child);
}
