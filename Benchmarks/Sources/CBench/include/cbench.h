// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

// What the driver needs of Linux and Swift does not import. Results are -errno on failure.
#pragma once
#include <sys/types.h>

/// Moves this process into network and mount namespaces of its own, with an empty /run: whatever is made there
/// goes with the process, however it ends.
int bench_enter_node(void);
/// Makes a network namespace with duplicate address detection off; this thread stays where it is.
int bench_make_namespace(void);
/// Starts a program that is killed when this process ends.
/// - Parameter network: A network namespace's descriptor, or -1 for this one.
pid_t bench_spawn(char *_Nullable const *_Nonnull arguments, char *_Nullable const *_Nonnull environment,
                  int output, int network);
/// Connects to a Unix socket.
int bench_connect(const char *_Nonnull path);
