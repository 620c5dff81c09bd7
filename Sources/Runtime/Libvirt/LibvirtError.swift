// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLibvirt

/// A call to libvirt that failed: what was tried, on what, and what libvirt said.
public struct LibvirtError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, like "start".
    public let operation: String
    /// On what, like a domain's name.
    public let subject: String
    /// libvirt's error number (virErrorNumber).
    public let code: Int
    /// libvirt's message.
    public let message: String

    init(operation: String, subject: String, code: Int, message: String) {
        self.operation = operation
        self.subject = subject
        self.code = code
        self.message = message
    }

    /// Reads the calling thread's last error: at once after the call, with nothing awaited in between.
    init(_ operation: String, _ subject: String) {
        let last = virGetLastError()
        let text = last?.pointee.message.map { String(cString: $0) } ?? "libvirt gave no reason"
        self.init(operation: operation, subject: subject, code: Int(last?.pointee.code ?? 0), message: text)
    }

    /// Whether the domain is not there (VIR_ERR_NO_DOMAIN).
    public var isNoDomain: Bool { code == Int(VIR_ERR_NO_DOMAIN.rawValue) }

    /// Whether the domain is there but not running (VIR_ERR_OPERATION_INVALID).
    public var isInvalidState: Bool { code == Int(VIR_ERR_OPERATION_INVALID.rawValue) }

    /// Whether it is about the processor that the guest is to see.
    ///
    /// libvirt has a number for some of these errors only, and one word that is in all of them.
    public var concernsProcessor: Bool {
        if code == Int(VIR_ERR_CPU_INCOMPATIBLE.rawValue) { return true }
        let about = [
            VIR_ERR_CONFIG_UNSUPPORTED, VIR_ERR_XML_ERROR, VIR_ERR_XML_DETAIL, VIR_ERR_XML_INVALID_SCHEMA,
            VIR_ERR_INVALID_ARG, VIR_ERR_ARGUMENT_UNSUPPORTED, VIR_ERR_OPERATION_FAILED,
            VIR_ERR_INTERNAL_ERROR,
        ]
        return about.contains { code == Int($0.rawValue) } && message.lowercased().contains("cpu")
    }

    /// "cannot start 4711…: no such image".
    public var description: String { "cannot \(operation) \(subject): \(message)" }
}
