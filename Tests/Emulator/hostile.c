// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// What an emulator does that its guest has broken out of: it tries to reach all that is not its own, and tells on the
// console how each try ended. Part of emulator.c where EMULATOR_TARGETS is set: a file of lines "key value", which say
// who is hostile, how, and what there is to reach. `emulator --try FILE` tries all as whoever runs it: as root each
// must go through, or a refusal would prove nothing.
#include <dirent.h>
#include <linux/bpf.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <arpa/inet.h>
#include <grp.h>

static char targets[16384];

static const char *target(const char *key) {
  static char value[512];
  size_t length = strlen(key);
  for (char *line = targets; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
    if (!strncmp(line, key, length) && line[length] == ' ') {
      snprintf(value, sizeof value, "%.*s", (int)strcspn(line + length + 1, "\n"), line + length + 1);
      return value;
    }
  return "";
}

static void read_targets(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t count = read(file, targets, sizeof targets - 1);
  targets[count < 0 ? 0 : count] = 0;
  close(file);
}

static int verdict(long result) {
  if (result < 0) return errno;
  return 0;
}
static int opened(int file) {
  int failure = verdict(file);
  if (file >= 0) close(file);
  return failure;
}
static int opens(const char *key, int flags) {
  const char *path = target(key);
  return *path ? opened(open(path, flags | O_CLOEXEC | O_NONBLOCK)) : ENOTSUP;
}
static int connects_unix(const char *key) {
  struct sockaddr_un to = {.sun_family = AF_UNIX};
  int channel = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (channel < 0) return errno;
  snprintf(to.sun_path, sizeof to.sun_path, "%s", target(key));
  int failure = *to.sun_path ? verdict(connect(channel, (struct sockaddr *)&to, sizeof to)) : ENOTSUP;
  close(channel);
  return failure;
}
static int connects(const char *address, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, address, &to.sin_addr);
  int channel = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (channel < 0) return errno;
  int failure = verdict(connect(channel, (struct sockaddr *)&to, sizeof to));
  close(channel);
  return failure;
}
static int takes_tap(const char *name) {
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE | IFF_VNET_HDR};
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
  int file = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  if (file < 0) return errno;
  int failure = verdict(ioctl(file, TUNSETIFF, &request));
  close(file);
  return failure;
}
// In a process of its own: what it changes of itself is gone with it.
static int apart(int (*body)(void)) {
  pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) _exit(body());
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}
static pid_t victim(void) { return atoi(target("victim")); }

static int to_agent(void) { return connects("127.0.0.1", 9091); }
static int to_metadata(void) { return connects("169.254.169.254", 80); }
static int socket_v6(void) { return opened(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)); }
static int socket_udp(void) { return opened(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)); }
static int socket_raw(void) { return opened(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP)); }
static int socket_packet(void) { return opened(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)); }
static int takes_port(void) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(9092), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (server < 0) return errno;
  int failure = verdict(bind(server, (struct sockaddr *)&at, sizeof at));
  if (!failure) failure = verdict(listen(server, 1));
  close(server);
  return failure;
}
static int in_user_namespace(void) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) return errno;
  return opened(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}
