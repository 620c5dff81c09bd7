// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import LinuxSystem
public import Netlink

/// Why a device could not be made or removed.
public enum AttachmentError: Error, Hashable, Sendable {
    /// A system call failed.
    case system(SystemError)
    /// The kernel's netlink refused.
    case netlink(NetlinkError)
    /// A device that should be there is not, or is not what it should be.
    case unexpected(String)

    /// One line: what was tried, on what, why it failed.
    public var message: String {
        switch self {
        case .system(let error): error.message
        case .netlink(let error): error.message
        case .unexpected(let text): text
        }
    }
}

func system<Value: ~Copyable>(_ body: () throws(SystemError) -> Value) throws(AttachmentError) -> Value {
    do throws(SystemError) { return try body() } catch { throw .system(error) }
}

func netlink<Value>(_ body: () throws(NetlinkError) -> Value) throws(AttachmentError) -> Value {
    do throws(NetlinkError) { return try body() } catch { throw .netlink(error) }
}
