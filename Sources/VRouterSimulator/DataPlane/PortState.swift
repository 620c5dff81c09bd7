// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Where a port stands.
enum PortState: Equatable {
    /// There is no device of that name.
    case waiting
    /// Enslaved; active when the device is up and running.
    case attached(isRunning: Bool)
    case refused(String)

    var name: String {
        switch self {
        case .waiting, .refused: "inactive"
        case .attached(let isRunning): isRunning ? "active" : "inactive"
        }
    }

    /// Why it is not active; empty if it is.
    var reason: String {
        switch self {
        case .waiting: "no-dev"
        case .attached(let isRunning): isRunning ? "" : "os-state-down"
        case .refused(let reason): reason
        }
    }
}
