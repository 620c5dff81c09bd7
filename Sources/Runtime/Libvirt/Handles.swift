// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLibvirt

/// A connection that is closed with its last user; it may be used by any thread, one at a time.
final class ConnectionHandle: @unchecked Sendable {
    let pointer: virConnectPtr

    init(owning pointer: virConnectPtr) { self.pointer = pointer }

    deinit { virConnectClose(pointer) }
}

/// A domain's handle that is freed with its last user; the domain itself lives on.
final class DomainHandle {
    let pointer: virDomainPtr

    init(owning pointer: virDomainPtr) { self.pointer = pointer }

    deinit { virDomainFree(pointer) }
}

/// libvirt prints every error to stderr unless it is given a function that does not.
let silenced: Void = virSetErrorFunc(nil) { _, _ in }
