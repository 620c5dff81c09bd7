// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import DomainXML
public import Libvirt
import LinuxSystem

/// Makes, starts, stops and removes machines.
///
/// A machine is written down before anything of it is made, so that whatever a kill leaves behind, `remove`
/// finds it. Calls for one name exclude each other, also between processes.
public struct MachineRuntime: Sendable {
    /// Our name: towards plugins as the runtime, at libvirt as the owner of domains.
    public static let name = "vmctl"
    /// What marks domains as ours.
    public static let mark = OwnerMark(namespace: Domain.metadataNamespace, owner: name)

    /// Where this host has what machines are made of.
    public let settings: Settings
    /// libvirt.
    public let hypervisor: Hypervisor
    let plugins: any NetworkPlugins
    let progress: @Sendable (String) -> Void
    let store: MachineStore

    /// A runtime on this host.
    ///
    /// `progress`: Told what is done now, where that may take long.
    public init(
        settings: Settings,
        plugins: any NetworkPlugins,
        progress: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.settings = settings
        self.plugins = plugins
        self.progress = progress
        hypervisor = Hypervisor(uri: settings.libvirtURI, mark: Self.mark)
        store = MachineStore(settings: settings)
    }

    /// The paths of the images that machines' disks lie on.
    public static func imagePaths(_ settings: Settings) throws(MachineError) -> Set<String> {
        Set(try MachineStore(settings: settings).list().map(\.image.path))
    }

    /// Makes and starts a machine; leaves nothing behind where that fails.
    /// - Returns: The machine, whose guest boots now.
    public func run(_ request: MachineRequest) async throws(MachineError) -> Machine {
        let operation = "run the machine \(request.name)"
        guard Machine.isName(request.name) else {
            throw MachineError(
                operation,
                "the name is no host name",
                advice: "Use 1 to 63 lower-case letters, digits and hyphens."
            )
        }
        let lock = try store.lock(request.name)
        defer { withExtendedLifetime(lock) {} }
        let image = try await Image(checking: request.image, by: settings.qemuImg)
        var machine = try store.create(request.name) { uid throws(MachineError) in
            try draft(request, image: image, uid: uid)
        }
        do {
            let interfaces = try await attach(&machine, request.network)
            try await makeMedia(of: machine, request.guest, interfaces)
            try await start(&machine, interfaces)
            return machine
        } catch {
            progress("Undoing what was made")
            let failures = await cleanUp(machine)
            throw MachineError(operation, error).joined(by: failures)
        }
    }

    /// Ends a machine's guest: asks it first, and ends QEMU where the guest does not follow in time.
    /// - Returns: Whether it had to be forced; nil where it did not run.
    public func stop(_ name: String, seconds: Double) async throws(MachineError) -> Bool? {
        let operation = "stop the machine \(name)"
        let lock = try store.lock(name)
        defer { withExtendedLifetime(lock) {} }
        let domain = try present(name, operation).domain
        do {
            guard try await hypervisor.state(of: domain) != nil else { return nil }
            let clock = ContinuousClock()
            let end = clock.now + .seconds(seconds)
            var next = clock.now
            while clock.now < end {
                // A guest that still boots does not hear the first request.
                if clock.now >= next {
                    try await hypervisor.shutDown(domain)
                    next = clock.now + .seconds(5)
                }
                if try await hypervisor.state(of: domain) == nil { return false }
                try await Task.sleep(for: .milliseconds(200))
            }
            try await hypervisor.destroy(domain)
            return true
        } catch {
            throw MachineError(operation, error)
        }
    }

    /// Removes a machine and all that was made for it; ends its guest where it runs.
    /// - Returns: Whether there was one.
    public func remove(_ name: String) async throws(MachineError) -> Bool {
        let lock = try store.lock(name)
        defer { withExtendedLifetime(lock) {} }
        guard let machine = try store.load(name) else {
            // A kill before the description was written, or after it was removed, leaves at most the folder.
            if Machine.isName(name) { try store.remove(name) }
            return false
        }
        let failures = await cleanUp(machine)
        guard failures.isEmpty else {
            throw MachineError(
                "remove the machine \(name)",
                failures.joined(separator: "; "),
                advice: "What is left is written down: remove it again when the cause is gone."
            )
        }
        return true
    }

    /// A machine; an error where there is none.
    public func find(_ name: String) throws(MachineError) -> Machine {
        try present(name, "find the machine \(name)")
    }

    /// Where all that a machine's guest writes on its console is kept.
    public func consoleLog(of machine: Machine) -> String { store.path(.consoleLog, of: machine.name) }

    func present(_ name: String, _ operation: String) throws(MachineError) -> Machine {
        guard let machine = try store.load(name) else {
            throw MachineError(operation, "there is no machine of this name", advice: "See: vmctl ps")
        }
        return machine
    }
}
