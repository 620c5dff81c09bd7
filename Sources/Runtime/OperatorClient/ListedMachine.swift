// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages

/// A VM of this node as vm-runtime shows it to the operator: a machine of vmctl's, or a pod of kubelet's.
package struct ListedMachine: Hashable, Sendable {
    /// The machine's name; of any other pod its namespace and name, joined by a slash.
    package var name: String
    /// One word for what it does.
    package var state: State
    /// What runs its instructions; empty where it has no VM.
    package var accelerator = ""
    /// Its processors; empty where it has no VM.
    package var vcpus = ""
    /// Its memory in MiB; empty where it has no VM.
    package var memoryMiB = ""
    /// The user that its QEMU runs as.
    package var user = ""
    /// Its addresses.
    package var addresses: [String] = []
    /// Its domain at libvirt; empty where it has no VM.
    package var domain = ""
    /// The file with all that its guest wrote on its console; empty where it has no VM.
    package var consoleLog = ""
    /// The sandbox's id.
    package var sandboxID: String
    /// The container's id; empty where it has no VM.
    package var containerID = ""

    /// What a VM does.
    package enum State: String, Sendable {
        /// It runs.
        case running
        /// Its guest has ended.
        case stopped
        /// Its guest's kernel panicked.
        case crashed
        /// It was never started.
        case incomplete
    }
}

extension OperatorClient {
    /// All VMs of this node, by name.
    package func machines() async throws -> [ListedMachine] {
        let sandboxes: CRIListPodSandboxResponse = try await call(
            "ListPodSandbox",
            of: .runtime,
            CRIListPodSandboxRequest()
        )
        let containers: CRIListContainersResponse = try await call(
            "ListContainers",
            of: .runtime,
            CRIListContainersRequest()
        )
        // The youngest comes first: a pod's earlier attempts are not shown.
        let youngest = Dictionary(
            containers.containers.map { ($0.podSandboxID, $0.id) },
            uniquingKeysWith: { first, _ in first }
        )
        var machines: [ListedMachine] = []
        for sandbox in sandboxes.items {
            if let machine = try await machine(sandbox, youngest[sandbox.id]) { machines.append(machine) }
        }
        return machines.sorted { $0.name < $1.name }
    }

    /// The VM of a name; nil where there is none.
    package func machine(named name: String) async throws -> ListedMachine? {
        try await machines().first { $0.name == name }
    }

    /// Asks for all that is known of a VM; nil where it has gone meanwhile.
    private func machine(_ sandbox: CRIPodSandbox, _ containerID: String?) async throws -> ListedMachine? {
        var request = CRIPodSandboxStatusRequest()
        request.podSandboxID = sandbox.id
        request.verbose = true
        let status: CRIPodSandboxStatusResponse? = try await ifThere {
            try await call("PodSandboxStatus", of: .runtime, request)
        }
        guard let status else { return nil }
        let metadata = sandbox.metadata
        // The author of a pod of kubelet's may give it any label.
        let label = status.info["origin"] == "operator" ? sandbox.labels["contrail-vm/machine"] : nil
        var machine = ListedMachine(
            name: label ?? "\(metadata.namespace)/\(metadata.name)",
            state: .incomplete,
            sandboxID: sandbox.id
        )
        machine.user = status.info["user"] ?? ""
        let network = status.status.network
        machine.addresses = ([network.ip] + network.additionalIps.map(\.ip)).filter { !$0.isEmpty }
        guard let containerID else { return machine }
        var asked = CRIContainerStatusRequest()
        asked.containerID = containerID
        asked.verbose = true
        let container: CRIContainerStatusResponse? = try await ifThere {
            try await call("ContainerStatus", of: .runtime, asked)
        }
        guard let container else { return machine }
        machine.containerID = containerID
        switch container.status.state {
        case .containerRunning: machine.state = .running
        case .containerExited:
            machine.state = container.status.reason == "GuestPanicked" ? .crashed : .stopped
        default: break
        }
        machine.accelerator = container.info["accelerator"] ?? ""
        machine.vcpus = container.info["vcpus"] ?? ""
        machine.memoryMiB = container.info["memoryMiB"] ?? ""
        machine.domain = container.info["domain"] ?? ""
        machine.consoleLog = container.info["consoleLog"] ?? ""
        return machine
    }

    private func ifThere<Value>(_ call: () async throws -> Value) async throws -> Value? {
        do { return try await call() } catch let error as OperatorError where error.isNotFound { return nil }
    }
}
