// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import JSON
public import NetworkTypes

/// What the runtime asks of a plugin: the environment, checked (specification, section 2).
public struct CNIRequest: Sendable {
    /// What is to be done.
    public let command: Command
    /// The container.
    public let containerID: ContainerID
    /// The interface's name in the container.
    public let interface: InterfaceName
    /// The path of the container's network namespace; absent for a DEL of one that is gone.
    public private(set) var namespace: String?
    /// CNI_ARGS, in order.
    public let arguments: [Argument]
    /// The configuration.
    public let configuration: CNIConfiguration

    /// The commands of the specification that this suite carries out.
    public enum Command: String, Sendable {
        /// Attach a container, or change its attachment.
        case add = "ADD"
        /// Undo an ADD.
        case delete = "DEL"
        /// Tell whether an attachment is as ADD left it.
        case check = "CHECK"
        /// Remove what no valid attachment needs.
        case collect = "GC"
        /// Tell whether ADDs can succeed.
        case status = "STATUS"
        /// Tell the versions.
        case version = "VERSION"
    }

    /// A pair of CNI_ARGS.
    public struct Argument: Hashable, Sendable {
        /// The key, like K8S_POD_NAME.
        public let key: String
        /// The value.
        public let value: String
    }

    /// The value of a CNI_ARGS key; nil where it is absent or empty.
    public func argument(_ key: String) -> String? {
        for argument in arguments where isSameText(argument.key, key) && !argument.value.isEmpty {
            return argument.value
        }
        return nil
    }
}

extension CNIRequest {
    /// Goes on as if the runtime had named no namespace.
    mutating func forgetNamespace() { namespace = nil }

    /// Reads and checks the environment of a command that concerns one attachment.
    init(_ command: Command, environment: CNIEnvironment, configuration: CNIConfiguration) throws(CNIError) {
        var missing: [String] = []
        func required(_ name: String) -> String {
            let value = environment[name] ?? ""
            if value.isEmpty { missing.append(name) }
            return value
        }
        let container = required("CNI_CONTAINERID")
        let isNamespaceNeeded = command == .add || command == .check
        let namespace = isNamespaceNeeded ? required("CNI_NETNS") : environment["CNI_NETNS"] ?? ""
        let interface = required("CNI_IFNAME")
        guard missing.isEmpty else {
            throw CNIError(
                .invalidEnvironment,
                "missing in the environment: \(missing.joined(separator: ", "))"
            )
        }
        guard let containerID = ContainerID(container) else {
            throw CNIError(
                .invalidEnvironment,
                "CNI_CONTAINERID must begin with a letter or digit and hold only letters, digits, '_', '.', '-'"
            )
        }
        guard let name = InterfaceName(interface) else {
            throw CNIError(
                .invalidEnvironment,
                "CNI_IFNAME must be 1 to 15 bytes without '/', ':', '%' and white space, and not a dot"
            )
        }
        guard namespace.isEmpty || namespace.utf8.first == UInt8(ascii: "/") else {
            throw CNIError(.invalidEnvironment, "CNI_NETNS must be an absolute path")
        }
        self.command = command
        self.containerID = containerID
        self.interface = name
        self.namespace = namespace.isEmpty ? nil : namespace
        arguments = try Self.arguments(environment["CNI_ARGS"] ?? "")
        self.configuration = configuration
    }

    /// Parses `KEY=value;KEY=value`.
    static func arguments(_ text: String) throws(CNIError) -> [Argument] {
        var arguments: [Argument] = []
        for pair in Array(text.utf8).split(separator: UInt8(ascii: ";")) {
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), equals > pair.startIndex else {
                throw CNIError(.invalidEnvironment, "CNI_ARGS: a pair without a key or without '='")
            }
            arguments.append(
                Argument(
                    key: String(decoding: pair[..<equals], as: UTF8.self),
                    value: String(decoding: pair[pair.index(after: equals)...], as: UTF8.self)
                )
            )
        }
        return arguments
    }
}

/// Where the variables of a request come from: the process's environment, unless a test gives others.
struct CNIEnvironment {
    private let value: (String) -> String?

    init(_ value: @escaping (String) -> String? = { name in getenv(name).map { String(cString: $0) } }) {
        self.value = value
    }

    subscript(name: String) -> String? { value(name) }
}
