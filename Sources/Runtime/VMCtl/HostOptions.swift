// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CLinux
import CNIInvoker
import HostPrograms
import Machines

/// What all commands share.
struct HostOptions: ParsableArguments {
    @Option(help: "libvirt's URI (default: CONTRAIL_VM_LIBVIRT_URI, else qemu:///system).")
    var libvirtUri: String?

    /// The settings: defaults, the environment's over them, the command line's over these.
    func settings() throws -> Settings {
        var settings = Settings()
        if let folder = try Self.folder("CONTRAIL_VM_STATE_DIR") { settings.stateFolder = folder }
        if let folder = try Self.folder("CONTRAIL_VM_RUN_DIR") { settings.runFolder = folder }
        if let folder = try Self.folder("CONTRAIL_VM_NETNS_DIR") { settings.namespaceFolder = folder }
        if let text = Self.variable("CONTRAIL_VM_USERS") {
            guard let users = UserRange(text) else {
                throw ValidationError("CONTRAIL_VM_USERS must be first-last, from 1000 up, not \"\(text)\".")
            }
            settings.users = users
        }
        if let path = try Self.folder("CONTRAIL_VM_WRAPPER") ?? Self.builtWrapper {
            settings.wrapper = path
        }
        if let path = try Self.folder("CONTRAIL_VM_QEMU") { settings.qemu = HostProgram(path) }
        if let path = try Self.folder("CONTRAIL_VM_QEMU_IMG") { settings.qemuImg = HostProgram(path) }
        if let path = try Self.folder("CONTRAIL_VM_XORRISOFS") { settings.xorrisofs = HostProgram(path) }
        if let uri = libvirtUri ?? Self.variable("CONTRAIL_VM_LIBVIRT_URI") { settings.libvirtURI = uri }
        return settings
    }

    /// A runtime with these settings, which tells on stderr what takes long.
    func runtime() throws -> MachineRuntime {
        MachineRuntime(settings: try settings(), plugins: Self.plugins()) { Terminal.note($0) }
    }

    private static func plugins() -> any NetworkPlugins {
        guard let folders = variable("CONTRAIL_VM_CNI_BIN") else { return InvokedPlugins(CNIInvoker()) }
        return InvokedPlugins(CNIInvoker(folders: folders.split(separator: ":").map(String.init)))
    }

    /// The wrapper that was built together with this program; an installed one is the settings' default.
    private static var builtWrapper: String? {
        guard let path = Installation.programFolder.map({ "\($0)/vmwrapper" }), access(path, X_OK) == 0 else {
            return nil
        }
        return path
    }

    static func variable(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        return text.isEmpty ? nil : text
    }

    static func folder(_ name: String) throws -> String? {
        guard let text = variable(name) else { return nil }
        guard text.hasPrefix("/") else { throw ValidationError("\(name) must be an absolute path.") }
        return text.count > 1 && text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
