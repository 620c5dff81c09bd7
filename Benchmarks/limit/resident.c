// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// Runs a program and reports the memory that it has when it ends, page by page. The kernel's own figure for the peak
// (ru_maxrss) goes in steps of 32 pages and more, too coarse for a budget.
//
//   resident INPUT OUTPUT PROGRAM
//
// The program reads INPUT and writes OUTPUT. One line on standard output: exit status (or 128 + signal), private KiB,
// resident KiB.
//
// Private pages are those that the program wrote: heap, stack, data. Their number is the program's own doing.
// Resident ones include pages of its file that the kernel mapped around those that were touched, which depends on the
// kernel and on the page cache. (Private_Dirty would not do: on tmpfs each page of a file counts as dirty.)
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

struct memory {
  long private, resident;
};

static struct memory memory_of(pid_t process) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/smaps_rollup", process);
  FILE *file = fopen(path, "re");
  struct memory result = {-1, -1};
  while (file && fgets(line, sizeof line, file)) {
    sscanf(line, "Rss: %ld", &result.resident);
    sscanf(line, "Anonymous: %ld", &result.private);
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
    // Where the stack begins decides how many pages it takes, and a huge page would count as hundreds. A sandbox may
    // forbid either; the figure then varies by a page.
    personality(ADDR_NO_RANDOMIZE);
    prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execv(arguments[3], arguments + 3);
    _exit(127);
  }
  int status;
  struct memory memory = {-1, -1};
  // It stops at exec, at signals and as it ends.
  while (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    int number = WSTOPSIG(status);
    if (number == SIGTRAP && memory.private < 0) ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACEEXIT);
    if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) memory = memory_of(child);
    ptrace(PTRACE_CONT, child, 0, number == SIGTRAP ? 0 : number);
  }
  int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  printf("%d %ld %ld\n", code, memory.private, memory.resident);
  return 0;
}
