// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Waits so many microseconds.
func pauseFor(_ microseconds: Int64) { usleep(UInt32(clamping: microseconds)) }
