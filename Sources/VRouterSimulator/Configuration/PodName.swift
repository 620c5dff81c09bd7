// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The parts of `<cluster>__<namespace>__<pod>`.
struct PodName: Equatable, Sendable {
    let cluster: String
    let namespace: String
    let pod: String

    init(cluster: String, namespace: String, pod: String) {
        self.cluster = cluster
        self.namespace = namespace
        self.pod = pod
    }

    init?(_ name: Bytes) {
        let text = name.text
        var parts: [Substring] = []
        var rest = text[...]
        while parts.count < 2, let end = rest.firstRange(of: "__") {
            parts.append(rest[..<end.lowerBound])
            rest = rest[end.upperBound...]
        }
        parts.append(rest)
        guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }), Bytes(text) == name else { return nil }
        self.init(cluster: String(parts[0]), namespace: String(parts[1]), pod: String(parts[2]))
    }

    var text: String { "\(cluster)__\(namespace)__\(pod)" }

    /// The annotations that kube-manager sets on an interface.
    func annotations(index: Int, total: Int, network: String) -> [VirtualInterface.Annotation] {
        let pairs = [
            ("kind", "Pod"), ("owner", "k8s"), ("cluster", cluster), ("namespace", namespace), ("name", pod),
            ("index", "\(index)/\(total)"), ("network", network),
        ]
        return pairs.map { .init(key: Bytes($0.0), value: Bytes($0.1)) }
    }
}
