// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import PreparedInterface
import VRouter

/// The pod that CNI_ARGS names, and the name under which the agent knows it.
struct PodIdentity {
    let reference: PodReference
    /// `cluster__namespace__pod`, as kube-manager makes it.
    let vmName: String

    /// Takes K8S_POD_NAMESPACE, K8S_POD_NAME and, where given, K8S_POD_UID.
    ///
    /// - Throws: Code 4 where a name is missing or is not what Kubernetes allows: such a name would reach
    ///   paths and requests.
    init(_ request: CNIRequest, cluster: String) throws(CNIError) {
        let namespace = try Self.name("K8S_POD_NAMESPACE", request)
        let pod = try Self.name("K8S_POD_NAME", request)
        let uid = request.argument("K8S_POD_UID")
        guard uid.map(isIdentifier) ?? true else {
            throw CNIError(.invalidEnvironment, "CNI_ARGS: K8S_POD_UID is not a UID")
        }
        reference = PodReference(cluster: cluster, namespace: namespace, name: pod, uid: uid)
        vmName = Self.vmName(reference)
        guard vmName.utf8.count <= PortRegistration.mostNameBytes else {
            throw CNIError(
                .invalidEnvironment,
                "the name \(cluster)__\(namespace)__\(pod) is longer than \(PortRegistration.mostNameBytes) bytes, which the vRouter agent does not survive; choose a shorter pod name"
            )
        }
    }

    static func vmName(_ pod: PodReference) -> String { "\(pod.cluster)__\(pod.namespace)__\(pod.name)" }

    /// A DNS subdomain (RFC 1123), as Kubernetes demands of both names.
    private static func name(_ key: String, _ request: CNIRequest) throws(CNIError) -> String {
        guard let name = request.argument(key) else {
            throw CNIError(.invalidEnvironment, "CNI_ARGS: \(key) is missing; contrail-cni serves pods only")
        }
        // What came before: a label begins and ends with a letter or digit.
        var last = UInt8(ascii: ".")
        for byte in name.utf8 {
            switch byte {
            // Capitals, too: other clients of the Container Runtime Interface than kubelet send them.
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                break
            case UInt8(ascii: "-"): guard last != UInt8(ascii: ".") else { throw invalid(key) }
            case UInt8(ascii: "."):
                guard last != UInt8(ascii: "."), last != UInt8(ascii: "-") else { throw invalid(key) }
            default: throw invalid(key)
            }
            last = byte
        }
        guard last != UInt8(ascii: "."), last != UInt8(ascii: "-"), name.utf8.count <= 253 else {
            throw invalid(key)
        }
        return name
    }

    private static func invalid(_ key: String) -> CNIError {
        CNIError(.invalidEnvironment, "CNI_ARGS: \(key) is not a Kubernetes name (letters, 0-9, '-', '.')")
    }
}
