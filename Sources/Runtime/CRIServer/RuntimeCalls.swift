// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import GRPCCore
import Pods

/// The runtime half of the interface: requests to values, values to answers.
struct RuntimeCalls<Service: PodService>: RegistrableRPCService {
    let pods: Service
    let journal: CallJournal

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        registerNode(&router)
        registerSandboxes(&router)
        registerContainers(&router)
        registerUsage(&router)
        for (call, words) in Self.unserved { router.refuse(call, of: .runtime, words) }
    }

    /// Calls that are not served, and what to do instead.
    static var unserved: [(String, String)] {
        let streams = "a VM has no processes of the node; use its console, or SSH over the pod's network"
        let metrics = "this version has no metrics of its own; use ListPodSandboxStats"
        let parts = "lists are answered whole: use the call without Stream"
        let states = "a VM's state is not written down"
        return [
            ("ExecSync", streams), ("Exec", streams), ("Attach", streams), ("PortForward", streams),
            ("StreamContainerStats", parts), ("StreamPodSandboxStats", parts),
            ("ListMetricDescriptors", metrics), ("ListPodSandboxMetrics", metrics),
            ("StreamPodSandboxMetrics", metrics),
            ("StreamPodSandboxes", parts), ("StreamContainers", parts), ("CheckpointContainer", states),
            ("CheckpointPod", states), ("RestorePod", states),
            ("GetContainerEvents", "this version tells no events; lists and statuses are up to date"),
            ("UpdatePodSandboxResources", "resources are a VM's: use UpdateContainerResources"),
        ]
    }

    private func registerNode<Transport: ServerTransport>(_ router: inout RPCRouter<Transport>) {
        let pods = pods
        router.serve("Version", of: .runtime, journal) { (_: CRIVersionRequest) -> CRIVersionResponse in
            CRIVersionResponse(pods.version)
        }
        router.serve("Status", of: .runtime, journal) {
            (request: CRIStatusRequest) async throws(PodServiceError) -> CRIStatusResponse in
            CRIStatusResponse(try await pods.status(isVerbose: request.verbose))
        }
        router.serve("RuntimeConfig", of: .runtime, journal) {
            (_: CRIRuntimeConfigRequest) async throws(PodServiceError) -> CRIRuntimeConfigResponse in
            CRIRuntimeConfigResponse(try await pods.cgroupDriver())
        }
        router.serve(
            "UpdateRuntimeConfig",
            of: .runtime,
            journal,
            subject: { (request: CRIUpdateRuntimeConfigRequest, _: CRIUpdateRuntimeConfigResponse?) in
                "pod-cidr=\(CallJournal.printable(request.runtimeConfig.networkConfig.podCidr))"
            },
            body: { request async throws(PodServiceError) in
                try await pods.setPodAddressRange(request.runtimeConfig.networkConfig.podCidr)
                return CRIUpdateRuntimeConfigResponse()
            }
        )
    }

    private func registerSandboxes<Transport: ServerTransport>(_ router: inout RPCRouter<Transport>) {
        let pods = pods
        router.serve(
            "RunPodSandbox",
            of: .runtime,
            journal,
            subject: { (request: CRIRunPodSandboxRequest, response: CRIRunPodSandboxResponse?) in
                "\(request.config.metadata.subject) sandbox=\(response?.podSandboxID ?? "-")"
            },
            body: { request async throws(PodServiceError) in
                guard request.hasConfig else { throw .missing("config", of: "RunPodSandbox") }
                let configuration = try PodSandboxConfiguration(request.config)
                return try await .with(
                    \.podSandboxID,
                    pods.runSandbox(configuration, handler: request.runtimeHandler)
                )
            }
        )
        router.serve(
            "StopPodSandbox",
            of: .runtime,
            journal,
            subject: { (request: CRIStopPodSandboxRequest, _: CRIStopPodSandboxResponse?) in
                "sandbox=\(CallJournal.printable(request.podSandboxID))"
            },
            body: { request async throws(PodServiceError) in
                try await pods.stopSandbox(.identifier(request.podSandboxID, "pod_sandbox_id"))
                return CRIStopPodSandboxResponse()
            }
        )
        router.serve(
            "RemovePodSandbox",
            of: .runtime,
            journal,
            subject: { (request: CRIRemovePodSandboxRequest, _: CRIRemovePodSandboxResponse?) in
                "sandbox=\(CallJournal.printable(request.podSandboxID))"
            },
            body: { request async throws(PodServiceError) in
                try await pods.removeSandbox(.identifier(request.podSandboxID, "pod_sandbox_id"))
                return CRIRemovePodSandboxResponse()
            }
        )
        router.serve("PodSandboxStatus", of: .runtime, journal) {
            (request: CRIPodSandboxStatusRequest) async throws(PodServiceError) in
            let id = try String.identifier(request.podSandboxID, "pod_sandbox_id")
            return CRIPodSandboxStatusResponse(
                try await pods.sandboxStatus(id, isVerbose: request.verbose)
            )
        }
        router.serve("ListPodSandbox", of: .runtime, journal) {
            (request: CRIListPodSandboxRequest) async throws(PodServiceError) -> CRIListPodSandboxResponse in
            let sandboxes = try await pods.sandboxes(PodSandboxFilter(request.filter))
            return .with(\.items, sandboxes.map { CRIPodSandbox($0) })
        }
    }

    private func registerContainers<Transport: ServerTransport>(_ router: inout RPCRouter<Transport>) {
        let pods = pods
        router.serve(
            "CreateContainer",
            of: .runtime,
            journal,
            subject: { (request: CRICreateContainerRequest, response: CRICreateContainerResponse?) in
                let name = CallJournal.printable(request.config.metadata.name)
                return "sandbox=\(CallJournal.printable(request.podSandboxID)) name=\(name) "
                    + "attempt=\(request.config.metadata.attempt) container=\(response?.containerID ?? "-")"
            },
            body: { request async throws(PodServiceError) in
                let sandbox = try String.identifier(request.podSandboxID, "pod_sandbox_id")
                guard request.hasConfig else { throw .missing("config", of: "CreateContainer") }
                let id = try await pods.createContainer(
                    ContainerConfiguration(request.config),
                    in: sandbox,
                    sandbox: .again(request.hasSandboxConfig, request.sandboxConfig)
                )
                return .with(\.containerID, id)
            }
        )
        router.serve(
            "StartContainer",
            of: .runtime,
            journal,
            subject: { (request: CRIStartContainerRequest, _: CRIStartContainerResponse?) in
                "container=\(CallJournal.printable(request.containerID))"
            },
            body: { request async throws(PodServiceError) in
                try await pods.startContainer(.identifier(request.containerID, "container_id"))
                return CRIStartContainerResponse()
            }
        )
        router.serve(
            "StopContainer",
            of: .runtime,
            journal,
            // A guest has the time that the caller gives it, and is then ended.
            limit: { request in .seconds(max(0, min(request.timeout, 1 << 32))) + .standardLimit },
            subject: { (request: CRIStopContainerRequest, _: CRIStopContainerResponse?) in
                "container=\(CallJournal.printable(request.containerID)) timeout=\(request.timeout)"
            },
            body: { request async throws(PodServiceError) in
                guard request.timeout >= 0 else {
                    throw PodServiceError(
                        .invalidArgument,
                        "timeout is \(request.timeout): it must not be below 0"
                    )
                }
                let id = try String.identifier(request.containerID, "container_id")
                try await pods.stopContainer(id, seconds: request.timeout)
                return CRIStopContainerResponse()
            }
        )
        router.serve(
            "RemoveContainer",
            of: .runtime,
            journal,
            subject: { (request: CRIRemoveContainerRequest, _: CRIRemoveContainerResponse?) in
                "container=\(CallJournal.printable(request.containerID))"
            },
            body: { request async throws(PodServiceError) in
                try await pods.removeContainer(.identifier(request.containerID, "container_id"))
                return CRIRemoveContainerResponse()
            }
        )
        router.serve("ContainerStatus", of: .runtime, journal) {
            (request: CRIContainerStatusRequest) async throws(PodServiceError) in
            let id = try String.identifier(request.containerID, "container_id")
            return CRIContainerStatusResponse(
                try await pods.containerStatus(id, isVerbose: request.verbose)
            )
        }
        router.serve("ListContainers", of: .runtime, journal) {
            (request: CRIListContainersRequest) async throws(PodServiceError) -> CRIListContainersResponse in
            let containers = try await pods.containers(ContainerFilter(request.filter))
            return .with(\.containers, containers.map { CRIContainer($0) })
        }
        router.serve(
            "UpdateContainerResources",
            of: .runtime,
            journal,
            subject: {
                (request: CRIUpdateContainerResourcesRequest, _: CRIUpdateContainerResourcesResponse?) in
                "container=\(CallJournal.printable(request.containerID))"
            },
            body: { request async throws(PodServiceError) in
                let id = try String.identifier(request.containerID, "container_id")
                guard request.hasLinux else { throw .missing("linux", of: "UpdateContainerResources") }
                try await pods.updateResources(
                    LinuxResources(request.linux),
                    ofContainer: id,
                    annotations: request.annotations
                )
                return CRIUpdateContainerResourcesResponse()
            }
        )
        router.serve(
            "ReopenContainerLog",
            of: .runtime,
            journal,
            subject: { (request: CRIReopenContainerLogRequest, _: CRIReopenContainerLogResponse?) in
                "container=\(CallJournal.printable(request.containerID))"
            },
            body: { request async throws(PodServiceError) in
                try await pods.reopenLog(ofContainer: .identifier(request.containerID, "container_id"))
                return CRIReopenContainerLogResponse()
            }
        )
    }
}

extension CRIPodSandboxMetadata {
    /// Pod and attempt as the log names them.
    var subject: String {
        "pod=\(CallJournal.printable(namespace))/\(CallJournal.printable(name)) uid=\(CallJournal.printable(uid)) "
            + "attempt=\(attempt)"
    }
}
