// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
public import JSON
public import NetworkTypes

/// Runs the plugins of a network configuration list.
public protocol NetworkPlugins: Sendable {
    /// Attaches a sandbox to a network: ADD, plugin after plugin.
    /// - Returns: The last plugin's result, which is nobody's but the plugins': DEL gets it back.
    func add(_ attachment: NetworkAttachment) async throws -> JSONValue
    /// Detaches it: DEL, in reverse. What is not there is no error.
    func delete(_ attachment: NetworkAttachment) async throws
}

/// What plugins are told of a sandbox's attachment to a network.
public struct NetworkAttachment: Hashable, Sendable {
    /// The sandbox.
    public let containerID: ContainerID
    /// The network namespace's path.
    public let namespace: String
    /// The interface's name.
    public let interface: InterfaceName
    /// The network configuration list, in JSON.
    public let list: String
    /// What ADD gave; nil before, and where it is not known.
    public let result: JSONValue?
    /// The pod's namespace.
    public let podNamespace: String
    /// The pod's name.
    public let podName: String
    /// What the VM asks for; the value of the capability `vmInterface`.
    public let vmInterface: VMInterface

    /// What a VM asks of an interface.
    public struct VMInterface: Hashable, Sendable {
        /// The queues that it is going to open.
        public let queues: Int
        /// The user that QEMU runs as.
        public let ownerUID: UInt32
        /// The runtime that asks.
        public let runtime: String
    }
}

extension NetworkAttachment.VMInterface {
    /// The value of `runtimeConfig.vmInterface`, and of the file that stands in for it.
    public var json: JSONValue {
        .object(
            JSONObject([
                ("kind", .string("tap")), ("queues", .integer(queues)), ("ownerUID", .integer(Int(ownerUID))),
                ("runtime", .string(runtime)),
            ])
        )
    }
}
