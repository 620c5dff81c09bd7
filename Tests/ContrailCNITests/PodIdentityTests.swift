// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIProtocol
import Testing

@testable import ContrailCNI

@Suite struct PodIdentityTests {
    private func identity(_ arguments: String, cluster: String = "k8s") throws -> PodIdentity {
        try PodIdentity(Example.request(arguments: arguments), cluster: cluster)
    }

    @Test func `a pod's name at the agent is cluster, namespace and pod`() throws {
        let pod = try identity(
            "K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0.a;K8S_POD_UID=b0f5a0e4-1f7c",
            cluster: "prod"
        )
        #expect(pod.vmName == "prod__default__web-0.a")
        #expect(pod.reference.cluster == "prod")
        #expect(pod.reference.namespace == "default")
        #expect(pod.reference.name == "web-0.a")
        #expect(pod.reference.uid == "b0f5a0e4-1f7c")
        #expect(try identity(Example.podArguments).reference.uid == nil)
    }

    @Test(arguments: [
        ("", "K8S_POD_NAMESPACE"), ("K8S_POD_NAME=web", "K8S_POD_NAMESPACE"),
        ("K8S_POD_NAMESPACE=default", "K8S_POD_NAME"),
        ("K8S_POD_NAMESPACE=;K8S_POD_NAME=web", "K8S_POD_NAMESPACE"),
    ])
    func `a missing name has code 4 and is named`(arguments: String, name: String) {
        let error = #expect(throws: CNIError.self) { _ = try identity(arguments) }
        #expect(error?.code == .invalidEnvironment)
        #expect(error?.message.contains("\(name) is missing") == true)
    }

    static let hostile = [
        "../../etc", "..", ".", "a/b", "/", "web_0", "web ", " web", "-web", "web-", ".web",
        "web.", "a..b",
        "a.-b", "a-.b", "w\u{e4}b", "web%2f", "web?x", "web#x", "web\r\nX: y", "web\0", "web\n", "--",
        String(repeating: "a", count: 254),
    ]

    @Test(arguments: hostile)
    func `a name that Kubernetes would not allow has code 4`(name: String) {
        for (arguments, key) in [
            ("K8S_POD_NAMESPACE=default;K8S_POD_NAME=\(name)", "K8S_POD_NAME"),
            ("K8S_POD_NAMESPACE=\(name);K8S_POD_NAME=web", "K8S_POD_NAMESPACE"),
        ] {
            let error = #expect(throws: CNIError.self) { _ = try identity(arguments) }
            #expect(error?.code == .invalidEnvironment)
            #expect(error?.message.contains("\(key) is not a Kubernetes name") == true)
        }
    }

    @Test(arguments: ["a", "0", "a-b", "a--b", "a.b", "0.0", "web-5d8f7c9b4-x2x7k", "Web", "PodSandbox-0B5C"])
    func `names that Kubernetes allows are taken`(name: String) throws {
        #expect(try identity("K8S_POD_NAMESPACE=default;K8S_POD_NAME=\(name)").reference.name == name)
    }

    @Test(arguments: ["../x", "-x", "a/b", "a b", "?"])
    func `a UID that could lead elsewhere has code 4`(uid: String) {
        let error = #expect(throws: CNIError.self) {
            _ = try identity("\(Example.podArguments);K8S_POD_UID=\(uid)")
        }
        #expect(error?.code == .invalidEnvironment)
        #expect(error?.message.contains("K8S_POD_UID") == true)
    }

    /// At 256 bytes the agent ends itself.
    @Test func `a name of 255 bytes at the agent is taken, a longer one is refused and told`() throws {
        let namespace = String(repeating: "n", count: 63)
        let longest = String(repeating: "p", count: 255 - "k8s____".utf8.count - 63)
        #expect(
            try identity("K8S_POD_NAMESPACE=\(namespace);K8S_POD_NAME=\(longest)").vmName.utf8.count == 255
        )
        let error = #expect(throws: CNIError.self) {
            _ = try identity("K8S_POD_NAMESPACE=\(namespace);K8S_POD_NAME=\(longest)p")
        }
        #expect(error?.code == .invalidEnvironment)
        #expect(error?.message.contains("k8s__\(namespace)__\(longest)p is longer than 255 bytes") == true)
    }
}
