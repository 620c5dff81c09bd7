// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIInvoker
import CNIProtocol
import Libvirt
import LinuxSystem
import Machines
public import Pods

extension PodRuntime: MachineService {
    /// Makes a machine, a pod of one VM, and starts it; where that fails, nothing of it is left.
    public func runMachine(_ request: MachineRequest) async throws(PodServiceError) -> RunningMachine {
        let draft = try await draft(request)
        return try await shielded { [self] in
            guard running.begin(request.name) else { throw Self.taken(request.name) }
            defer { running.end(request.name) }
            guard await machines(named: request.name).isEmpty else { throw Self.taken(request.name) }
            let sandboxID = try await makingRoom { [self] in try await makeSandbox(draft) }
            do {
                let image: ImageReference =
                    switch request.image {
                    case .named(let text), .file(let text): ImageReference(text)
                    }
                var configuration = ContainerConfiguration(
                    metadata: ContainerMetadata(name: request.name, attempt: 0),
                    image: image
                )
                configuration.labels = draft.configuration.labels
                let containerID = try await createContainer(configuration, in: sandboxID, machine: request)
                try await startContainer(containerID)
                return RunningMachine(sandboxID: sandboxID, containerID: containerID)
            } catch {
                log("machine \(request.name): \(Self.error(error).message); undoing what was made")
                do throws(PodServiceError) { try await removeSandbox(sandboxID) } catch let second {
                    throw PodServiceError(
                        .internalError,
                        "\(Self.error(error).message); besides, it could not be undone: \(second.message)"
                    )
                }
                throw error
            }
        }
    }

    /// Removes a machine and all that was made for it; also one whose run goes on or was cut short.
    public func removeMachine(_ name: String) async throws(PodServiceError) -> Bool {
        var isFound = false
        while true {
            let found = await machines(named: name)
            for sandbox in found { try await removeSandbox(sandbox.id) }
            isFound = isFound || !found.isEmpty
            // A run that has not come so far is waited for: it may make one yet.
            guard running.contains(name) else { return isFound }
            await running.ended(name)
        }
    }

    private func machines(named name: String) async -> [SandboxRecord] {
        await store.sandboxes.values.filter {
            $0.origin == .operator && $0.configuration.labels[MachineRequest.label] == name
        }
    }

    private static func taken(_ name: String) -> PodServiceError {
        PodServiceError(
            .alreadyExists,
            "there is a machine \(name) already: remove it first (vmctl rm \(name))"
        )
    }

    /// The sandbox of a machine.
    private func draft(_ request: MachineRequest) async throws(PodServiceError) -> SandboxDraft {
        guard MachineRequest.isName(request.name) else {
            throw PodServiceError(
                .invalidArgument,
                "\"\(PodServiceError.shortened(request.name))\" can't be a machine's name: use 1 to 63 lower-case letters, digits and "
                    + "hyphens, with none of these at the ends"
            )
        }
        guard (16...1 << 22).contains(request.memoryMiB) else {
            throw PodServiceError(.invalidArgument, "the memory must be 16 MiB to 4 TiB")
        }
        guard (1...GuestShape.mostProcessors).contains(request.vcpus) else {
            throw PodServiceError(
                .invalidArgument,
                "a machine has 1 to \(GuestShape.mostProcessors) processors"
            )
        }
        var configuration = PodSandboxConfiguration(
            metadata: PodSandboxMetadata(
                name: request.podName,
                uid: "",
                namespace: request.podNamespace,
                attempt: 0
            )
        )
        configuration.hostname = request.name
        // Where VMs without a pod are on a node of systemd's.
        if settings.cgroupDriver == .systemd { configuration.cgroupParent = "machine.slice" }
        configuration.labels = [MachineRequest.label: request.name]
        configuration.annotations = ["VirtletVCPUCount": String(request.vcpus)]
        var draft = SandboxDraft(origin: .operator, configuration: configuration)
        switch request.network {
        case .none: break
        case .prepared(let id):
            guard ContainerID(id) != nil else {
                throw PodServiceError(
                    .invalidArgument,
                    "\"\(PodServiceError.shortened(id))\" is not a sandbox's id: letters, digits, '_', '.' and '-'"
                )
            }
            draft.preparedBy = id
        case .lists(let lists):
            for list in lists {
                do {
                    _ = try CNINetworkList(Array(list.utf8))
                    try await plugins.find(list: list)
                } catch let error as CNIError {
                    throw PodServiceError(
                        .invalidArgument,
                        "the network configuration list: \(error.message)"
                    )
                } catch {
                    throw Self.error(error)
                }
            }
            draft.lists = lists
        }
        return draft
    }

    // MARK: - Guests

    /// Waits until a guest is up.
    public func awaitGuest(
        ofContainer id: String,
        _ sign: GuestSign,
        seconds: Double
    ) async throws(PodServiceError) {
        guard let known = try await container(id) else { throw PodServiceError.noContainer(id) }
        let clock = ContinuousClock()
        let end = clock.now + .seconds(min(max(0, seconds), 86_400))
        do {
            while try await !shows(sign, known) {
                guard try await !hasEnded(known) else {
                    throw PodServiceError(.failedPrecondition, "the guest has ended before it was up")
                }
                guard clock.now < end else {
                    throw PodServiceError(
                        .deadlineExceeded,
                        "the guest was not up within \(seconds) s; it goes on"
                    )
                }
                try await Task.sleep(for: .milliseconds(250))
            }
        } catch {
            throw Self.error(error)
        }
    }

    private func shows(_ sign: GuestSign, _ container: ContainerRecord) async throws -> Bool {
        switch sign {
        case .agent:
            do throws(LibvirtError) {
                let ping = #"{"execute":"guest-ping"}"#
                _ = try await hypervisor.askAgent(of: container.domain, ping, seconds: 2)
                return true
            } catch {
                return false
            }
        case .consoleText(let text):
            let path = "\(folder(container))/\(MachineFile.consoleLog.rawValue)"
            let log = try Files.read(path, limit: 64 << 20) ?? []
            return String(decoding: log, as: UTF8.self).contains(text)
        }
    }

    /// Opens a guest's serial console.
    public func openConsole(ofContainer id: String) async throws(PodServiceError) -> any GuestConsole {
        guard let known = try await container(id) else { throw PodServiceError.noContainer(id) }
        guard consoles.begin(known.id) else {
            throw PodServiceError(.failedPrecondition, "the console is open elsewhere")
        }
        do {
            guard let path = try await hypervisor.consoleTerminal(of: known.domain) else {
                throw PodServiceError(.failedPrecondition, "the VM does not run")
            }
            let console = try OpenConsole(path) { [consoles] in consoles.end(known.id) }
            log("container \(known.id): its console is open")
            return console
        } catch {
            consoles.end(known.id)
            throw Self.error(error)
        }
    }
}

extension MachineRequest {
    /// Whether a text can be a machine's name: a host name of one label.
    static func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let hyphen = UInt8(ascii: "-")
        guard (1...63).contains(bytes.count), bytes.first != hyphen, bytes.last != hyphen else {
            return false
        }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), hyphen: true
            default: false
            }
        }
    }
}