static int from_user_namespace(void) { return apart(in_user_namespace); }
static int disk(void) { return opens("disk", O_RDWR); }
static int seed(void) { return opens("seed", O_RDONLY); }
static int console_log(void) { return opens("console", O_RDONLY); }
static int folder(void) {
  DIR *list = opendir(target("folder"));
  if (!list) return errno;
  closedir(list);
  return 0;
}
static int image(void) { return opens("image", O_RDWR); }
static int monitor_socket(void) { return connects_unix("monitor"); }
static int guest_agent(void) { return connects_unix("channel"); }
static int queue_socket(void) { return connects_unix("queues"); }
static int tap(void) { return takes_tap(target("tap")); }
static int new_tap(void) { return takes_tap("evil0"); }
static int pid_file(void) { return opens("pidfile", O_WRONLY); }
static int new_pid_file(void) {
  char path[600];
  snprintf(path, sizeof path, "%s.evil", target("pidfile"));
  int failure = opened(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  if (!failure) unlink(path);
  return failure;
}
static int record(void) { return opens("record", O_RDONLY); }
static int database(void) { return opens("database", O_RDWR); }
static int agent_file(void) { return opens("agentfile", O_WRONLY | O_APPEND); }
static int pod_log(void) { return opens("podlog", O_RDONLY); }
static int runtime_socket(void) { return connects_unix("runtime"); }
static int libvirt_socket(void) { return connects_unix("libvirt"); }
static int control_socket(void) { return connects_unix("control"); }
static int signal_victim(void) { return verdict(kill(victim(), 0)); }
static int signal_runtime(void) { return verdict(kill(atoi(target("daemon")), 0)); }
static int signal_libvirtd(void) { return verdict(kill(atoi(target("libvirtd")), 0)); }
static int trace(void) {
  if (ptrace(PTRACE_SEIZE, victim(), NULL, NULL) < 0) return errno;
  return 0; // Let go with this process.
}
static int trace_victim(void) { return apart(trace); }
static int read_memory(void) {
  char byte;
  struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};
  int failure = verdict(process_vm_readv(victim(), &here, 1, &there, 1, 0));
  return failure == EFAULT ? 0 : failure; // It was let in, and there is nothing at that address.
}
static int of_victim(const char *name, int flags) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", victim(), name);
  return opened(open(path, flags | O_CLOEXEC));
}
static int memory_file(void) { return of_victim("mem", O_RDWR); }
static int environment(void) {
  char path[64], byte;
  snprintf(path, sizeof path, "/proc/%d/environ", victim());
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  int failure = verdict(read(file, &byte, 1));
  close(file);
  return failure;
}
static int root_folder(void) { return of_victim("root/etc", O_RDONLY | O_DIRECTORY); }
static int descriptors(void) { return of_victim("fd", O_RDONLY | O_DIRECTORY); }
static int join_network(void) {
  char path[64];
  snprintf(path, sizeof path, "%s", target("namespace"));
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  return verdict(setns(file, CLONE_NEWNET));
}
static int pods_network(void) { return apart(join_network); }
static int leave_network(void) { return verdict(unshare(CLONE_NEWNET)); }
static int new_network(void) { return apart(leave_network); }
static int become_root(void) {
  if (setresuid(0, 0, 0) < 0) return errno;
  return 0;
}
static int root(void) { return apart(become_root); }
static int become_group(void) {
  gid_t group = 0;
  return verdict(setgroups(1, &group));
}
static int groups(void) { return apart(become_group); }
static int privileges(void) { return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? EPERM : 0; }
static int capabilities(void) {
  char text[4096], *line;
  int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
  ssize_t count = file < 0 ? -1 : read(file, text, sizeof text - 1);
  if (file >= 0) close(file);
  if (count < 0) return 0;
  text[count] = 0;
  const char *sets[] = {"CapEff:", "CapPrm:", "CapInh:", "CapAmb:"};
  for (size_t index = 0; index < sizeof sets / sizeof *sets; index++)
    if (!(line = strstr(text, sets[index])) || strtoull(line + 7, NULL, 16)) return 0;
  return EPERM;
}
static int mount_over(void) {
  if (unshare(CLONE_NEWNS) < 0) return errno;
  return verdict(mount("none", "/mnt", "tmpfs", 0, ""));
}
static int mounts(void) { return apart(mount_over); }
static int change_root(void) { return verdict(chroot("/")); }
static int other_root(void) { return apart(change_root); }
static int setting(void) { return opened(open("/proc/sys/net/ipv4/ip_forward", O_WRONLY | O_CLOEXEC)); }
static int cgroup(void) { return opens("cgroup", O_WRONLY); }
static int top_cgroup(void) { return opens("topcgroup", O_WRONLY); }
static int program(void) {
  struct bpf_insn code[] = {{.code = 0xb7}, {.code = 0x95}};
  union bpf_attr load = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER, .insns = (uint64_t)(uintptr_t)code, .insn_cnt = 2,
                         .license = (uint64_t)(uintptr_t) "Apache-2.0"};
  return opened((int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load));
}
static int device(void) {
  char path[600];
  snprintf(path, sizeof path, "%s", target("scratch"));
  int failure = verdict(mknod(path, S_IFCHR | 0600, makedev(1, 1)));
  if (!failure) unlink(path);
  return failure;
}
// Sets a device up that is up, as a change of its link.
static int link_change(void) {
  struct {
    struct nlmsghdr header;
    struct ifinfomsg link;
  } request = {{sizeof request, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0}, {.ifi_family = AF_UNSPEC}};
  request.link.ifi_index = (int)if_nametoindex("lo");
  if (!request.link.ifi_index) request.link.ifi_index = 1; // if_nametoindex(3) needs a socket.
  request.link.ifi_flags = request.link.ifi_change = IFF_UP;
  int channel = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (channel < 0) return errno;
  struct {
    struct nlmsghdr header;
    struct nlmsgerr error;
  } answer = {0};
  int failure = verdict(send(channel, &request, sizeof request, 0));
  if (!failure && recv(channel, &answer, sizeof answer, 0) > 0) failure = -answer.error.error;
  close(channel);
  return failure;
}

