// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import GRPCCore
import Pods

/// What containers and pods use.
///
/// An error of a list would cost kubelet the summary of the whole node, its evictions with it: what can't be told is left out.
extension RuntimeCalls {
    func registerUsage<Transport: ServerTransport>(_ router: inout RPCRouter<Transport>) {
        let pods = pods
        router.serve("ContainerStats", of: .runtime, journal) {
            (request: CRIContainerStatsRequest) async throws(PodServiceError) -> CRIContainerStatsResponse in
            let id = try String.identifier(request.containerID, "container_id")
            return .with(\.stats, CRIContainerStats(try await pods.containerUsage(id)))
        }
        router.serve("ListContainerStats", of: .runtime, journal) {
            (
                request: CRIListContainerStatsRequest
            ) async throws(PodServiceError)
                -> CRIListContainerStatsResponse in
            let usages = try await pods.containerUsages(ContainerFilter(request.filter))
            return .with(\.stats, usages.map { CRIContainerStats($0) })
        }
        router.serve("PodSandboxStats", of: .runtime, journal) {
            (
                request: CRIPodSandboxStatsRequest
            ) async throws(PodServiceError)
                -> CRIPodSandboxStatsResponse
            in
            let id = try String.identifier(request.podSandboxID, "pod_sandbox_id")
            return .with(\.stats, CRIPodSandboxStats(try await pods.sandboxUsage(id)))
        }
        router.serve("ListPodSandboxStats", of: .runtime, journal) {
            (
                request: CRIListPodSandboxStatsRequest
            ) async throws(PodServiceError)
                -> CRIListPodSandboxStatsResponse in
            let usages = try await pods.sandboxUsages(PodSandboxFilter(request.filter))
            return .with(\.stats, usages.map { CRIPodSandboxStats($0) })
        }
    }
}
