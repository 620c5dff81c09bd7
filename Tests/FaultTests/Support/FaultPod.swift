// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A pod's sandbox in a namespace that others may use after it.
final class FaultPod {
    let name: String
    let containerID: String
    let namespace: TestNamespace
    /// The result of the plugin under test, for CHECK.
    var added: String?
    /// The last result of the plugins of its list, which is the next one's prevResult.
    var result: String?

    init(_ name: String, sandbox: String = "1", in namespace: TestNamespace) {
        self.name = name
        containerID = "\(name)-sandbox-\(sandbox)"
        self.namespace = namespace
    }
}
