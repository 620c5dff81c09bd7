// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
public import PreparedInterface

/// What a test of guests has: vmctl with folders of its own, a libvirtd of its own and an image.
public final class GuestMachineHost: Sendable {
    /// The folder with the test's state.
    public let scratch: ScratchFolder
    /// libvirt.
    public let libvirtd: PrivateLibvirtd
    /// The environment that vmctl runs in.
    public let environment: [String: String]
    /// The guest image.
    public let image: String
    private let vmctl: String

    /// Starts libvirtd and finds vmctl, the wrapper and the image.
    public init() throws {
        guard let image = Programs.variable("CONTRAIL_VM_GUEST_IMAGE") else {
            throw Programs.Missing(what: "CONTRAIL_VM_GUEST_IMAGE: see tools/test-tier")
        }
        self.image = image
        vmctl = try Programs.path("vmctl")
        scratch = try ScratchFolder()
        // QEMU's users must be able to reach the wrapper, wherever it was built.
        let wrapper = "\(scratch.path)/vmwrapper"
        try FileManager.default.copyItem(atPath: Programs.path("vmwrapper"), toPath: wrapper)
        libvirtd = try PrivateLibvirtd()
        environment = [
            "CONTRAIL_VM_STATE_DIR": "\(scratch.path)/state", "CONTRAIL_VM_RUN_DIR": "\(scratch.path)/run",
            "CONTRAIL_VM_LIBVIRT_URI": libvirtd.uri, "CONTRAIL_VM_WRAPPER": wrapper,
        ]
    }

    /// Runs vmctl.
    public func vmctl(_ arguments: String..., seconds: Double = 240) throws -> Programs.Run {
        try Programs.run(vmctl, arguments, environment: environment, seconds: seconds)
    }

    /// Starts vmctl and does not wait for it.
    public func starting(_ arguments: String...) throws -> Programs.Started {
        try Programs.start(vmctl, arguments, environment: environment)
    }

    /// Writes an interface's record, as the plugins do; returns its path.
    public func record(_ interface: PreparedInterface) throws -> String {
        let folder = "run/interfaces/\(interface.key.containerID.text)"
        let text = String(decoding: interface.json.serialized(), as: UTF8.self)
        return try scratch.file("\(folder)/\(interface.key.interface.text).json", text, mode: 0o600)
    }

    /// The process of a machine's QEMU, found by its UUID or name among the arguments; nil where there is none.
    public func emulator(_ name: String) throws -> Int32? {
        for entry in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            guard let process = Int32(entry),
                let bytes = FileManager.default.contents(atPath: "/proc/\(entry)/cmdline")
            else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            if text.contains("guest=\(name),"), text.contains(scratch.path) { return process }
        }
        return nil
    }

    /// The lines of a process's status in /proc, by their names.
    public func status(of process: Int32) throws -> [String: String] {
        let text = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        var status: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            status[String(parts[0])] = parts[1].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        return status
    }
}
