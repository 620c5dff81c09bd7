// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNIInvoker
import CNIProtocol
import DomainXML
import JSON
import LinuxSystem
import Machines
import NetworkTypes
import Pods
import PreparedInterface

extension PodRuntime {
    /// Makes a sandbox: its namespace, and its network by the plugins.
    ///
    /// The same attempt again at the same socket is the same sandbox.
    func runSandbox(
        _ configuration: PodSandboxConfiguration,
        handler: String,
        at origin: Origin
    ) async throws(PodServiceError) -> String {
        guard handler.isEmpty || settings.handlers.contains(handler) else {
            let served = settings.handlers.isEmpty ? "none" : settings.handlers.joined(separator: ", ")
            throw PodServiceError(
                .invalidArgument,
                "the runtime_handler \"\(PodServiceError.shortened(handler))\" is not served here: served are the empty one and, "
                    + "by the key runtime-handlers, \(served). Correct the RuntimeClass's handler or the key"
            )
        }
        let (text, list) = try NetworkFolder(path: settings.networkFolder).list()
        let request = try SandboxRequest(configuration, on: list)
        do { try await plugins.find(list: text) } catch {
            throw PodServiceError(.unavailable, Self.error(error).message)
        }
        let metadata = configuration.metadata
        let key =
            "\(origin.rawValue) \(metadata.namespace)/\(metadata.name)/\(metadata.uid)/\(metadata.attempt)"
        return try await makingRoom { [self] in
            try await locks.holding(key) {
                // The same attempt again, by a kubelet that did not hear the answer.
                if let known = await store.sandboxes.values.first(where: {
                    $0.origin == origin && $0.configuration.metadata == metadata
                }), try await !isUndone(known) {
                    guard known.isReady else {
                        throw PodServiceError(
                            .alreadyExists,
                            "attempt \(metadata.attempt) at the pod \(metadata.namespace)/\(metadata.name) is there and stopped (\(known.id)): remove it first"
                        )
                    }
                    return known.id
                }
                let draft = SandboxDraft(
                    origin: origin,
                    configuration: configuration,
                    handler: handler,
                    lists: [text],
                    capabilities: request.capabilities
                )
                return try await makeSandbox(draft)
            }
        }
    }

    func makeSandbox(_ draft: SandboxDraft) async throws -> String {
        let id = Self.newID()
        let namespace = draft.lists.isEmpty ? "" : namespace(id)
        let users = settings.machines.users
        // Whoever holds the lock of a sandbox that is being made finds it given up.
        return try await locks.holding(id) {
            collecting.withLock { $0?.cancel() }
            let record = try await locks.holding(Self.garbageLock) {
                try await store.insert(users.first...users.last) { [bootID] user in
                    SandboxRecord(
                        id: id,
                        origin: draft.origin,
                        configuration: draft.configuration,
                        handler: draft.handler,
                        createdAt: Self.now(),
                        bootID: bootID,
                        user: user,
                        namespace: namespace,
                        preparedBy: draft.preparedBy,
                        networks: draft.lists.enumerated().map {
                            SandboxRecord.Network(interface: "eth\($0.offset)", list: $0.element)
                        }
                    )
                }
            }
            do {
                let ready = try await attach(record, draft.capabilities)
                try await store.save(ready)
                return id
            } catch {
                log("sandbox \(id): \(error); undoing what was made")
                do {
                    try await undo(await store.sandboxes[id] ?? record)
                } catch let second {
                    throw PodServiceError(
                        .internalError,
                        "\(Self.error(error).message); besides, it could not be undone and will be tried again: \(second)"
                    )
                }
                throw error
            }
        }
    }

    /// Takes away what was made of a sandbox that did not get ready, and forgets it.
    func undo(_ sandbox: SandboxRecord) async throws {
        try await takeDown(sandbox)
        try await store.removeSandbox(sandbox.id)
    }

    /// Undoes a sandbox that was given up half made, where that failed before.
    ///
    /// - Returns: Whether it is one and is gone; one of another phase stays.
    private func isUndone(_ known: SandboxRecord) async throws -> Bool {
        guard known.phase == .making else { return false }
        return try await locks.holding(known.id) {
            guard let now = await store.sandboxes[known.id] else { return true }
            guard now.phase == .making else { return false }
            try await undo(now)
            return true
        }
    }

    /// Makes the namespace and attaches it to its networks, where it has any of its own.
    private func attach(_ sandbox: SandboxRecord, _ capabilities: JSONObject) async throws -> SandboxRecord {
        var sandbox = sandbox
        if !sandbox.namespace.isEmpty { sandbox = try await attachOwn(sandbox, capabilities) }
        let interfaces = try interfaces(of: sandbox)
        // One line joins this sandbox's id, which plugins log as the container's, with the agent's own names.
        for interface in interfaces {
            log(
                "sandbox \(sandbox.id): \(interface.key.interface.text) is vmi=\(interface.vmi?.text ?? "-") "
                    + "mac=\(interface.guest.mac.text)"
            )
        }
        sandbox.addresses = interfaces.first?.guest.addresses.map(\.address.text) ?? []
        sandbox.phase = .ready
        return sandbox
    }

