// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import NetworkTypes
import Pods

extension GuestDescription {
    /// What the guest of a container is told by cloud-init.
    init(_ container: ContainerRecord, in sandbox: SandboxRecord) throws(PodServiceError) {
        let configuration = sandbox.configuration
        let annotations = configuration.annotations
        self.init(
            instanceID: container.uuid,
            hostname: configuration.hostname.isEmpty
                ? configuration.metadata.name : configuration.hostname
        )
        sshKeys = (annotations["VirtletSSHKeys"] ?? "").split(separator: "\n").map(String.init)
        if let script = annotations["VirtletCloudInitUserDataScript"] {
            userData = script
        } else if let data = annotations["VirtletCloudInitUserData"] {
            userData = "#cloud-config\n\(data)"
        }
        if annotations["VirtletForceDHCPNetworkConfig"] == "true" { addressing = .image }
        guard let asked = configuration.dns else { return }
        var servers: [IPAddress] = []
        for text in asked.servers {
            guard let address = IPAddress(text) else {
                throw PodServiceError(
                    .invalidArgument,
                    "the DNS server \"\(PodServiceError.shortened(text))\" is no address"
                )
            }
            servers.append(address)
        }
        dns = DNS(servers: servers, search: asked.searches, options: asked.options)
    }
}
