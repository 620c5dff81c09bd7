// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// What the kernel and the wire cost: the netlink requests, agent requests and file operations of a contrail-cni
// ADD or DEL that goes well, each once, and nothing else. It checks only that nothing failed. It leaves the same
// device, addresses, routes and files behind and prints the same document, which the driver compares.
//
//   cc -O2 -static -o limit limit.c
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void fail(const char *what) {
  dprintf(2, "limit: %s: %s\n", what, strerrordesc_np(errno));
  _exit(1);
}

static int must(int result, const char *what) {
  if (result < 0) fail(what);
  return result;
}

// Texts: the values are known to hold no escapes.

__attribute__((format(printf, 3, 4))) static int format(char *text, size_t size, const char *pattern, ...) {
  va_list values;
  va_start(values, pattern);
  int length = vsnprintf(text, size, pattern, values);
  va_end(values);
  if (length < 0 || (size_t)length >= size) fail(pattern);
  return length;
}

// The text between `"key":"` (a space before the value or not) and the next quote.
static char *text_of(const char *json, const char *key, char *value, size_t size) {
  char pattern[40];
  int length = format(pattern, sizeof pattern, "\"%s\":", key);
  const char *start = strstr(json, pattern);
  if (!start) fail(key);
  start += length;
  start += strspn(start, " \"");
  size_t count = strcspn(start, "\",\n}");
  if (count >= size) fail(key);
  memcpy(value, start, count);
  value[count] = 0;
  return value;
}

static char input[4096];
static struct {
  const char *container, *interface, *namespace;
  char network[64], run_folder[64], state_folder[64], config_folder[64], log_file[64];
  char pod_namespace[64], pod_name[64], uid[64], vm_name[256], device[16];
} request;

static void argument_of(const char *arguments, const char *key, char *value, size_t size) {
  const char *start = strstr(arguments, key);
  if (!start) fail(key);
  start += strlen(key);
  size_t count = strcspn(start, ";");
  if (count >= size) fail(key);
  memcpy(value, start, count);
  value[count] = 0;
}

static uint64_t hash_text(uint64_t hash, const char *text) {
  for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 0x100000001B3;
  return hash * 0x100000001B3;
}

static void read_request(void) {
  ssize_t count = read(0, input, sizeof input - 1);
  must(count, "read");
  input[count] = 0;
  request.container = getenv("CNI_CONTAINERID");
  request.interface = getenv("CNI_IFNAME");
  request.namespace = getenv("CNI_NETNS");
  const char *arguments = getenv("CNI_ARGS");
  if (!request.container || !request.interface || !request.namespace || !arguments) fail("environment");
  text_of(input, "name", request.network, sizeof request.network);
  text_of(input, "run-dir", request.run_folder, sizeof request.run_folder);
  text_of(input, "state-dir", request.state_folder, sizeof request.state_folder);
  text_of(input, "config-dir", request.config_folder, sizeof request.config_folder);
  text_of(input, "log-file", request.log_file, sizeof request.log_file);
  argument_of(arguments, "K8S_POD_NAMESPACE=", request.pod_namespace, sizeof request.pod_namespace);
  argument_of(arguments, "K8S_POD_NAME=", request.pod_name, sizeof request.pod_name);
  argument_of(arguments, "K8S_POD_UID=", request.uid, sizeof request.uid);
  format(request.vm_name, sizeof request.vm_name, "k8s__%s__%s", request.pod_namespace, request.pod_name);
  uint64_t hash = hash_text(hash_text(0xCBF29CE484222325, request.container), request.interface);
  hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCD;
  hash = (hash ^ hash >> 33) * 0xC4CEB9FE1A85EC53;
  hash ^= hash >> 33;
  format(request.device, sizeof request.device, "tap%011llx", (unsigned long long)(hash >> 20));
}

// Files

static void write_file(const char *path, const char *temporary, const char *content, size_t length, mode_t mode) {
  int fd = must(open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode), temporary);
  if (write(fd, content, length) != (ssize_t)length) fail(temporary);
  close(fd);
  must(rename(temporary, path), path);
}

static int read_file(const char *path, char *content, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t count = must(read(fd, content, size - 1), path);
  content[count] = 0;
  close(fd);
  return (int)count;
}

