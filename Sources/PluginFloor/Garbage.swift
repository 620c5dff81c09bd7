// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
import LinuxSystem
public import NetworkTypes
public import PreparedInterface

/// What GC removes: interfaces of one network and one runtime that no valid attachment needs.
public struct Garbage {
    private let network: String
    private let owner: RuntimeName?
    private let valid: [CNIAttachment]

    /// The garbage of a configuration's network.
    ///
    /// `owner`: the runtime that asks.
    public init(of configuration: CNIConfiguration, _ owner: RuntimeName?, keeping valid: [CNIAttachment]) {
        network = configuration.name
        self.owner = owner
        self.valid = valid
    }

    /// Whether an interface is garbage; `name`: the one that its ADD was called for.
    public func includes(_ saved: PreparedInterface, addedWith name: InterfaceName) -> Bool {
        saved.network.name == network && saved.owner == owner
            && !valid.contains(.init(containerID: saved.key.containerID, interface: name))
    }

    /// Goes through all containers that have something saved.
    ///
    /// A failure does not keep the others from being removed; all are reported at the end.
    ///
    /// `remove`: removes what is garbage of one container's interfaces; adds to the texts what it could not remove.
    public func collect(
        from store: InterfaceStore,
        _ remove: (ContainerID, [InterfaceName], inout [String]) throws(CNIError) -> Void
    ) throws(CNIError) {
        var failures: [String] = []
        for container in try files({ () throws(SystemError) in try store.containers() }) {
            do throws(CNIError) {
                let names = try files { () throws(SystemError) in try store.interfaces(of: container) }
                try remove(container, names, &failures)
            } catch {
                failures.append(error.message)
            }
        }
        guard failures.isEmpty else {
            throw CNIError(
                .io,
                "garbage collection of network \(network) is incomplete: \(failures.joined(separator: "; "))"
            )
        }
    }
}
