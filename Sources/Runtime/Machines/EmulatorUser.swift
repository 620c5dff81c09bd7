// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
package import DomainXML

extension Domain.User {
    /// The user that an emulator runs as, with a group of its own, or the one that may open /dev/kvm.
    package init(ofEmulator uid: UInt32, _ accelerator: Domain.Accelerator) {
        var status = stat()
        let isOpen =
            accelerator != .kvm || stat("/dev/kvm", &status) != 0 || status.st_mode & 0o006 == 0o006
        self.init(uid: uid, gid: isOpen ? uid : status.st_gid)
    }
}
