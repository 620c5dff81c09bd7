// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import Pods

/// A sandbox that is to be made.
struct SandboxDraft: Sendable {
    /// At whose socket it is made.
    var origin: Origin
    /// What the caller asks for.
    var configuration: PodSandboxConfiguration
    /// The RuntimeClass's handler.
    var handler = ""
    /// The network configuration lists of eth0, eth1, ...; empty for no namespace of its own.
    var lists: [String] = []
    /// The sandbox, made by others, whose interfaces it has.
    var preparedBy: String?
    /// What plugins are offered, beside the VM's interface.
    var capabilities = JSONObject()
}
