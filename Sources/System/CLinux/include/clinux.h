// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// What Swift can't reach in glibc and the kernel's headers: variadic calls, macros, _GNU_SOURCE. Only clinux.c defines
// the last: structures such as fd_set differ with it, and a Swift module can't see both kinds.
// One call a function, no logic. Calls return what the kernel returned, or -errno.
#pragma once
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int clinux_errno(void);
/// The text of an errno value, never localised: strerrordesc_np(3).
const char *_Nonnull clinux_strerror(int error);
/// open(2), always O_CLOEXEC.
int clinux_open(const char *_Nonnull path, int flags, mode_t mode);
/// openat(2), always O_CLOEXEC.
int clinux_open_at(int folder, const char *_Nonnull path, int flags, mode_t mode);
/// fcntl(F_DUPFD_CLOEXEC), at 3 or above.
int clinux_duplicate(int fd);
/// setns(2) into a network namespace.
int clinux_enter_network_namespace(int fd);
/// unshare(2) with CLONE_NEWNET.
int clinux_unshare_network_namespace(void);
/// mount(2) with MS_BIND.
int clinux_bind_mount(const char *_Nonnull source, const char *_Nonnull target);
/// mount(2) with MS_SHARED | MS_REC.
int clinux_make_mount_shared(const char *_Nonnull target);
/// umount2(2) with MNT_DETACH.
int clinux_unmount(const char *_Nonnull target);
/// ioctl(SIOCGIFINDEX): the index of an interface of the socket's network namespace, or -errno.
int clinux_interface_index(int socket, const char *_Nonnull name);
/// socket(2) of a family with SOCK_STREAM | SOCK_CLOEXEC.
int clinux_socket_tcp(int family);
/// connect(2) to an address in network order and a port in host order.
int clinux_connect_ipv4(int fd, uint32_t address, uint16_t port);
int clinux_connect_ipv6(int fd, const uint8_t *_Nonnull address, uint16_t port);
/// SO_RCVTIMEO and SO_SNDTIMEO.
int clinux_set_receive_timeout(int fd, int64_t microseconds);
int clinux_set_send_timeout(int fd, int64_t microseconds);
/// TUNSETIFF on an open /dev/net/tun, with IFF_TAP | IFF_NO_PI and the other flags given.
int clinux_tap_attach(int fd, const char *_Nonnull name, uint16_t flags);
/// TUNSETOWNER and TUNSETPERSIST.
int clinux_tap_set_owner(int fd, uid_t owner);
int clinux_tap_set_persistent(int fd, int on);
/// TUNGETIFF: the flags of the attached tap, or -errno.
int clinux_tap_flags(int fd);
/// The name in a directory entry.
const char *_Nonnull clinux_entry_name(struct dirent *_Nonnull entry);
/// CLOCK_MONOTONIC in microseconds.
int64_t clinux_monotonic_microseconds(void);
/// The name under which the program was run, without folders.
const char *_Nonnull clinux_program_name(void);
/// The program's arguments: how many, and one of them.
int clinux_argument_count(void);
const char *_Nullable clinux_argument(int index);
/// st_mode & S_IFMT == S_IFREG, or S_IFDIR.
int clinux_is_regular(mode_t mode);
int clinux_is_folder(mode_t mode);
/// What st_mode is in words: "a symbolic link".
const char *_Nonnull clinux_file_kind(mode_t mode);
/// Gives the blocks of the first `length` bytes of a file back; its size stays, and they read as zeros.
int clinux_punch(int fd, int64_t length);
/// On SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT and SIGFPE: write `document` to `fd` and _exit(1). Once installed, only
/// the document is replaced.
void clinux_install_crash_document(int fd, const char *_Nonnull document, size_t length);
/// sigaction(2) with SIG_IGN for SIGPIPE and SIGXFSZ: write(2) reports EPIPE and EFBIG.
void clinux_report_failed_writes(void);
/// openat2(2) with RESOLVE_NO_SYMLINKS and O_CLOEXEC; where the kernel lacks it, open(2) with O_NOFOLLOW.
int clinux_open_without_links(const char *_Nonnull path, int flags, mode_t mode);
/// Takes back the last bytes that were written to a regular file: ftruncate(2) and lseek(2).
int clinux_take_back(int fd, size_t length);

/// socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC) with connect(2), or with bind(2) under umask 0177 and listen(2). The
/// descriptor, or -errno; -ENAMETOOLONG where the path does not fit into sun_path.
int clinux_connect_unix(const char *_Nonnull path);
int clinux_listen_unix(const char *_Nonnull path, int backlog);
/// accept4(2) with SOCK_CLOEXEC.
int clinux_accept(int socket);
/// SCM_RIGHTS with one byte of data, and SO_PEERCRED.
int clinux_send_descriptors(int socket, const int *_Nonnull descriptors, int count);
int clinux_receive_descriptors(int socket, int *_Nonnull descriptors, int capacity);
int clinux_peer_credentials(int socket, pid_t *_Nonnull pid, uid_t *_Nonnull uid, gid_t *_Nonnull gid);

/// sigprocmask(2) and signalfd(2) for SIGTERM, SIGINT and SIGHUP, SFD_NONBLOCK; the next signal's number, 0 for none.
int clinux_signal_descriptor(void);
int clinux_read_signal(int fd);
/// socket(SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC), SO_REUSEADDR, bind(2) and listen(2); accept4(2) with both flags.
int clinux_listen_ipv4(uint32_t address, uint16_t port, int backlog);
int clinux_listen_ipv6(const uint8_t *_Nonnull address, uint16_t port, int backlog);
int clinux_accept_nonblocking(int socket);
/// socket(AF_UNIX, SOCK_DGRAM), sendto(2) with MSG_DONTWAIT, close(2); a path that begins with @ is an abstract address.
int clinux_send_datagram_unix(const char *_Nonnull path, const char *_Nonnull text, size_t length);
/// One ICMPv6 message to all nodes of a link (ff02::1), from an address of this host: socket(SOCK_RAW), hop limit 255,
/// bind(2), sendto(2), close(2). The kernel fills in the checksum.
int clinux_send_to_all_nodes(int index, const uint8_t *_Nonnull source, const void *_Nonnull message, size_t length);
/// When the kernel booted, in seconds since 1970 by today's clock: CLOCK_REALTIME less CLOCK_BOOTTIME.
int64_t clinux_boot_seconds(void);
/// st_mtim and st_ctim in nanoseconds since 1970.
int64_t clinux_modified_nanoseconds(const struct stat *_Nonnull status);
int64_t clinux_changed_nanoseconds(const struct stat *_Nonnull status);
/// When an open file was made, in nanoseconds since 1970, by statx(2); 0 where its file system does not note it.
int64_t clinux_born_nanoseconds(int fd);
