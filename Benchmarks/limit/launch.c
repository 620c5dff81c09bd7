// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// Runs a program and tells what it cost. A child's peak memory (ru_maxrss) is never below its parent's at the
// time of exec, so the parent must be smaller than what is measured: a static C program that does nothing.
//
//   launch INPUT OUTPUT PROGRAM
//
// The program reads INPUT and writes OUTPUT. One line on standard output: exit status (or 128 + signal), wall,
// user and system time in microseconds, peak memory in KiB, minor page faults.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static long long microseconds(struct timeval time) { return time.tv_sec * 1000000LL + time.tv_usec; }

int main(int count, char **arguments) {
  if (count != 4) return 2;
  int input = open(arguments[1], O_RDONLY | O_CLOEXEC);
  int output = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (input < 0 || output < 0) return 2;
  long long start = now();
  pid_t child = vfork();
  if (child < 0) return 2;
  if (child == 0) {
    dup2(input, 0);
    dup2(output, 1);
    execv(arguments[3], arguments + 3);
    _exit(127);
  }
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) != child) return 2;
  long long wall = now() - start;
  int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  printf("%d %lld %lld %lld %ld %ld\n", code, wall, microseconds(usage.ru_utime), microseconds(usage.ru_stime),
         usage.ru_maxrss, usage.ru_minflt);
  return 0;
}
