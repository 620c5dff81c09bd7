// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import RuntimeConfiguration

extension Settings {
    /// What the node's configuration says of VMs; nil where its users are not a range of users.
    public init?(_ configuration: RuntimeConfiguration) {
        let first = configuration.firstEmulatorUser
        guard
            let users = UserRange(
                first: UInt32(clamping: first),
                last: UInt32(clamping: first + configuration.emulatorUserCount - 1)
            )
        else { return nil }
        self.init()
        self.users = users
        stateFolder = configuration.stateFolder
        runFolder = configuration.runFolder
        libvirtURI = configuration.libvirtURI
        wrapper = configuration.wrapper
    }
}
