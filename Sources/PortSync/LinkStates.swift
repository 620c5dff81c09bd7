// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Netlink
import NetworkTypes

/// The states of this namespace's devices, as the kernel's events tell.
struct LinkStates {
    /// What is known of a device.
    struct State: Hashable {
        let isUp: Bool
        let isRunning: Bool
    }

    private var states: [String: State] = [:]
    private var names: [Int32: String] = [:]

    /// A device's state; nil where there is none.
    func state(_ name: String) -> State? { states[name] }

    /// Takes an event in.
    ///
    /// - Returns: The devices whose state is another than before.
    mutating func apply(_ event: LinkEvent) -> [String] {
        var changed: [String] = []
        // Under a new name the old one is gone.
        if let old = names[event.index], old != event.name, states.removeValue(forKey: old) != nil {
            changed.append(old)
        }
        if event.isGone {
            names[event.index] = nil
            if states.removeValue(forKey: event.name) != nil { changed.append(event.name) }
            return changed
        }
        names[event.index] = event.name
        let state = State(isUp: event.isUp, isRunning: event.isRunning)
        if states.updateValue(state, forKey: event.name) != state { changed.append(event.name) }
        return changed
    }

    /// What a state is called in the log.
    static func word(_ state: State?) -> String {
        guard let state else { return "gone" }
        guard state.isUp else { return "administratively down" }
        return state.isRunning ? "up" : "up without a carrier"
    }
}
