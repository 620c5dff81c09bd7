// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import LinuxSystem
import NetworkTypes
import OwedDeletions
import PluginFloor
import PreparedInterface
import VRouter

/// What a container's folder tells of its interfaces, for DEL, CHECK and GC.
struct Found {
    /// Those that one ADD made, ports in the order of their indices, then sub-interfaces: with their record, else
    /// their plan; nil where there is neither that can be read.
    var interfaces: [(key: InterfaceKey, saved: PreparedInterface?)]
    /// The ports of the container's other interfaces; nil: of one that can't be read.
    var others: [VRouterPort?]
    /// The virtual machine interfaces that the container's other interfaces are.
    var taken: [UUID] = []

    /// Whether no other interface of the container is a port of a VM.
    func isLast(of vm: UUID) -> Bool { !others.contains { $0 == nil || $0?.vm == vm } }

    /// The VM's name under which one was saved.
    var vmName: String? {
        interfaces.compactMap { $0.saved }.first.map { $0.port?.vmName ?? PodIdentity.vmName($0.pod) }
    }
}

extension ContrailPlugin {
    /// What is saved of the interfaces that the ADD of a name made.
    ///
    /// A file that can't be read is as good as none: derived names remain.
    func found(
        _ container: ContainerID,
        addedWith interface: InterfaceName,
        _ configuration: ContrailConfiguration
    ) throws(CNIError) -> Found {
        let store = configuration.store
        let asked = InterfaceKey(containerID: container, interface: interface)
        var found = Found(interfaces: [], others: [])
        for name in try files({ () throws(SystemError) in try store.interfaces(of: container) }) {
            let key = InterfaceKey(containerID: container, interface: name)
            let saved = try store.readable(key)
            if key == asked || saved?.addedWith == interface {
                found.interfaces.append((key, saved))
            } else {
                if saved == nil || saved?.port != nil { found.others.append(saved?.port) }
                if let vmi = saved?.vmi { found.taken.append(vmi) }
            }
        }
        if !found.interfaces.contains(where: { $0.key == asked }) { found.interfaces.append((asked, nil)) }
        found.interfaces.sort {
            let (left, right) = ($0.saved?.subInterface != nil, $1.saved?.subInterface != nil)
            return left == right ? ($0.saved?.index ?? 0) < ($1.saved?.index ?? 0) : right
        }
        return found
    }
}
