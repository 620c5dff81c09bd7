// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIInvoker
import Foundation
import JSON
import Pods

/// What of a sandbox's configuration can be honoured for a virtual machine.
struct SandboxRequest {
    /// What plugins are offered, beside the VM's interface.
    let capabilities: JSONObject

    /// Examines a configuration.
    /// - Throws: What cannot be honoured, by the name under which the pod's author wrote it, and what to do.
    init(_ configuration: PodSandboxConfiguration, on list: CNINetworkList) throws(PodServiceError) {
        let metadata = configuration.metadata
        for (field, text) in [
            ("name", metadata.name), ("namespace", metadata.namespace), ("uid", metadata.uid),
        ] {
            guard Self.isName(text) else {
                throw PodServiceError(
                    .invalidArgument,
                    "the pod's \(field) \"\(PodServiceError.shortened(text))\" is not a name: letters, digits, hyphens and dots, at most 253, with "
                        + "a letter or digit at both ends"
                )
            }
        }
        let parent = configuration.cgroupParent
        guard CgroupPath(parent: parent, containerID: "") != nil else {
            throw PodServiceError(
                .invalidArgument,
                "the cgroup_parent \"\(PodServiceError.shortened(parent))\" is not a path of cgroups like /kubepods/pod1, or a slice like kubepods-pod1.slice"
            )
        }
        if !configuration.logDirectory.isEmpty {
            _ = try LogPath(folder: configuration.logDirectory, name: "log")
        }
        let namespaces = configuration.namespaces
        for (field, mode) in [
            ("hostNetwork", namespaces.network), ("hostPID", namespaces.process), ("hostIPC", namespaces.ipc),
        ] where mode == .node {
            throw Self.refusal("\(field): true", "a VM has a kernel of its own and can't share the node's")
        }
        guard !configuration.isPrivileged else {
            throw Self.refusal(
                "privileged: true",
                "a VM's guest is root in itself and never on the node"
            )
        }
        if let name = configuration.sysctls.keys.min() {
            throw Self.refusal(
                "sysctls (\(PodServiceError.shortened(name)))",
                "the guest's kernel is its own: set it in the image or by cloud-init"
            )
        }
        var capabilities: [(String, JSONValue)] = []
        let ports = configuration.portMappings.filter { $0.hostPort != 0 }
        if let port = ports.first {
            guard list.declares("portMappings") else {
                throw Self.refusal(
                    "hostPort: \(port.hostPort)",
                    "no plugin of the network \"\(list.name)\" declares the capability portMappings: use a Service"
                )
            }
            capabilities.append(("portMappings", .array(ports.map(Self.json))))
        }
        let bandwidth = try Self.bandwidth(configuration.annotations)
        if !bandwidth.members.isEmpty {
            guard list.declares("bandwidth") else {
                throw Self.refusal(
                    "kubernetes.io/ingress-bandwidth or egress-bandwidth",
                    "no plugin of the network \"\(list.name)\" declares the capability bandwidth"
                )
            }
            capabilities.append(("bandwidth", .object(bandwidth)))
        }
        if let dns = configuration.dns {
            let value = JSONObject([
                ("servers", .array(dns.servers.map { .string($0) })),
                ("searches", .array(dns.searches.map { .string($0) })),
                ("options", .array(dns.options.map { .string($0) })),
            ])
            capabilities.append(("dns", .object(value)))
        }
        self.capabilities = JSONObject(capabilities)
    }

    /// What can be part of a path, of CNI_ARGS and of a line of a log.
    ///
    /// Kubelet sends RFC 1123 subdomains, and hexadecimal digits as UIDs of static pods; other clients of the interface
    /// use capitals, too.
    private static func isName(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        let bytes = Array(text.utf8)
        let isInside = bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        let ends = [UInt8(ascii: "-"), UInt8(ascii: ".")]
        return isInside && !ends.contains(bytes[0]) && !ends.contains(bytes[bytes.count - 1])
    }

    private static func json(_ port: PortMapping) -> JSONValue {
        .object(
            JSONObject([
                ("hostPort", .integer(Int(port.hostPort))),
                ("containerPort", .integer(Int(port.containerPort))),
                ("protocol", .string(port.transport.rawValue)), ("hostIP", .string(port.hostAddress)),
            ])
        )
    }

    private static func bandwidth(_ annotations: [String: String]) throws(PodServiceError) -> JSONObject {
        var members: [(String, JSONValue)] = []
        for direction in ["ingress", "egress"] {
            let name = "kubernetes.io/\(direction)-bandwidth"
            guard let text = annotations[name] else { continue }
            guard let rate = Quantity.bytes(text), rate > 0 else {
                throw PodServiceError(
                    .invalidArgument,
                    "the annotation \(name): \"\(PodServiceError.shortened(text))\" is not a rate in bits a second: write one like 10M"
                )
            }
            // The burst that kubelet's own runtimes give.
            members += [
                ("\(direction)Rate", .integer(Int(rate))), ("\(direction)Burst", .integer(Int(Int32.max))),
            ]
        }
        return JSONObject(members)
    }

    private static func refusal(_ what: String, _ why: String) -> PodServiceError {
        PodServiceError(.invalidArgument, "\(what) can't be honoured for a VM pod: \(why)")
    }
}
