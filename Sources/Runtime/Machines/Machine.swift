// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
public import DomainXML
public import JSON
public import Libvirt
public import NetworkTypes

/// A virtual machine of this host, as it is written down before anything of it is made.
public struct Machine: Hashable, Sendable {
    /// The version of the JSON form; any other is refused.
    public static let schema = 1

    /// Its name, which is also the domain's and the guest's.
    public var name: String
    /// Its domain's UUID.
    public var uuid: UUID
    /// The user and group that QEMU runs as.
    public var user: Domain.User
    /// The sandbox, whose interfaces it has.
    public var sandbox: Sandbox
    /// The image under its disk.
    public var image: Image
    /// The guest's memory.
    public var memoryMiB: Int
    /// The guest's processors.
    public var vcpus: Int
    /// The board.
    public var board: Domain.Board
    /// What runs the guest's instructions.
    public var accelerator: Domain.Accelerator
    /// Whether the domain was started: before that, the machine is only half made.
    public var wasStarted: Bool

    /// Its domain.
    public var domain: DomainIdentity { DomainIdentity(name: name, uuid: uuid.text) }

    /// The texts that a machine's name may be: 1 to 63 lower-case letters, digits and hyphens, no hyphen at
    /// its ends, as a host name wants it.
    public static func isName(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...63).contains(bytes.count), bytes.first != UInt8(ascii: "-"),
            bytes.last != UInt8(ascii: "-")
        else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}

/// The network side of a machine: a container to the plugins, without a process in it.
public struct Sandbox: Hashable, Sendable {
    /// The id under which plugins know it.
    public var containerID: ContainerID
    /// The network namespace's path; nil where the sandbox is another's, or has no network.
    public var namespace: String?
    /// The networks it was attached to by us, in order.
    public var networks: [SandboxNetwork]
    /// The pod's namespace, as the network is told.
    public var podNamespace: String
    /// The pod's name, as the network is told.
    public var podName: String

    /// A sandbox.
    public init(
        containerID: ContainerID,
        namespace: String?,
        networks: [SandboxNetwork],
        podNamespace: String,
        podName: String
    ) {
        self.containerID = containerID
        self.namespace = namespace
        self.networks = networks
        self.podNamespace = podNamespace
        self.podName = podName
    }
}

/// A network that a sandbox is attached to.
public struct SandboxNetwork: Hashable, Sendable {
    /// The interface's name.
    public var interface: InterfaceName
    /// The network configuration list, whole: DEL gets the same as ADD, whatever the file says by then.
    public var list: String
    /// The result of ADD, kept for DEL; nil before, and where the run was cut short.
    public var result: JSONValue?

    /// A network and the interface on it.
    public init(interface: InterfaceName, list: String, result: JSONValue? = nil) {
        self.interface = interface
        self.list = list
        self.result = result
    }
}

/// A disk image that machines are made from; it is never written.
public struct Image: Hashable, Sendable {
    /// The file's absolute path.
    public var path: String
    /// Its format.
    public var format: Domain.Format

    /// An image.
    public init(path: String, format: Domain.Format) {
        self.path = path
        self.format = format
    }
}
