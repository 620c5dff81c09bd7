// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Runs pods: what the runtime half of the Container Runtime Interface asks for, without its transport.
///
/// Calls come at once, in any order, again, and are cancelled (`Task.isCancelled`); each must hold against that.
/// Ids may be given as beginnings of ids where they are unique (`IdentifierMatch`).
public protocol PodService: Sendable {
    /// Who serves.
    var version: RuntimeVersion { get }

    /// Whether pods can be run here now.
    func status(isVerbose: Bool) async throws(PodServiceError) -> RuntimeStatus

    /// Who makes cgroups here.
    func cgroupDriver() async throws(PodServiceError) -> CgroupDriver

    /// Takes the node's range of pod addresses, "" for none, which kubelet tells when it learns it.
    func setPodAddressRange(_ range: String) async throws(PodServiceError)

    /// Makes a sandbox with its network, and returns its id.
    ///
    /// A call that fails leaves nothing. The same metadata while that sandbox is there are `alreadyExists`.
    func runSandbox(
        _ configuration: PodSandboxConfiguration,
        handler: String
    ) async throws(PodServiceError)
        -> String

    /// Stops a sandbox's containers and takes its network away; done again, and for an unknown id, it succeeds.
    func stopSandbox(_ id: String) async throws(PodServiceError)

    /// Removes a sandbox and its containers; done again, and for an unknown id, it succeeds.
    func removeSandbox(_ id: String) async throws(PodServiceError)

    /// A sandbox's status; `notFound` for an unknown id.
    func sandboxStatus(_ id: String, isVerbose: Bool) async throws(PodServiceError) -> PodSandboxStatus

    /// The sandboxes to which a filter applies.
    func sandboxes(_ filter: PodSandboxFilter) async throws(PodServiceError) -> [PodSandbox]

    /// Makes a container in a sandbox, and returns its id; it is not started.
    ///
    /// `sandbox`: the sandbox's configuration as the caller has it; nil where it was not told again.
    func createContainer(
        _ configuration: ContainerConfiguration,
        in sandboxID: String,
        sandbox: PodSandboxConfiguration?
    ) async throws(PodServiceError) -> String

    /// Starts a container.
    func startContainer(_ id: String) async throws(PodServiceError)

    /// Stops a container: gracefully, and after so many seconds by force; done again, and for an unknown id,
    /// it succeeds.
    func stopContainer(_ id: String, seconds: Int64) async throws(PodServiceError)

    /// Removes a container, by force where it runs; done again, and for an unknown id, it succeeds.
    func removeContainer(_ id: String) async throws(PodServiceError)

    /// The containers to which a filter applies.
    func containers(_ filter: ContainerFilter) async throws(PodServiceError) -> [Container]

    /// A container's status; `notFound` for an unknown id.
    func containerStatus(_ id: String, isVerbose: Bool) async throws(PodServiceError) -> ContainerStatus

    /// Changes a container's resources; what is not told stays.
    func updateResources(
        _ resources: LinuxResources,
        ofContainer id: String,
        annotations: [String: String]
    ) async throws(PodServiceError)

    /// What a container uses; `notFound` for an unknown id.
    func containerUsage(_ id: String) async throws(PodServiceError) -> ContainerUsage

    /// What the containers use to which a filter applies; one that goes away meanwhile is left out.
    func containerUsages(_ filter: ContainerFilter) async throws(PodServiceError) -> [ContainerUsage]

    /// What a sandbox uses; `notFound` for an unknown id, `failedPrecondition` for one that is not ready.
    func sandboxUsage(_ id: String) async throws(PodServiceError) -> PodSandboxUsage

    /// What the sandboxes use that are ready and to which a filter applies; one that goes away meanwhile is left out.
    func sandboxUsages(_ filter: PodSandboxFilter) async throws(PodServiceError) -> [PodSandboxUsage]

    /// Opens a container's log anew, after kubelet renamed the file.
    func reopenLog(ofContainer id: String) async throws(PodServiceError)
}
