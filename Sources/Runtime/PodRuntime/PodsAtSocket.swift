// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import Pods

/// The pods as one of the two sockets shows them.
///
/// kubelet's shows what was made there; what was made on the operator's is not there for its callers. The operator's
/// shows all, changes what was made there, and of kubelet's does only what an operator may do: end a VM, for kubelet to
/// decide what comes next.
public struct PodsAtSocket: PodService {
    private let pods: PodRuntime
    private let socket: Origin

    /// The pods of a runtime, at a socket.
    public init(_ pods: PodRuntime, _ socket: Origin) {
        self.pods = pods
        self.socket = socket
    }

    private func shows(_ sandbox: SandboxRecord) -> Bool { socket == .operator || sandbox.origin == socket }

    private func shown(sandbox id: String) async throws(PodServiceError) -> SandboxRecord? {
        try await pods.sandbox(id, shows)
    }

    /// The whole id of a sandbox that may be changed here; nil where none is shown.
    private func own(sandbox id: String) async throws(PodServiceError) -> String? {
        guard let sandbox = try await shown(sandbox: id) else { return nil }
        try check(sandbox)
        return sandbox.id
    }

    /// The whole id of a container that may be changed here; nil where none is shown.
    private func own(container id: String) async throws(PodServiceError) -> String? {
        guard let container = try await pods.container(id, shows) else { return nil }
        guard let sandbox = try await pods.sandbox(container.sandboxID) else { return nil }
        try check(sandbox)
        return container.id
    }

    private func check(_ sandbox: SandboxRecord) throws(PodServiceError) {
        guard sandbox.origin != socket else { return }
        let metadata = sandbox.configuration.metadata
        throw PodServiceError(
            .failedPrecondition,
            "the pod \(metadata.namespace)/\(metadata.name) is kubelet's: change or delete it in the cluster (kubectl delete pod)"
        )
    }

    // MARK: - The node

    /// Who serves.
    public var version: RuntimeVersion { pods.version }

    /// Whether pods can be run here now.
    public func status(isVerbose: Bool) async throws(PodServiceError) -> RuntimeStatus {
        try await pods.status(isVerbose: isVerbose)
    }

    /// Who makes cgroups here.
    public func cgroupDriver() async throws(PodServiceError) -> CgroupDriver { pods.settings.cgroupDriver }

    /// Addresses are the network's to give.
    public func setPodAddressRange(_ range: String) async throws(PodServiceError) {}

    // MARK: - Sandboxes

    /// Makes a sandbox with its network.
    public func runSandbox(
        _ configuration: PodSandboxConfiguration,
        handler: String
    ) async throws(PodServiceError) -> String {
        try await pods.runSandbox(configuration, handler: handler, at: socket)
    }

    /// Ends a sandbox's VM and takes its network away.
    public func stopSandbox(_ id: String) async throws(PodServiceError) {
        if let id = try await own(sandbox: id) { try await pods.stopSandbox(id) }
    }

    /// Removes a sandbox and its containers.
    public func removeSandbox(_ id: String) async throws(PodServiceError) {
        if let id = try await own(sandbox: id) { try await pods.removeSandbox(id) }
    }

    /// A sandbox's status.
    public func sandboxStatus(
        _ id: String,
        isVerbose: Bool
    ) async throws(PodServiceError) -> PodSandboxStatus {
        guard let sandbox = try await shown(sandbox: id) else { throw PodServiceError.noSandbox(id) }
        return try await pods.sandboxStatus(sandbox.id, isVerbose: isVerbose)
    }

    /// The sandboxes to which a filter applies.
    public func sandboxes(_ filter: PodSandboxFilter) async throws(PodServiceError) -> [PodSandbox] {
        await pods.sandboxes(filter, shows)
    }

    // MARK: - Containers

    /// Makes a container.
    public func createContainer(
        _ configuration: ContainerConfiguration,
        in sandboxID: String,
        sandbox _: PodSandboxConfiguration?
    ) async throws(PodServiceError) -> String {
        guard let id = try await own(sandbox: sandboxID) else { throw PodServiceError.noSandbox(sandboxID) }
        return try await pods.createContainer(configuration, in: id)
    }

    /// Starts a container's VM.
    public func startContainer(_ id: String) async throws(PodServiceError) {
        guard let own = try await own(container: id) else { throw PodServiceError.noContainer(id) }
        try await pods.startContainer(own)
    }

    /// Ends a container's guest, also one of kubelet's.
    public func stopContainer(_ id: String, seconds: Int64) async throws(PodServiceError) {
        guard let container = try await pods.container(id, shows) else { return }
        try await pods.stopContainer(container.id, seconds: seconds)
    }

    /// Removes a container.
    public func removeContainer(_ id: String) async throws(PodServiceError) {
        if let id = try await own(container: id) { try await pods.removeContainer(id) }
    }

    /// The containers to which a filter applies.
    public func containers(_ filter: ContainerFilter) async throws(PodServiceError) -> [Container] {
        await pods.containers(filter, shows)
    }

    /// A container's status.
    public func containerStatus(
        _ id: String,
        isVerbose: Bool
    ) async throws(PodServiceError) -> ContainerStatus {
        let id = try await container(id)
        return try await pods.containerStatus(id, isVerbose: isVerbose)
    }

    /// Changes the limits of a VM's processors.
    public func updateResources(
        _ resources: LinuxResources,
        ofContainer id: String,
        annotations _: [String: String]
    ) async throws(PodServiceError) {
        guard let own = try await own(container: id) else { throw PodServiceError.noContainer(id) }
        try await pods.updateResources(resources, ofContainer: own)
    }

    /// Opens a container's log anew.
    public func reopenLog(ofContainer id: String) async throws(PodServiceError) {
        try await pods.reopenLog(ofContainer: container(id))
    }

    private func container(_ id: String) async throws(PodServiceError) -> String {
        guard let container = try await pods.container(id, shows) else {
            throw PodServiceError.noContainer(id)
        }
        return container.id
    }

    // MARK: - What they use

    /// What a container uses.
    public func containerUsage(_ id: String) async throws(PodServiceError) -> ContainerUsage {
        try await pods.containerUsage(container(id))
    }

    /// What the containers use to which a filter applies.
    public func containerUsages(_ filter: ContainerFilter) async throws(PodServiceError) -> [ContainerUsage] {
        await pods.containerUsages(filter, shows)
    }

    /// What a sandbox uses.
    public func sandboxUsage(_ id: String) async throws(PodServiceError) -> PodSandboxUsage {
        guard let sandbox = try await shown(sandbox: id) else { throw PodServiceError.noSandbox(id) }
        return try await pods.sandboxUsage(sandbox.id)
    }

    /// What the sandboxes use that are ready and to which a filter applies.
    public func sandboxUsages(_ filter: PodSandboxFilter) async throws(PodServiceError) -> [PodSandboxUsage] {
        await pods.sandboxUsages(filter, shows)
    }
}