    private func attachOwn(
        _ sandbox: SandboxRecord,
        _ capabilities: JSONObject
    ) async throws -> SandboxRecord {
        var sandbox = sandbox
        // Plugins behind a meta plugin, which drops what it does not know, find the request in a file. It also tells us of
        // the namespace where the database was lost.
        try Files.write(vmInterface(sandbox).file.serialized(), to: sandboxFile(sandbox.id))
        let path = sandbox.namespace
        let failure = await onThreadOfItsOwn { () -> SystemError? in
            do throws(SystemError) {
                try NamedNamespace.make(path)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
        for index in sandbox.networks.indices {
            var attachment = try attachment(sandbox, sandbox.networks[index])
            attachment.capabilities = capabilities
            let result = try await plugins.add(attachment)
            sandbox.networks[index].result = String(decoding: result.serialized(), as: UTF8.self)
            try await store.save(sandbox)
        }
        // Each list must have led to a record, whatever else it made.
        _ = try PreparedNetwork(
            of: try containerID(sandbox.id),
            names: sandbox.networks.compactMap { InterfaceName($0.interface) },
            in: settings.machines.interfacesFolder
        )
        return sandbox
    }

    /// What the plugins prepared, in the order of their index.
    func interfaces(of sandbox: SandboxRecord) throws -> [PreparedInterface] {
        guard let id = sandbox.attached else { return [] }
        return try PreparedNetwork(
            of: try containerID(id),
            names: [],
            in: settings.machines.interfacesFolder
        ).interfaces
    }

    /// Ends a sandbox's VM and takes its network away; done again, it succeeds.
    func stopSandbox(_ id: String) async throws(PodServiceError) {
        guard let known = try await sandbox(id) else { return }
        try await shielded { [self] in
            for container in await store.containers(of: known.id) { try await endNow(container) }
            try await ending(known.id) {
                guard let sandbox = await store.sandboxes[known.id] else { return }
                try await stop(sandbox)
            }
        }
    }

    /// Removes a sandbox and its containers; done again, it succeeds.
    func removeSandbox(_ id: String) async throws(PodServiceError) {
        guard let known = try await sandbox(id) else { return }
        try await shielded { [self] in
            for container in await store.containers(of: known.id) { try await endNow(container) }
            try await ending(known.id) {
                guard let sandbox = await store.sandboxes[known.id] else { return }
                // First what frees room on a disk that may be full.
                for container in await store.containers(of: sandbox.id) { try await remove(container) }
                try await stop(sandbox)
                try await store.removeSandbox(sandbox.id)
                log("sandbox \(sandbox.id): removed")
            }
        }
    }

    /// Ends the containers and takes the network away.
    func stop(_ sandbox: SandboxRecord) async throws {
        for container in await store.containers(of: sandbox.id) { try await end(container) }
        var stopped = sandbox
        if stopped.phase != .stopped {
            stopped.phase = .stopped
            try await store.save(stopped)
        }
        try await takeDown(stopped)
    }

    /// Detaches from all networks and removes the namespace; what fails stays written down.
    ///
    /// Repeatable.
    func takeDown(_ sandbox: SandboxRecord) async throws {
        var sandbox = sandbox
        while let network = sandbox.networks.last {
            try await plugins.delete(try attachment(sandbox, network))
            sandbox.networks.removeLast()
            try await store.save(sandbox)
        }
        guard !sandbox.namespace.isEmpty else { return }
        try NamedNamespace.remove(sandbox.namespace)
        try Files.remove(sandboxFile(sandbox.id))
        try Files.removeTemporary(of: sandboxFile(sandbox.id))
    }

    func attachment(
        _ sandbox: SandboxRecord,
        _ network: SandboxRecord.Network
    ) throws -> NetworkAttachment {
        guard let interface = InterfaceName(network.interface) else {
            throw PodServiceError(.internalError, "\(network.interface) is not an interface name")
        }
        let result = try network.result.map { text in try JSONValue(parsing: Array(text.utf8)) }
        let metadata = sandbox.configuration.metadata
        var attachment = NetworkAttachment(
            containerID: try containerID(sandbox.id),
            namespace: sandbox.namespace,
            interface: interface,
            list: network.list,
            result: result,
            podNamespace: metadata.namespace,
            podName: metadata.name,
            vmInterface: vmInterface(sandbox)
        )
        attachment.podUID = metadata.uid
        return attachment
    }

    private func containerID(_ text: String) throws -> ContainerID {
        guard let id = ContainerID(text) else {
            throw PodServiceError(.internalError, "\(text) is not a container id")
        }
        return id
    }

    private func vmInterface(_ sandbox: SandboxRecord) -> NetworkAttachment.VMInterface {
        let asked = Int(sandbox.configuration.annotations["VirtletVCPUCount"] ?? "") ?? 1
        return NetworkAttachment.VMInterface(
            queues: min(max(2, asked), DomainInterface.mostQueues),
            ownerUID: sandbox.user,
            runtime: Self.name
        )
    }

    func sandboxFile(_ id: String) -> String { "\(settings.machines.sandboxesFolder)/\(id).json" }

    /// The path of a sandbox's network namespace.
    func namespace(_ id: String) -> String { "\(settings.machines.namespaceFolder)/cvm-\(id.prefix(16))" }
}
