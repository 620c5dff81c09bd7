// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLibvirt

/// What a domain does.
public enum DomainState: String, Hashable, Sendable {
    /// The guest runs, or waits for something to run.
    case running
    /// It was started paused or was paused.
    case paused
    /// The guest shuts down.
    case stopping
    /// It does not run.
    case off
    /// QEMU or the guest crashed.
    case crashed

    /// Whether there is a QEMU.
    public var isAlive: Bool { self != .off && self != .crashed }

    init(_ state: Int32) {
        switch virDomainState(UInt32(bitPattern: state)) {
        case VIR_DOMAIN_RUNNING, VIR_DOMAIN_BLOCKED: self = .running
        case VIR_DOMAIN_PAUSED, VIR_DOMAIN_PMSUSPENDED: self = .paused
        case VIR_DOMAIN_SHUTDOWN: self = .stopping
        case VIR_DOMAIN_CRASHED: self = .crashed
        default: self = .off
        }
    }
}

/// A domain in a list.
public struct ListedDomain: Hashable, Sendable {
    /// The domain's name.
    public let name: String
    /// Its UUID.
    public let uuid: String
    /// What it does.
    public let state: DomainState

    /// Which domain it is.
    public var identity: DomainIdentity { DomainIdentity(name: name, uuid: uuid) }
}

/// What went through an interface, from the host's side.
public struct InterfaceStatistics: Hashable, Sendable {
    /// Bytes that the guest sent.
    public let receivedBytes: Int
    /// Frames that the guest sent.
    public let receivedPackets: Int
    /// Bytes that the guest got.
    public let sentBytes: Int
    /// Frames that the guest got.
    public let sentPackets: Int
}
