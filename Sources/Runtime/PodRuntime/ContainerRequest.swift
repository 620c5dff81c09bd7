// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods

/// What of a container's configuration can be honoured for a virtual machine.
struct ContainerRequest: Hashable, Sendable {
    /// What kubelet writes down about a container of a pod: `container`, `init` or `ephemeral`.
    static let type = "io.kubernetes.container.type"
    /// The annotation of a pod that names the container that is its VM.
    static let machine = "contrail-vm/container"

    /// A line for the container's log that says what has no effect; nil where all has.
    let notice: String?

    /// Examines a configuration.
    /// - Throws: What cannot be honoured, by the name under which the pod's author wrote it, and what to do.
    init(
        _ configuration: ContainerConfiguration,
        in sandbox: PodSandboxConfiguration
    ) throws(PodServiceError) {
        let name = PodServiceError.shortened(configuration.metadata.name)
        switch configuration.annotations[Self.type] {
        case "init":
            throw Self.refusal(
                "the init container \"\(name)\" can't run in a VM pod, which is one VM: put what it does into the image or "
                    + "into cloud-init, or switch its injection off for this pod"
            )
        case "ephemeral":
            throw Self.refusal(
                "the ephemeral container \"\(name)\" can't run in a VM pod, which is one VM: use the VM's console, or SSH "
                    + "over the pod's network"
            )
        default: break
        }
        if let machine = sandbox.annotations[Self.machine], machine != configuration.metadata.name {
            throw Self.refusal(
                "the container \"\(name)\" can't run in a VM pod, which is one VM: by the annotation \(Self.machine) that is "
                    + "\"\(PodServiceError.shortened(machine))\". Leave it out, or switch its injection off for this pod"
            )
        }
        guard !configuration.isPrivileged else {
            throw Self.refusal(
                "privileged: true can't be honoured for a VM pod: a VM's guest is root in itself and never on the node"
            )
        }
        if let device = configuration.cdiDevices.first {
            throw Self.refusal(
                "the device \"\(PodServiceError.shortened(device))\" can't be given to a VM: leave its resource claim out"
            )
        }
        var fields: [String] = []
        if !configuration.command.isEmpty { fields.append("command") }
        if !configuration.arguments.isEmpty { fields.append("args") }
        if !configuration.workingDirectory.isEmpty { fields.append("workingDir") }
        notice =
            fields.isEmpty
            ? nil
            : "[contrail-vm: \(fields.joined(separator: ", ")): no effect on a VM, which runs what its image starts; "
                + "use cloud-init for more]"
    }

    private static func refusal(_ text: String) -> PodServiceError { PodServiceError(.invalidArgument, text) }
}
