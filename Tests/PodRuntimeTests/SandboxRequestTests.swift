// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIInvoker
import Pods
import Testing

@testable import PodRuntime

@Suite struct SandboxRequestTests {
    private let plain =
        #"{"cniVersion": "1.0.0", "name": "pods", "plugins": [{"type": "contrail-cni", "capabilities": {"vmInterface": true}}]}"#
    private let able =
        #"{"cniVersion": "1.0.0", "name": "pods", "plugins": [{"type": "contrail-cni", "capabilities": {"vmInterface": true, "portMappings": true, "bandwidth": true}}]}"#

    private func request(
        able: Bool = false,
        _ change: (inout PodSandboxConfiguration) -> Void = { _ in }
    ) throws -> SandboxRequest {
        let metadata = PodSandboxMetadata(name: "vm", uid: "0b5c1a52-3a90", namespace: "default", attempt: 0)
        var configuration = PodSandboxConfiguration(metadata: metadata)
        change(&configuration)
        let list = try CNINetworkList(Array((able ? self.able : plain).utf8))
        return try SandboxRequest(configuration, on: list)
    }

    private func refused(_ word: String, _ change: (inout PodSandboxConfiguration) -> Void) {
        let error = #expect(throws: PodServiceError.self) { try request(change) }
        #expect(error?.kind == .invalidArgument && error?.message.contains(word) == true, "\(error as Any)")
    }

    @Test func `what makes no sense for a VM is refused by the name that the pod's author wrote`() {
        refused("hostNetwork") { $0.namespaces.network = .node }
        refused("hostPID") { $0.namespaces.process = .node }
        refused("hostIPC") { $0.namespaces.ipc = .node }
        refused("privileged") { $0.isPrivileged = true }
        refused("net.ipv4.ip_forward") { $0.sysctls = ["net.ipv4.ip_forward": "1"] }
        refused("hostPort: 8080") {
            $0.portMappings = [PortMapping(transport: .tcp, containerPort: 80, hostPort: 8080)]
        }
        refused("ingress-bandwidth") { $0.annotations = ["kubernetes.io/ingress-bandwidth": "1M"] }
    }

    @Test func `an invalid cgroup_parent is refused before anything is made`() throws {
        for parent in ["/../../etc", "a--b.slice", "/kubepods/pod 1", "/kubepods/cgroup.procs"] {
            refused("cgroup_parent") { $0.cgroupParent = parent }
        }
        for parent in ["", "/kubepods/burstable/pod1", "kubepods-burstable-pod1_2.slice", "/Critest"] {
            _ = try request { $0.cgroupParent = parent }
        }
    }

    @Test func `a log folder that leads elsewhere is refused before anything is made`() throws {
        for folder in ["logs", "/var/../etc", "/"] { refused("log_directory") { $0.logDirectory = folder } }
        _ = try request { $0.logDirectory = "/var/log/pods/NS_Pod-1_uid/" }
    }

    @Test(arguments: ["PodSandbox-for-Logs-0B5C1A52-3A90", "cri-test-uid0b5c1a52-3a90", "A", "web-0.a"])
    func `names as kubelet and critest send them are taken`(name: String) throws {
        _ = try request {
            $0.metadata.name = name
            $0.metadata.namespace = name
            $0.metadata.uid = name
        }
    }

    @Test(arguments: [
        "", "../../etc", "a/b", "-a", "a.", ".", "..", "a\nb", "a;B=c", "a b", "a\u{0}", "\u{c4}b", "a_b",
        String(repeating: "a", count: 254),
    ])
    func `hostile names are refused`(name: String) {
        refused("name") { $0.metadata.name = name }
        refused("namespace") { $0.metadata.namespace = name }
        refused("uid") { $0.metadata.uid = name }
    }

    @Test func `plugins that can are told`() throws {
        let request = try request(able: true) {
            $0.portMappings = [
                PortMapping(transport: .tcp, containerPort: 80, hostPort: 8080),
                PortMapping(transport: .tcp, containerPort: 81, hostPort: 0),
            ]
            $0.annotations = ["kubernetes.io/egress-bandwidth": "10M"]
            $0.dns = PodDNS(servers: ["10.96.0.10"], searches: ["a"], options: ["ndots:5"])
        }
        let text = request.capabilities.members.map(\.key)
        #expect(text == ["portMappings", "bandwidth", "dns"])
        #expect(request.capabilities["portMappings"]?.array?.count == 1)
    }

    @Test func `a rate that is none is refused`() {
        let error = #expect(throws: PodServiceError.self) {
            try request(able: true) { $0.annotations = ["kubernetes.io/egress-bandwidth": "much"] }
        }
        #expect(error?.message.contains("egress-bandwidth") == true)
    }
}
