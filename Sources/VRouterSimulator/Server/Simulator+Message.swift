// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

extension Simulator {
    /// Messages to the loop from other threads.
    enum Message: Sendable {
        case stop
        /// A line for the control connection of that number.
        case controlReply(UInt64, Bytes)
    }
}
