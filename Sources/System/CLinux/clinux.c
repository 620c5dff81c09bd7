// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "clinux.h"
#include <linux/if_tun.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

int clinux_errno(void) { return errno; }

const char *clinux_strerror(int error) {
  const char *text = strerrordesc_np(error);
  return text ? text : "unknown error";
}

static int result(int value) { return value < 0 ? -errno : value; }

int clinux_open(const char *path, int flags, mode_t mode) { return result(open(path, flags | O_CLOEXEC, mode)); }
int clinux_open_at(int folder, const char *path, int flags, mode_t mode) {
  return result(openat(folder, path, flags | O_CLOEXEC, mode));
}
int clinux_duplicate(int fd) { return result(fcntl(fd, F_DUPFD_CLOEXEC, 3)); }
int clinux_enter_network_namespace(int fd) { return result(setns(fd, CLONE_NEWNET)); }
int clinux_unshare_network_namespace(void) { return result(unshare(CLONE_NEWNET)); }

int clinux_bind_mount(const char *source, const char *target) {
  return result(mount(source, target, NULL, MS_BIND, NULL));
}
int clinux_make_mount_shared(const char *target) {
  return result(mount("", target, NULL, MS_SHARED | MS_REC, NULL));
}
int clinux_unmount(const char *target) { return result(umount2(target, MNT_DETACH)); }

int clinux_socket_tcp(int family) { return result(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)); }
int clinux_interface_index(int socket, const char *name) {
  struct ifreq request = {0};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  int found = result(ioctl(socket, SIOCGIFINDEX, &request));
  return found < 0 ? found : request.ifr_ifindex;
}
int clinux_connect_ipv4(int fd, uint32_t address, uint16_t port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = address};
  return result(connect(fd, (struct sockaddr *)&to, sizeof to));
}
int clinux_connect_ipv6(int fd, const uint8_t *address, uint16_t port) {
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  memcpy(&to.sin6_addr, address, 16);
  return result(connect(fd, (struct sockaddr *)&to, sizeof to));
}

static int timeout(int fd, int option, int64_t microseconds) {
  struct timeval value = {.tv_sec = microseconds / 1000000, .tv_usec = microseconds % 1000000};
  return result(setsockopt(fd, SOL_SOCKET, option, &value, sizeof value));
}
int clinux_set_receive_timeout(int fd, int64_t microseconds) { return timeout(fd, SO_RCVTIMEO, microseconds); }
int clinux_set_send_timeout(int fd, int64_t microseconds) { return timeout(fd, SO_SNDTIMEO, microseconds); }

int clinux_tap_attach(int fd, const char *name, uint16_t flags) {
  struct ifreq request = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | flags)};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  return result(ioctl(fd, TUNSETIFF, &request));
}
int clinux_tap_set_owner(int fd, uid_t owner) { return result(ioctl(fd, TUNSETOWNER, (unsigned long)owner)); }
int clinux_tap_set_persistent(int fd, int on) { return result(ioctl(fd, TUNSETPERSIST, (unsigned long)on)); }
int clinux_tap_flags(int fd) {
  struct ifreq request = {0};
  int value = ioctl(fd, TUNGETIFF, &request);
  return value < 0 ? -errno : (unsigned short)request.ifr_flags;
}

const char *clinux_entry_name(struct dirent *entry) { return entry->d_name; }

int64_t clinux_monotonic_microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int argument_count;
static char **arguments;

// glibc hands main's arguments to constructors, too; Embedded Swift has no CommandLine.
__attribute__((constructor)) static void keep_arguments(int count, char **values, char **environment) {
  (void)environment;
  argument_count = count;
  arguments = values;
}

const char *clinux_program_name(void) { return program_invocation_short_name; }
int clinux_argument_count(void) { return argument_count; }
const char *clinux_argument(int index) { return index < argument_count ? arguments[index] : NULL; }

int clinux_is_regular(mode_t mode) { return S_ISREG(mode); }
int clinux_is_folder(mode_t mode) { return S_ISDIR(mode); }
const char *clinux_file_kind(mode_t mode) {
  switch (mode & S_IFMT) {
  case S_IFREG: return "a regular file";
  case S_IFDIR: return "a folder";
  case S_IFLNK: return "a symbolic link";
  case S_IFIFO: return "a named pipe";
  case S_IFSOCK: return "a socket";
  default: return "a device";
  }
}

int clinux_punch(int fd, int64_t length) {
  return result(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, length));
}

static struct {
  int fd;
  const char *text;
  size_t length;
} crash;

static void on_crash(int signal) {
  (void)signal;
  ssize_t written = write(crash.fd, crash.text, crash.length);
  (void)written;
  _exit(1);
}

void clinux_install_crash_document(int fd, const char *document, size_t length) {
  int installed = crash.text != NULL;
  crash.fd = fd;
  crash.text = document;
  crash.length = length;
  if (installed) return;
  struct sigaction action = {.sa_handler = on_crash};
  const int signals[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}

void clinux_report_failed_writes(void) {
  // Not signal(3), which writes to memory of its own.
  struct sigaction action = {.sa_handler = SIG_IGN};
  sigaction(SIGPIPE, &action, NULL);
  sigaction(SIGXFSZ, &action, NULL);
}

int clinux_open_without_links(const char *path, int flags, mode_t mode) {
  struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC), .mode = mode, .resolve = RESOLVE_NO_SYMLINKS};
  int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
  // A filter of system calls that does not know it says EPERM.
  if (fd < 0 && (errno == ENOSYS || errno == EPERM)) return clinux_open(path, flags | O_NOFOLLOW, mode);
  return result(fd);
}

