// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
public import JSON
public import NetworkTypes
import PreparedInterface

/// Runs the plugins of a network configuration list.
public protocol NetworkPlugins: Sendable {
    /// Attaches a sandbox to a network: ADD, plugin after plugin.
    /// - Returns: The last plugin's result, which is nobody's but the plugins': DEL gets it back.
    func add(_ attachment: NetworkAttachment) async throws -> JSONValue
    /// Detaches it: DEL, in reverse. What is not there is no error.
    func delete(_ attachment: NetworkAttachment) async throws
    /// Compares an attachment with what ADD gave: CHECK, plugin after plugin.
    func check(_ attachment: NetworkAttachment) async throws
    /// Makes sure that a network's plugins are there: what then fails was begun, and is undone by DEL.
    func find(list: String) async throws
    /// Asks whether a network can serve: STATUS, plugin after plugin.
    func status(list: String) async throws
    /// Removes what a runtime made in a network and none of its attachments needs: GC.
    func collectGarbage(
        list: String,
        of runtime: String,
        keeping valid: [(containerID: String, interface: String)]
    ) async throws
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
    /// The pod's UID; empty where there is none.
    public var podUID = ""
    /// What the VM asks for; the value of the capability `vmInterface`.
    public let vmInterface: VMInterface
    /// What is offered for other capabilities, like `portMappings`.
    public var capabilities = JSONObject()

    /// An attachment without a UID and other capabilities.
    package init(
        containerID: ContainerID,
        namespace: String,
        interface: InterfaceName,
        list: String,
        result: JSONValue?,
        podNamespace: String,
        podName: String,
        vmInterface: VMInterface
    ) {
        self.containerID = containerID
        self.namespace = namespace
        self.interface = interface
        self.list = list
        self.result = result
        self.podNamespace = podNamespace
        self.podName = podName
        self.vmInterface = vmInterface
    }

    /// What a VM asks of an interface.
    public struct VMInterface: Hashable, Sendable {
        /// The kind of attachment: all that a VM can use will do.
        public let kind = "any"
        /// The queues that it is going to open.
        public let queues: Int
        /// The user that QEMU runs as.
        public let ownerUID: UInt32
        /// The runtime that asks.
        public let runtime: String

        /// A wish for whatever a VM can use.
        package init(queues: Int, ownerUID: UInt32, runtime: String) {
            self.queues = queues
            self.ownerUID = ownerUID
            self.runtime = runtime
        }
    }
}

extension NetworkAttachment.VMInterface {
    /// The content of the sandbox's file.
    package var file: JSONValue {
        .object(
            JSONObject([("schema", .integer(VMInterfaceRequest.fileSchema)), ("vmInterface", json)])
        )
    }

    /// The value of `runtimeConfig.vmInterface`, and of the file that stands in for it.
    public var json: JSONValue {
        .object(
            JSONObject([
                ("kind", .string(kind)), ("queues", .integer(queues)), ("ownerUID", .integer(Int(ownerUID))),
                ("runtime", .string(runtime)),
            ])
        )
    }
}
