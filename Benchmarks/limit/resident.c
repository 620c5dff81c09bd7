// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// Runs a program and tells the memory that it has when it ends, page by page. The kernel's own figure for the peak
// (ru_maxrss) goes in steps of 32 pages and more, too coarse for a budget.
//
//   resident INPUT OUTPUT PROGRAM
//
// The program reads INPUT and writes OUTPUT. One line on standard output: exit status (or 128 + signal), KiB.
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static long resident(pid_t process) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", process);
  FILE *file = fopen(path, "re");
  long result = -1;
  while (file && fgets(line, sizeof line, file)) {
    if (sscanf(line, "Rss: %ld", &result) == 1) break;
  }
  if (file) fclose(file);
  return result;
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  int input = open(arguments[1], O_RDONLY | O_CLOEXEC);
  int output = open(arguments[2], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (input < 0 || output < 0) return 2;
  pid_t child = fork();
  if (child < 0) return 2;
  if (child == 0) {
    dup2(input, 0);
    dup2(output, 1);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execv(arguments[3], arguments + 3);
    _exit(127);
  }
  int status;
  long memory = -1;
  // It stops at exec, at signals and as it ends.
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    int number = WSTOPSIG(status);
    if (number == SIGTRAP && memory < 0) ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEEXIT);
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) memory = resident(child);
    ptrace(PTRACE_CONT, child, 0, number == SIGTRAP ? 0 : number);
  }
  printf("%d %ld\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), memory);
  return 0;
}