int clinux_take_back(int fd, size_t length) {
  struct stat status;
  if (fstat(fd, &status) < 0) return -errno;
  if (!S_ISREG(status.st_mode)) return -ESPIPE;
  off_t end = lseek(fd, 0, SEEK_CUR);
  if (end < (off_t)length || ftruncate(fd, end - (off_t)length) < 0) return -EIO;
  return lseek(fd, end - (off_t)length, SEEK_SET) < 0 ? -errno : 0;
}

static int unix_address(const char *path, struct sockaddr_un *to) {
  *to = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof to->sun_path) return -ENAMETOOLONG;
  strcpy(to->sun_path, path);
  return 0;
}
static int closed(int fd, int error) {
  close(fd);
  return error;
}
int clinux_connect_unix(const char *path) {
  struct sockaddr_un to;
  if (unix_address(path, &to) < 0) return -ENAMETOOLONG;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  return connect(fd, (struct sockaddr *)&to, sizeof to) < 0 ? closed(fd, -errno) : fd;
}
int clinux_listen_unix(const char *path, int backlog) {
  struct sockaddr_un to;
  if (unix_address(path, &to) < 0) return -ENAMETOOLONG;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  mode_t mask = umask(0177);
  int bound = result(bind(fd, (struct sockaddr *)&to, sizeof to));
  umask(mask);
  if (bound < 0) return closed(fd, bound);
  return listen(fd, backlog) < 0 ? closed(fd, -errno) : fd;
}
int clinux_accept(int socket) { return result(accept4(socket, NULL, NULL, SOCK_CLOEXEC)); }

enum { most_descriptors = 64 };

int clinux_send_descriptors(int socket, const int *descriptors, int count) {
  char space[CMSG_SPACE(sizeof(int) * most_descriptors)] __attribute__((aligned(8))) = {0};
  char byte = 0;
  if (count < 1 || count > most_descriptors) return -EINVAL;
  struct iovec data = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {
      .msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = CMSG_SPACE(sizeof(int) * count)};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int) * count);
  memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
  return result((int)sendmsg(socket, &message, MSG_NOSIGNAL));
}

int clinux_receive_descriptors(int socket, int *descriptors, int capacity) {
  char space[CMSG_SPACE(sizeof(int) * most_descriptors)] __attribute__((aligned(8)));
  char byte;
  struct iovec data = {.iov_base = &byte, .iov_len = 1};
  struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (received < 0) return -errno;
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return 0;
  int count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
  const int *all = (const int *)CMSG_DATA(header);
  for (int i = 0; i < count; i++) {
    if (i < capacity)
      descriptors[i] = all[i];
    else
      close(all[i]);
  }
  return count < capacity ? count : capacity;
}

int clinux_peer_credentials(int socket, pid_t *pid, uid_t *uid, gid_t *gid) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return -errno;
  *pid = peer.pid;
  *uid = peer.uid;
  *gid = peer.gid;
  return 0;
}

int clinux_signal_descriptor(void) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGHUP);
  if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0) return -errno;
  return result(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}
int clinux_read_signal(int fd) {
  struct signalfd_siginfo arrived;
  return read(fd, &arrived, sizeof arrived) == sizeof arrived ? (int)arrived.ssi_signo : 0;
}

static int listening(int family, const struct sockaddr *at, socklen_t size, int backlog) {
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
  if (fd < 0) return -errno;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, at, size) < 0 || listen(fd, backlog) < 0) return closed(fd, -errno);
  return fd;
}
int clinux_listen_ipv4(uint32_t address, uint16_t port, int backlog) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = address};
  return listening(AF_INET, (struct sockaddr *)&at, sizeof at, backlog);
}
int clinux_listen_ipv6(const uint8_t *address, uint16_t port, int backlog) {
  struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  memcpy(&at.sin6_addr, address, 16);
  return listening(AF_INET6, (struct sockaddr *)&at, sizeof at, backlog);
}
int clinux_accept_nonblocking(int socket) { return result(accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)); }

int clinux_send_datagram_unix(const char *path, const char *text, size_t length) {
  struct sockaddr_un to;
  if (unix_address(path, &to) < 0) return -ENAMETOOLONG;
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
  if (path[0] == '@')
    to.sun_path[0] = 0;
  else
    size++;
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  ssize_t sent = sendto(fd, text, length, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to, size);
  return closed(fd, sent < 0 ? -errno : 0);
}

int clinux_send_to_all_nodes(int index, const uint8_t *source, const void *message, size_t length) {
  const int most_hops = 255;
  struct sockaddr_in6 from = {.sin6_family = AF_INET6};
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)index};
  memcpy(&from.sin6_addr, source, 16);
  to.sin6_addr.s6_addr[0] = 0xFF;
  to.sin6_addr.s6_addr[1] = 0x02;
  to.sin6_addr.s6_addr[15] = 0x01;
  int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
  if (fd < 0) return -errno;
  if (setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &most_hops, sizeof most_hops) < 0 ||
      bind(fd, (struct sockaddr *)&from, sizeof from) < 0 ||
      sendto(fd, message, length, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to) < 0)
    return closed(fd, -errno);
  return closed(fd, 0);
}

int64_t clinux_boot_seconds(void) {
  struct timespec now, since_boot;
  clock_gettime(CLOCK_REALTIME, &now);
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return (int64_t)now.tv_sec - since_boot.tv_sec;
}
int64_t clinux_modified_nanoseconds(const struct stat *status) {
  return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}
int64_t clinux_changed_nanoseconds(const struct stat *status) {
  return (int64_t)status->st_ctim.tv_sec * 1000000000 + status->st_ctim.tv_nsec;
}
int64_t clinux_born_nanoseconds(int fd) {
  struct statx status;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &status) < 0 || !(status.stx_mask & STATX_BTIME)) return 0;
  return status.stx_btime.tv_sec * 1000000000LL + status.stx_btime.tv_nsec;
}
