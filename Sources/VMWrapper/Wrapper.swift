// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux

/// The emulator that libvirt runs for a VM whose taps lie in a pod's namespace.
///
/// It fetches the descriptors of the taps' queues, adds the devices to its own arguments and becomes QEMU.
///
/// libvirt starts it without privileges, so it could not enter the namespace by itself (setns: EPERM).
public struct Wrapper {
    private static let emulator = "/usr/bin/qemu-system-x86_64"
    private static let patience: Int64 = 20_000_000

    private let arguments: [String]

    /// A wrapper with the arguments that this process was run with.
    public init() {
        var arguments: [String] = []
        var index: Int32 = 0
        while let argument = clinux_argument(index) {
            arguments.append(String(cString: argument))
            index += 1
        }
        self.arguments = arguments
    }

    /// Becomes QEMU.
    ///
    /// Returns only where that failed, with what failed.
    public func run() -> WrapperError {
        let emulator = Self.variable(WrapperEnvironment.emulator) ?? Self.emulator
        // libvirt's capability probes come without a socket: they must see QEMU itself.
        guard let socket = Self.variable(WrapperEnvironment.socket) else {
            return execute(emulator, adding: [])
        }
        guard let text = Self.variable(WrapperEnvironment.interfaces),
            let interfaces = WrappedInterface.interfaces(text)
        else { return WrapperError("read", WrapperEnvironment.interfaces, "it is missing or malformed") }
        do throws(WrapperError) {
            return execute(emulator, adding: try Self.fetch(interfaces, from: socket))
        } catch {
            return error
        }
    }

    /// The arguments for all interfaces, whose descriptors come one message each.
    private static func fetch(
        _ interfaces: [WrappedInterface],
        from path: String
    ) throws(WrapperError) -> [String] {
        let connection = try connect(path)
        defer { close(connection) }
        var added: [String] = []
        for interface in interfaces {
            var received = [Int32](repeating: -1, count: 64)
            let count = clinux_receive_descriptors(connection, &received, 64)
            guard count >= 0 else { throw WrapperError("receive the descriptors at", path, errno: -count) }
            guard Int(count) == interface.descriptors else {
                throw WrapperError(
                    "receive the descriptors at",
                    path,
                    "\(count) came, \(interface.descriptors) were announced"
                )
            }
            added += interface.arguments(descriptors: try received.prefix(Int(count)).map(inheritable))
        }
        return added
    }

    /// A copy that stays open in QEMU: dup(2) drops close-on-exec.
    private static func inheritable(_ descriptor: Int32) throws(WrapperError) -> Int32 {
        let copy = dup(descriptor)
        guard copy >= 0 else { throw WrapperError("duplicate", "a descriptor", errno: clinux_errno()) }
        close(descriptor)
        return copy
    }

    private static func connect(_ path: String) throws(WrapperError) -> Int32 {
        let connection = clinux_connect_unix(path)
        guard connection >= 0 else { throw WrapperError("connect to", path, errno: -connection) }
        _ = clinux_set_receive_timeout(connection, patience)
        return connection
    }

    private func execute(_ program: String, adding added: [String]) -> WrapperError {
        var vector: [UnsafeMutablePointer<CChar>?] = []
        for argument in arguments + added { vector.append(strdup(argument)) }
        vector.append(nil)
        execv(program, vector)
        return WrapperError("execute", program, errno: clinux_errno())
    }

    private static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        return String(cString: value)
    }
}

/// Why the wrapper could not become QEMU.
public struct WrapperError: Error {
    /// The sentence: what was tried, on what, and why it failed.
    public let message: String

    init(_ operation: String, _ subject: String, _ reason: String) {
        message = "vmwrapper: \(operation) \(subject): \(reason)\n"
    }

    init(_ operation: String, _ subject: String, errno: Int32) {
        self.init(operation, subject, String(cString: clinux_strerror(errno)))
    }
}