static const struct {
  const char *name;
  int (*attempt)(void);
} escapes[] = {
    {"agent", to_agent},
    {"metadata", to_metadata},
    {"socket-ipv6", socket_v6},
    {"socket-udp", socket_udp},
    {"socket-raw", socket_raw},
    {"socket-packet", socket_packet},
    {"listen", takes_port},
    {"user-namespace", from_user_namespace},
    {"disk", disk},
    {"seed", seed},
    {"console", console_log},
    {"folder", folder},
    {"image", image},
    {"monitor", monitor_socket},
    {"guest-agent", guest_agent},
    {"queues", queue_socket},
    {"tap", tap},
    {"new-tap", new_tap},
    {"pid-file", pid_file},
    {"new-pid-file", new_pid_file},
    {"record", record},
    {"database", database},
    {"agent-file", agent_file},
    {"pod-log", pod_log},
    {"runtime-socket", runtime_socket},
    {"libvirt-socket", libvirt_socket},
    {"control-socket", control_socket},
    {"signal-victim", signal_victim},
    {"signal-runtime", signal_runtime},
    {"signal-libvirtd", signal_libvirtd},
    {"ptrace", trace_victim},
    {"read-memory", read_memory},
    {"proc-mem", memory_file},
    {"proc-environ", environment},
    {"proc-root", root_folder},
    {"proc-fd", descriptors},
    {"pod-network", pods_network},
    {"new-network", new_network},
    {"setuid", root},
    {"setgroups", groups},
    {"new-privileges", privileges},
    {"capabilities", capabilities},
    {"mount", mounts},
    {"chroot", other_root},
    {"sysctl", setting},
    {"cgroup", cgroup},
    {"top-cgroup", top_cgroup},
    {"bpf", program},
    {"mknod", device},
    {"netlink", link_change},
};

static void try_all(int out) {
  for (size_t index = 0; index < sizeof escapes / sizeof *escapes; index++) {
    int failure = escapes[index].attempt();
    dprintf(out, "escape %s %s\r\n", escapes[index].name, failure ? strerrorname_np(failure) : "DONE");
  }
  dprintf(out, "escapes tried\r\n");
}

// Writes into the pid file, which it inherits open, another process's number than its own.
static void lie(const char *text) {
  DIR *list = opendir("/proc/self/fd");
  struct dirent *entry;
  while (list && (entry = readdir(list))) {
    char path[64], name[512];
    snprintf(path, sizeof path, "/proc/self/fd/%.16s", entry->d_name);
    ssize_t length = readlink(path, name, sizeof name - 1);
    if (length < 4) continue;
    name[length] = 0;
    if (strcmp(name + length - 4, ".pid")) continue;
    int file = atoi(entry->d_name);
    if (ftruncate(file, 0) || pwrite(file, text, strlen(text), 0) < 0) give_up("write the pid file");
  }
  if (list) closedir(list);
}

// A child that is the emulator's double: its user, its program, younger than the VM.
static pid_t leave_behind(void) {
  pid_t child = fork();
  if (child != 0) return child;
  setsid();
  for (;;) pause();
}

// What is due before the monitor answers.
static void begin_hostilities(const char *name) {
  read_targets(EMULATOR_TARGETS);
  if (!*target("attacker") || !strstr(name, target("attacker"))) {
    *targets = 0;
    return;
  }
  char text[64];
  snprintf(text, sizeof text, "%s", target("lie"));
  if (!strcmp(text, "child")) snprintf(text, sizeof text, "%d\n", leave_behind());
  if (*text) lie(text);
}
// What is due when the guest begins to run.
static void go_on(int out) {
  if (!strcmp(target("do"), "escape")) try_all(out);
  if (!strcmp(target("do"), "fork")) leave_behind();
}
