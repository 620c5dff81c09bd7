// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// An emulator that has no guest: it answers on QMP as QEMU 7.2 does while libvirt starts a domain, resumes it, asks it
// to power down and ends it. What a VM costs beside its guest is measured with it, and many fit on a node.
//
// A guest with three processors is deaf: it hears no request to power down.
//
// It stands where QEMU stands. libvirt's probes of what QEMU can do get the real one: EMULATOR_QEMU is its path.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#ifndef EMULATOR_QEMU
#error "EMULATOR_QEMU is the path of the real QEMU"
#endif

static int monitor = -1, listener = -1, terminal = -1, console = -1;
static char terminal_name[64] = "/dev/null";
static int processors = 1;
static long long memory;
static int is_running;

static void give_up(const char *what) {
  fprintf(stderr, "emulator: %s: %s\n", what, strerror(errno));
  exit(1);
}

#ifdef EMULATOR_TARGETS
#include "hostile.c"
#endif

// The number behind a key in an argument's text, or -1.
static long long number(const char *text, const char *key) {
  const char *found = strstr(text, key);
  return found ? atoll(found + strlen(key)) : -1;
}

static void say(const char *format, ...) {
  static char line[65536];
  va_list list;
  va_start(list, format);
  int count = vsnprintf(line, sizeof line - 2, format, list);
  va_end(list);
  if (count < 0 || (size_t)count > sizeof line - 3) give_up("an answer is too long");
  memcpy(line + count, "\r\n", 2);
  for (int sent = 0; sent < count + 2;) {
    ssize_t done = send(monitor, line + sent, (size_t)(count + 2 - sent), MSG_NOSIGNAL);
    if (done < 0) return; // libvirtd is no more; another will come.
    sent += (int)done;
  }
}

static void event(const char *name, const char *data) {
  struct timeval now;
  gettimeofday(&now, NULL);
  say("{\"timestamp\": {\"seconds\": %ld, \"microseconds\": %ld}, \"event\": \"%s\"%s%s}", (long)now.tv_sec,
      (long)now.tv_usec, name, *data ? ", \"data\": " : "", data);
}

// A member of a flat text that libvirt wrote; empty where there is none.
static const char *member(const char *line, const char *key, char *value, size_t size) {
  char pattern[64];
  snprintf(pattern, sizeof pattern, "\"%s\":\"", key);
  const char *start = strstr(line, pattern);
  *value = 0;
  if (!start) return value;
  start += strlen(pattern);
  size_t count = strcspn(start, "\"");
  if (count >= size) count = size - 1;
  memcpy(value, start, count);
  value[count] = 0;
  return value;
}

static void processor_list(int is_fast, const char *id) {
  static char text[61440];
  size_t used = 0;
  *text = 0;
  for (int index = 0; index < processors && used < sizeof text - 256; index++) {
    const char *comma = index ? ", " : "";
    if (is_fast)
      used += (size_t)snprintf(text + used, sizeof text - used,
                               "%s{\"thread-id\": %d, \"props\": {\"core-id\": 0, \"thread-id\": 0, \"socket-id\": %d}, "
                               "\"qom-path\": \"/machine/unattached/device[%d]\", \"cpu-index\": %d, \"target\": \"x86_64\"}",
                               comma, getpid(), index, index, index);
    else
      used += (size_t)snprintf(text + used, sizeof text - used,
                               "%s{\"props\": {\"core-id\": 0, \"thread-id\": 0, \"socket-id\": %d}, \"vcpus-count\": 1, "
                               "\"qom-path\": \"/machine/unattached/device[%d]\", \"type\": \"max-x86_64-cpu\"}",
                               comma, index, index);
  }
  say("{\"return\": [%s], \"id\": \"%s\"}", text, id);
}

