// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The environment variables by which the process that starts a domain talks to the wrapper.
public enum WrapperEnvironment {
    /// The Unix socket where the descriptors are served; unset in libvirt's capability probes.
    public static let socket = "CONTRAIL_VM_SOCKET"
    /// The interfaces, in the order in which their descriptors come: `WrappedInterface.text(_:)`.
    public static let interfaces = "CONTRAIL_VM_INTERFACES"
    /// The QEMU to become; `/usr/bin/qemu-system-x86_64` where it is unset.
    public static let emulator = "CONTRAIL_VM_QEMU"
}
