// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CRIMessages
import Pods

extension MachineRequest {
    /// What an operator's message asks for.
    init(_ message: OperatorRunMachineRequest) throws(PodServiceError) {
        let image: Image
        switch message.image {
        case .imageName(let name): image = .named(name)
        case .imageFile(let path): image = .file(path)
        case nil: throw .missing("image", of: "RunMachine")
        }
        let network: Network
        switch message.network {
        case .lists(let lists):
            guard !lists.lists.isEmpty else {
                throw .missing("a network configuration list", of: "RunMachine")
            }
            network = .lists(lists.lists)
        case .preparedSandbox(let id): network = .prepared(sandbox: id)
        case .noNetwork(true): network = .none
        case .noNetwork(false), nil: throw .missing("network", of: "RunMachine")
        }
        self.init(name: message.name, image: image, network: network)
        if !message.podNamespace.isEmpty { podNamespace = message.podNamespace }
        if !message.podName.isEmpty { podName = message.podName }
        memoryMiB = Int(message.memoryMib)
        vcpus = Int(message.vcpus)
        machineType = message.machineType.isEmpty ? nil : message.machineType
        accelerator = message.accelerator.isEmpty ? nil : message.accelerator
        guest = Guest(message.guest)
    }
}

extension MachineRequest.Guest {
    init(_ message: OperatorGuest) {
        self.init()
        sshKeys = message.sshKeys
        userData = Array(message.userData)
        userDataSource = message.userDataSource
        asksDHCP = message.dhcp
        configuresItself = message.noNetworkConfig
        if message.networkConfigVersion != 0 { networkVersion = Int(message.networkConfigVersion) }
        dns = PodDNS(servers: message.dnsServers, searches: message.dnsSearches)
    }
}