// The names in a folder are not needed when there is none but ours: it must be read to know.
static void list_folder(const char *path) {
  char entries[2048];
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  while (getdents64(fd, entries, sizeof entries) > 0) continue;
  close(fd);
}

// What the kernel does with IPv6 on a device, in the thread's network namespace.
static void set_ipv6(const char *device, const char *setting, char value) {
  char path[128];
  format(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/%s", device, setting);
  int fd = must(open(path, O_WRONLY | O_CLOEXEC), path);
  if (write(fd, &value, 1) != 1) fail(path);
  close(fd);
}

static char lock_path[256];

static void take_lock(void) {
  format(lock_path, sizeof lock_path, "%s/locks/%s", request.run_folder, request.vm_name);
  int fd = must(open(lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600), lock_path);
  struct stat ours, theirs;
  must(flock(fd, LOCK_EX | LOCK_NB), "flock");
  must(fstat(fd, &ours), "fstat");
  must(stat(lock_path, &theirs), "stat");
  if (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev) fail("lock");
}

static long long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void write_log(const char *command, long long start) {
  char line[512];
  time_t now = time(NULL);
  struct tm date;
  gmtime_r(&now, &date);
  size_t count = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%SZ", &date);
  count += (size_t)format(line + count, sizeof line - count,
                            " contrail-cni %s container=%s interface=%s pod=%s/%s ms=%lld ok\n", command,
                            request.container, request.interface, request.pod_namespace, request.pod_name,
                            milliseconds() - start);
  int fd = must(open(request.log_file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600), "log");
  if (write(fd, line, count) != (ssize_t)count) fail("log");
  close(fd);
}

// The agent: one connection, one request after another

static int agent;
static char reply[4096];

static void connect_agent(void) {
  struct sockaddr_in to = {
      .sin_family = AF_INET, .sin_port = htons(9091), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  agent = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(connect(agent, (struct sockaddr *)&to, sizeof to), "connect");
}

static void exchange(const char *text, size_t length) {
  if (send(agent, text, length, MSG_NOSIGNAL) != (ssize_t)length) fail("send");
  size_t count = 0;
  while (1) {
    ssize_t got = recv(agent, reply + count, sizeof reply - 1 - count, 0);
    if (got <= 0) fail("recv");
    count += (size_t)got;
    reply[count] = 0;
    char *end = strstr(reply, "\r\n\r\n"), *header = strstr(reply, "Content-Length: ");
    if (end && header && (size_t)(end + 4 - reply) + strtoul(header + 16, NULL, 10) == count) break;
  }
  if (strncmp(reply, "HTTP/1.1 200", 12) != 0) fail(reply);
}

static void ask(const char *method, const char *path) {
  char text[512];
  int length = format(text, sizeof text, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:9091\r\n\r\n", method, path);
  exchange(text, (size_t)length);
}

// Netlink: each request by itself, with its acknowledgement

struct message {
  struct nlmsghdr header;
  char body[512];
};
static uint32_t sequence;

static int open_netlink(void) {
  return must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink");
}

static void begin(struct message *message, int type, int flags, const void *head, size_t size) {
  memset(message, 0, sizeof *message);
  message->header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(size),
                                      .nlmsg_type = (uint16_t)type,
                                      .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
                                      .nlmsg_seq = ++sequence};
  memcpy(message->body, head, size);
}

static struct rtattr *attribute(struct message *message, int type, const void *value, size_t size) {
  struct rtattr *at = (struct rtattr *)((char *)message + NLMSG_ALIGN(message->header.nlmsg_len));
  at->rta_type = (unsigned short)type;
  at->rta_len = (unsigned short)RTA_LENGTH(size);
  if (size) memcpy(RTA_DATA(at), value, size);
  message->header.nlmsg_len = NLMSG_ALIGN(message->header.nlmsg_len) + RTA_ALIGN(at->rta_len);
  return at;
}

static void end(struct message *message, struct rtattr *nest) {
  nest->rta_len = (unsigned short)((char *)message + message->header.nlmsg_len - (char *)nest);
}

static void tell(int fd, struct message *message, const char *what) {
  message->header.nlmsg_flags |= NLM_F_ACK;
  if (send(fd, message, message->header.nlmsg_len, 0) < 0) fail(what);
  struct {
    struct nlmsghdr header;
    struct nlmsgerr error;
    char rest[512];
  } answer;
  if (recv(fd, &answer, sizeof answer, 0) < 0) fail(what);
  if (answer.header.nlmsg_type != NLMSG_ERROR || answer.header.nlmsg_seq != sequence) fail(what);
  if (answer.error.error) {
    errno = -answer.error.error;
    fail(what);
  }
}

static int index_of(int fd, const char *name) {
  struct ifreq link = {0};
  strcpy(link.ifr_name, name);
  must(ioctl(fd, SIOCGIFINDEX, &link), name);
  return link.ifr_ifindex;
}

static void add_veth(int fd, const char *mac, int namespace) {
  struct message message;
  uint32_t mtu = 1500;
  unsigned char address[6];
  sscanf(mac, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", address, address + 1, address + 2, address + 3, address + 4,
         address + 5);
  begin(&message, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &(struct ifinfomsg){0}, sizeof(struct ifinfomsg));
  attribute(&message, IFLA_MTU, &mtu, sizeof mtu);
  attribute(&message, IFLA_IFNAME, request.device, strlen(request.device) + 1);
  struct rtattr *info = attribute(&message, IFLA_LINKINFO | NLA_F_NESTED, NULL, 0);
  attribute(&message, IFLA_INFO_KIND, "veth", 5);
  struct rtattr *data = attribute(&message, IFLA_INFO_DATA | NLA_F_NESTED, NULL, 0);
  struct rtattr *peer = attribute(&message, VETH_INFO_PEER | NLA_F_NESTED, NULL, 0);
  message.header.nlmsg_len += sizeof(struct ifinfomsg);
  attribute(&message, IFLA_ADDRESS, address, sizeof address);
  attribute(&message, IFLA_MTU, &mtu, sizeof mtu);
  attribute(&message, IFLA_IFNAME, request.interface, strlen(request.interface) + 1);
  attribute(&message, IFLA_NET_NS_FD, &namespace, sizeof namespace);
  end(&message, peer);
  end(&message, data);
  end(&message, info);
  tell(fd, &message, "add veth");
}

static void set_up(int fd, const char *name, int is_silent) {
  struct message message;
  struct ifinfomsg link = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  begin(&message, RTM_NEWLINK, 0, &link, sizeof link);
  attribute(&message, IFLA_IFNAME, name, strlen(name) + 1);
  if (is_silent) {
    unsigned char mode = IN6_ADDR_GEN_MODE_NONE;
    struct rtattr *families = attribute(&message, IFLA_AF_SPEC | NLA_F_NESTED, NULL, 0);
    struct rtattr *family = attribute(&message, AF_INET6 | NLA_F_NESTED, NULL, 0);
    attribute(&message, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof mode);
    end(&message, family);
    end(&message, families);
  }
  tell(fd, &message, "set up");
}

// Has the kernel announce IPv4 addresses when the device comes up.
static void announce(int fd, int index) {
  struct message message;
  uint32_t on = 1;
  begin(&message, RTM_NEWLINK, 0, &(struct ifinfomsg){.ifi_index = index}, sizeof(struct ifinfomsg));
  struct rtattr *families = attribute(&message, IFLA_AF_SPEC | NLA_F_NESTED, NULL, 0);
  struct rtattr *family = attribute(&message, AF_INET | NLA_F_NESTED, NULL, 0);
  struct rtattr *settings = attribute(&message, IFLA_INET_CONF | NLA_F_NESTED, NULL, 0);
  attribute(&message, IPV4_DEVCONF_ARP_NOTIFY, &on, sizeof on);
  end(&message, settings);
  end(&message, family);
  end(&message, families);
  tell(fd, &message, "announce");
}

static size_t binary(int family, const char *text, unsigned char *bytes) {
  if (inet_pton(family, text, bytes) != 1) fail(text);
  return family == AF_INET ? 4 : 16;
}

static void add_address(int fd, int index, int family, const char *text, int length) {
  struct message message;
  unsigned char bytes[16];
  size_t size = binary(family, text, bytes);
  struct ifaddrmsg address = {.ifa_family = (unsigned char)family,
                              .ifa_prefixlen = (unsigned char)length,
                              .ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0,
                              .ifa_index = (unsigned)index};
  begin(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &address, sizeof address);
  attribute(&message, IFA_LOCAL, bytes, size);
  attribute(&message, IFA_ADDRESS, bytes, size);
  tell(fd, &message, "add address");
}

static void add_default_route(int fd, int index, int family, const char *gateway) {
  struct message message;
  unsigned char bytes[16], none[16] = {0};
  size_t size = binary(family, gateway, bytes);
  uint32_t table = RT_TABLE_MAIN;
  struct rtmsg route = {.rtm_family = (unsigned char)family,
                        .rtm_table = RT_TABLE_MAIN,
                        .rtm_protocol = RTPROT_BOOT,
                        .rtm_scope = RT_SCOPE_UNIVERSE,
                        .rtm_type = RTN_UNICAST};
  begin(&message, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &route, sizeof route);
  attribute(&message, RTA_TABLE, &table, sizeof table);
  attribute(&message, RTA_DST, none, size);
  attribute(&message, RTA_GATEWAY, bytes, size);
  attribute(&message, RTA_OIF, &index, sizeof index);
  tell(fd, &message, "add route");
}

static void delete_link(int fd) {
  struct message message;
  begin(&message, RTM_DELLINK, 0, &(struct ifinfomsg){0}, sizeof(struct ifinfomsg));
  attribute(&message, IFLA_IFNAME, request.device, strlen(request.device) + 1);
  tell(fd, &message, "delete link");
}

// The record

static struct {
  char vm[37], vn[37], vmi[37], vn_name[256], mac[18], boot[64];
  char v4[16], v4_gateway[16], v4_dns[16], v4_length[4], v6[46], v6_gateway[46], v6_dns[46];
  char file[512];
  unsigned long long device, inode;
} port;

static int print_record(char *text, size_t size, int is_plan) {
  char addresses[512] = "\"addresses\":[],\"gateways\":[],\"routes\":[],\"dns\":{\"servers\":[]";
  if (!is_plan)
    format(addresses, sizeof addresses,
             "\"addresses\":[\"%s/%s\",\"%s/64\"],\"gateways\":[{\"address\":\"%s\",\"onLink\":false,\"default\":true},"
             "{\"address\":\"%s\",\"onLink\":false,\"default\":true}],\"routes\":[],\"dns\":{\"servers\":[\"%s\",\"%s\"]",
             port.v4, port.v4_length, port.v6, port.v4_gateway, port.v6_gateway, port.v4_dns, port.v6_dns);
  return format(
      text, size,
      "{\"schema\":2,\"containerID\":\"%s\",\"interface\":\"%s\",\"owner\":\"container-runtime\",\"network\":{\"name\":"
      "\"%s\",\"virtualNetwork\":\"%s\"},\"pod\":{\"cluster\":\"k8s\",\"namespace\":\"%s\",\"name\":\"%s\",\"uid\":"
      "\"%s\"},\"bootID\":\"%s\",\"index\":0,\"guest\":{\"mac\":\"%s\",\"mtu\":1500,%s,\"search\":[],\"options\":[]},"
      "\"dhcp\":\"agent\"},\"attachment\":{\"type\":\"veth\",\"host\":\"%s\",\"namespace\":{\"path\":\"%s\",\"device\":"
      "%llu,\"inode\":%llu}},\"created\":[{\"type\":\"link\",\"name\":\"%s\",\"namespace\":\"host\"}],\"port\":{\"kind\":"
      "\"vm\",\"vm\":\"%s\",\"vmi\":\"%s\",\"vn\":\"%s\",\"vmName\":\"%s\",\"systemName\":\"%s\",\"agent\":"
      "\"127.0.0.1:9091\",\"file\":\"%s\"}}",
      request.container, request.interface, request.network, port.vn_name, request.pod_namespace, request.pod_name,
      request.uid, port.boot, port.mac, addresses, request.device, request.namespace, port.device, port.inode,
      request.device, port.vm, port.vmi, port.vn, request.vm_name, request.device, port.file);
}

static int print_result(char *text, size_t size) {
  return format(
      text, size,
      "{\"cniVersion\":\"1.1.0\",\"dns\":{\"nameservers\":[\"%s\",\"%s\"]},\"interfaces\":[{\"name\":\"%s\",\"mtu\":1500},{\"name\":\"%s\",\"mac\":\"%s\","
      "\"sandbox\":\"%s\",\"mtu\":1500}],\"ips\":[{\"interface\":1,\"address\":\"%s/%s\",\"gateway\":\"%s\"},"
      "{\"interface\":1,\"address\":\"%s/64\",\"gateway\":\"%s\"}],\"routes\":[{\"dst\":\"0.0.0.0/0\",\"gw\":\"%s\"},"
      "{\"dst\":\"::/0\",\"gw\":\"%s\"}]}\n",
      port.v4_dns, port.v6_dns, request.device, request.interface, port.mac, request.namespace, port.v4, port.v4_length, port.v4_gateway, port.v6,
      port.v6_gateway, port.v4_gateway, port.v6_gateway);
}

// The commands

static void add(void) {
  long long start = milliseconds();
  char path[512], temporary[512], text[4096], folder[512], owed[128];

  struct stat theirs, ours;
  int pod = must(open(request.namespace, O_RDONLY | O_CLOEXEC), request.namespace);
  int node = must(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "own namespace");
  must(fstat(pod, &theirs), "fstat");
  must(fstat(node, &ours), "fstat");
  if (ours.st_ino == theirs.st_ino) fail("namespace");
  port.device = theirs.st_dev;
  port.inode = theirs.st_ino;

  list_folder("/etc/cni/net.d");
  list_folder("/etc/kubernetes/cni/net.d");
  format(path, sizeof path, "%s/sandboxes/%s.json", request.run_folder, request.container);
  if (read_file(path, text, sizeof text) >= 0) fail(path);
  take_lock();
  format(folder, sizeof folder, "%s/interfaces/%s", request.run_folder, request.container);
  format(path, sizeof path, "%s/%s.json", folder, request.interface);
  if (read_file(path, text, sizeof text) >= 0) fail(path);
  format(path, sizeof path, "%s/%s.plan", folder, request.interface);
  if (read_file(path, text, sizeof text) >= 0) fail(path);
  list_folder(folder);

  connect_agent();
  format(path, sizeof path, "/vm-cfg/%s", request.vm_name);
  ask("GET", path);
  text_of(reply, "id", port.vmi, sizeof port.vmi);
  text_of(reply, "vm-uuid", port.vm, sizeof port.vm);
  text_of(reply, "vn-id", port.vn, sizeof port.vn);
  text_of(reply, "vn-name", port.vn_name, sizeof port.vn_name);
  text_of(reply, "mac-address", port.mac, sizeof port.mac);

  int on_node = open_netlink();
  int boot = read_file("/proc/sys/kernel/random/boot_id", port.boot, sizeof port.boot);
  must(boot, "boot id");
  port.boot[strcspn(port.boot, "\n")] = 0;
  format(owed, sizeof owed, "%s/owed", request.state_folder);
  list_folder(owed);
  format(port.file, sizeof port.file, "%s/%s/%s", request.config_folder, request.vm_name, port.vmi);

  int length = print_record(text, sizeof text, 1);
  must(mkdir(folder, 0700), folder);
  format(path, sizeof path, "%s/%s.plan", folder, request.interface);
  format(temporary, sizeof temporary, "%s/.%s.plan", folder, request.interface);
  write_file(path, temporary, text, (size_t)length, 0600);

  add_veth(on_node, port.mac, pod);
  set_ipv6(request.device, "accept_ra", '0');
  set_ipv6(request.device, "disable_ipv6", '1');
  set_up(on_node, request.device, 1);

  length = format(text, sizeof text,
                    "{\"vm-uuid\":\"%s\",\"vn-uuid\":\"%s\",\"vmi-uuid\":\"%s\",\"vm-id\":\"%s\",\"vm-name\":\"%s\","
                    "\"host-ifname\":\"%s\",\"vm-ifname\":\"%s\",\"vm-namespace\":\"%s\"}",
                    port.vm, port.vn, port.vmi, request.container, request.vm_name, request.device, request.interface,
                    request.namespace);
  format(temporary, sizeof temporary, "%s/%s", request.config_folder, request.vm_name);
  must(mkdir(temporary, 0700), temporary);
  format(temporary, sizeof temporary, "%s/%s/.%s", request.config_folder, request.vm_name, port.vmi);
  write_file(port.file, temporary, text, (size_t)length, 0644);
  char post[2048];
  int count = format(post, sizeof post,
                       "POST /vm HTTP/1.1\r\nHost: 127.0.0.1:9091\r\nContent-Type: application/json\r\n"
                       "Content-Length: %d\r\n\r\n%s",
                       length, text);
  exchange(post, (size_t)count);
  format(temporary, sizeof temporary, "/vm/%s/%s", port.vm, port.vmi);
  ask("GET", temporary);
  text_of(reply, "ip-address", port.v4, sizeof port.v4);
  text_of(reply, "plen", port.v4_length, sizeof port.v4_length);
  text_of(reply, "gateway", port.v4_gateway, sizeof port.v4_gateway);
  text_of(reply, "dns-server", port.v4_dns, sizeof port.v4_dns);
  text_of(reply, "v6-ip-address", port.v6, sizeof port.v6);
  text_of(reply, "v6-gateway", port.v6_gateway, sizeof port.v6_gateway);
  text_of(reply, "v6-dns-server", port.v6_dns, sizeof port.v6_dns);

  must(setns(pod, CLONE_NEWNET), "setns");
  set_ipv6(request.interface, "accept_ra", '0');
  set_ipv6(request.interface, "ndisc_notify", '1');
  int in_pod = open_netlink();
  must(setns(node, CLONE_NEWNET), "setns");
  int index = index_of(in_pod, request.interface);
  announce(in_pod, index);
  add_address(in_pod, index, AF_INET, port.v4, atoi(port.v4_length));
  add_address(in_pod, index, AF_INET6, port.v6, 64);
  set_up(in_pod, request.interface, 0);
  add_default_route(in_pod, index, AF_INET, port.v4_gateway);
  add_default_route(in_pod, index, AF_INET6, port.v6_gateway);

  length = print_record(text, sizeof text, 0);
  char record[512];
  format(record, sizeof record, "%s/%s.json", folder, request.interface);
  format(temporary, sizeof temporary, "%s/.%s.json", folder, request.interface);
  write_file(record, temporary, text, (size_t)length, 0600);
  must(unlink(path), path);
  unlink(lock_path);
  write_log("ADD", start);
  length = print_result(text, sizeof text);
  if (write(1, text, (size_t)length) != length) fail("write");
}

static void delete(void) {
  long long start = milliseconds();
  char path[512], text[4096], folder[512], owed[128];

  struct stat theirs, ours;
  int pod = must(open(request.namespace, O_RDONLY | O_CLOEXEC), request.namespace);
  int node = must(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), "own namespace");
  must(fstat(pod, &theirs), "fstat");
  must(fstat(node, &ours), "fstat");
  if (ours.st_ino == theirs.st_ino) fail("namespace");

  list_folder("/etc/cni/net.d");
  list_folder("/etc/kubernetes/cni/net.d");
  take_lock();
  format(folder, sizeof folder, "%s/interfaces/%s", request.run_folder, request.container);
  format(path, sizeof path, "%s/%s.json", folder, request.interface);
  must(read_file(path, text, sizeof text), path);
  text_of(text, "vm", port.vm, sizeof port.vm);
  text_of(text, "vmi", port.vmi, sizeof port.vmi);
  text_of(text, "file", port.file, sizeof port.file);
  list_folder(folder);

  connect_agent();
  char call[128];
  format(call, sizeof call, "/vm/%s/%s", port.vm, port.vmi);
  ask("GET", call);
  text_of(reply, "system-name", call, sizeof call);
  if (strcmp(call, request.device) != 0) fail("another's port");
  format(call, sizeof call, "/vm/%s", port.vm);
  ask("DELETE", call);
  must(read_file(port.file, text, sizeof text), port.file);
  if (!strstr(text, request.container)) fail(port.file);
  must(unlink(port.file), port.file);
  format(text, sizeof text, "%s/%s", request.config_folder, request.vm_name);
  must(rmdir(text), text);

  delete_link(open_netlink());
  must(unlink(path), path);
  must(rmdir(folder), folder);
  format(owed, sizeof owed, "%s/owed", request.state_folder);
  list_folder(owed);
  unlink(lock_path);
  write_log("DEL", start);
}

int main(void) {
  const char *command = getenv("CNI_COMMAND");
  read_request();
  if (command && strcmp(command, "ADD") == 0)
    add();
  else if (command && strcmp(command, "DEL") == 0)
    delete();
  else
    fail("CNI_COMMAND");
  _exit(0);
}
