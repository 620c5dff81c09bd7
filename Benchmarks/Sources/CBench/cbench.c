// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "cbench.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int result(int value) { return value < 0 ? -errno : value; }

static int set_loopback_up(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  int failure = result(ioctl(fd, SIOCSIFFLAGS, &request));
  close(fd);
  return failure;
}

int bench_enter_node(void) {
  if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0) return -errno;
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return -errno;
  if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0) return -errno;
  return set_loopback_up();
}

static void switch_off_duplicate_address_detection(void) {
  int fd = open("/proc/sys/net/ipv6/conf/default/accept_dad", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t written = write(fd, "0", 1);
  (void)written;
  close(fd);
}

int bench_make_namespace(void) {
  int ours = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (ours < 0) return -errno;
  int made = result(unshare(CLONE_NEWNET));
  if (made == 0) {
    made = result(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    set_loopback_up();
    switch_off_duplicate_address_detection();
    int back = result(setns(ours, CLONE_NEWNET));
    if (back < 0) made = back;
  }
  close(ours);
  return made;
}

pid_t bench_spawn(char *const *arguments, char *const *environment, int output, int network) {
  pid_t child = fork();
  if (child != 0) return result(child);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (network >= 0 && setns(network, CLONE_NEWNET) < 0) _exit(126);
  if (output >= 0) dup2(output, 1);
  execve(arguments[0], arguments, environment);
  _exit(127);
}

int bench_connect(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    int failure = -errno;
    close(fd);
    return failure;
  }
  return fd;
}