static void answer(const char *line) {
  char command[64], id[64], path[256], property[64];
  member(line, "execute", command, sizeof command);
  member(line, "id", id, sizeof id);
  if (!strcmp(command, "query-hotpluggable-cpus") || !strcmp(command, "query-cpus-fast"))
    return processor_list(!strcmp(command, "query-cpus-fast"), id);
  if (!strcmp(command, "query-chardev"))
    return say("{\"return\": [{\"frontend-open\": false, \"filename\": \"disconnected:unix:,server=on\", \"label\": "
               "\"charchannel0\"}, {\"frontend-open\": true, \"filename\": \"pty:%s\", \"label\": \"charserial0\"}, "
               "{\"frontend-open\": true, \"filename\": \"unix:,server=on\", \"label\": \"charmonitor\"}], \"id\": \"%s\"}",
               terminal_name, id);
  if (!strcmp(command, "query-migrate-capabilities"))
    return say("{\"return\": [{\"state\": false, \"capability\": \"events\"}], \"id\": \"%s\"}", id);
  if (!strcmp(command, "query-balloon")) return say("{\"return\": {\"actual\": %lld}, \"id\": \"%s\"}", memory, id);
  if (!strcmp(command, "query-status"))
    return say("{\"return\": {\"status\": \"%s\", \"singlestep\": false, \"running\": %s}, \"id\": \"%s\"}",
               is_running ? "running" : "paused", is_running ? "true" : "false", id);
  if (!strcmp(command, "qom-list")) {
    member(line, "path", path, sizeof path);
    if (!strncmp(path, "/machine/unattached/device", 26))
      return say("{\"return\": [{\"name\": \"type\", \"type\": \"string\"}, {\"name\": \"aes\", \"type\": \"bool\"}, "
                 "{\"name\": \"popcnt\", \"type\": \"bool\"}], \"id\": \"%s\"}",
                 id);
    return say("{\"return\": [], \"id\": \"%s\"}", id);
  }
  if (!strcmp(command, "qom-get")) {
    int is_list = !strcmp(member(line, "property", property, sizeof property), "unavailable-features");
    return say("{\"return\": %s, \"id\": \"%s\"}", is_list ? "[]" : "true", id);
  }
  const char *lists[] = {"query-iothreads", "query-block", "query-named-block-nodes", "query-blockstats", "query-jobs"};
  for (size_t index = 0; index < sizeof lists / sizeof *lists; index++)
    if (!strcmp(command, lists[index])) return say("{\"return\": [], \"id\": \"%s\"}", id);
  if (!strcmp(command, "cont") || !strcmp(command, "stop")) {
    is_running = *command == 'c';
    event(is_running ? "RESUME" : "STOP", "");
    if (is_running && console >= 0 && write(console, "started\r\n", 9) < 0) give_up("write to the console");
#ifdef EMULATOR_TARGETS
    if (is_running) go_on(console);
#endif
  }
  const char *done[] = {"cont",    "stop",    "qmp_capabilities", "migrate-set-capabilities", "qom-set",
                        "balloon", "set_link", "system_powerdown"};
  for (size_t index = 0; index < sizeof done / sizeof *done; index++)
    if (!strcmp(command, done[index])) {
      say("{\"return\": {}, \"id\": \"%s\"}", id);
      if (strcmp(command, "system_powerdown") || processors == 3) return;
      // The guest is quick. libvirt ends the process then, as -no-shutdown tells QEMU to wait for that.
      event("POWERDOWN", "");
      event("SHUTDOWN", "{\"guest\": true, \"reason\": \"guest-shutdown\"}");
      event("STOP", "");
      return;
    }
  fprintf(stderr, "emulator: no such command: %s\n", line);
  say("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"no such command\"}, \"id\": \"%s\"}", id);
}

static void read_monitor(void) {
  static char text[65536];
  static size_t used;
  ssize_t got = recv(monitor, text + used, sizeof text - 1 - used, 0);
  if (got <= 0) {
    close(monitor);
    monitor = -1;
    used = 0;
    return;
  }
  used += (size_t)got;
  text[used] = 0;
  char *start = text, *end;
  while (monitor >= 0 && (end = strchr(start, '\n'))) {
    *end = 0;
    if (strchr(start, '{')) answer(start);
    start = end + 1;
  }
  used -= (size_t)(start - text);
  memmove(text, start, used);
  if (used == sizeof text - 1) give_up("a command is too long");
}

static void set_up(int count, char **arguments) {
  for (int index = 1; index + 1 < count; index++) {
    const char *option = arguments[index], *value = arguments[index + 1];
    if (!strcmp(option, "-chardev") && strstr(value, "id=charmonitor")) listener = (int)number(value, ",fd=");
#ifdef EMULATOR_TARGETS
    if (!strcmp(option, "-name")) begin_hostilities(value);
#endif
    // QEMU gives up new privileges before its filter of system calls, for good; the filter itself is not stood in for.
    if (!strcmp(option, "-sandbox") && !strncmp(value, "on", 2) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) give_up("sandbox");
    if (!strcmp(option, "-smp")) processors = atoi(value);
    if (!strcmp(option, "-m")) memory = (number(value, "size=") > 0 ? number(value, "size=") : atoll(value) * 1024) * 1024;
    if (!strcmp(option, "-chardev") && strstr(value, "pty,id=charserial0")) {
      terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
      if (terminal < 0 || grantpt(terminal) || unlockpt(terminal) || ptsname_r(terminal, terminal_name, sizeof terminal_name))
        give_up("make a terminal");
    }
    if (!strcmp(option, "-add-fd") && console < 0) console = (int)number(value, ",fd=");
    if (!strcmp(option, "-pidfile")) {
      FILE *file = fopen(value, "w");
      if (!file || fprintf(file, "%d\n", getpid()) < 0 || fclose(file)) give_up(value);
    }
  }
  if (listener < 0) give_up("no monitor among the arguments");
}

int main(int count, char **arguments) {
#ifdef EMULATOR_TARGETS
  if (count == 3 && !strcmp(arguments[1], "--try")) {
    read_targets(arguments[2]);
    try_all(1);
    return 0;
  }
#endif
  for (int index = 1; index + 1 < count; index++)
    if (!strcmp(arguments[index], "-name")) goto machine;
  arguments[0] = EMULATOR_QEMU;
  execv(EMULATOR_QEMU, arguments);
  give_up(EMULATOR_QEMU);
machine:
  set_up(count, arguments);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, NULL);
  int signals = signalfd(-1, &ends, SFD_CLOEXEC);
  if (signals < 0) give_up("wait for signals");
  for (;;) {
    struct pollfd waited[] = {{signals, POLLIN, 0}, {monitor >= 0 ? monitor : listener, POLLIN, 0}};
    if (poll(waited, 2, -1) < 0 && errno != EINTR) give_up("wait");
    if (waited[0].revents) {
      event("SHUTDOWN", "{\"guest\": false, \"reason\": \"host-signal\"}");
      return 0;
    }
    if (!waited[1].revents) continue;
    if (monitor >= 0) {
      read_monitor();
      continue;
    }
    monitor = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (monitor >= 0)
      say("{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, \"package\": \"\"}, "
          "\"capabilities\": [\"oob\"]}}");
  }
}
