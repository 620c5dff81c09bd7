// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import NetworkTypes
import PreparedInterface

@testable import CNIProtocol
@testable import ContrailCNI
@testable import TapBridge
@testable import VRouter

/// The environment of a request: each of its five texts in its place, and all as values of the network.
func checkArguments(_ input: [UInt8]) throws(BrokenInvariant) -> Bool {
    let texts = input.split(separator: 0, maxSplits: 4, omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
    for text in texts { try checkValues(text) }
    func text(_ place: Int, _ standard: String) -> String {
        place < texts.count && !texts[place].isEmpty ? texts[place] : standard
    }
    let environment = CNIEnvironment { name in
        switch name {
        case "CNI_ARGS": text(0, "")
        case "CNI_CONTAINERID": text(1, "c0ffee")
        case "CNI_IFNAME": text(2, "eth0")
        case "CNI_NETNS": text(3, "/run/netns/x")
        default: nil
        }
    }
    let configuration = try mustSucceed("a good configuration is refused") { () throws(CNIError) in
        try CNIConfiguration(Array(#"{"cniVersion":"1.1.0","name":"net","type":"contrail-cni"}"#.utf8))
    }
    let request: CNIRequest
    do throws(CNIError) {
        request = try CNIRequest(.add, environment: environment, configuration: configuration)
    } catch {
        try hold(error.code == .invalidEnvironment, "code \(error.code.rawValue) for a wrong environment")
        return false
    }
    try holdIsFileName(request.containerID.text, "the container's id")
    try holdIsInterfaceName(request.interface)
    try hold(request.namespace?.utf8.first == UInt8(ascii: "/"), "the namespace is not a path")
    try checkPairs(text(0, ""), request)
    if let pod = accepted({ () throws(CNIError) in try PodReference(request) }) {
        for name in [pod.namespace, pod.name] where !name.isEmpty {
            try holdIsFileName(String(name.prefix(255)), "the pod's namespace or name")
        }
    }
    let cluster = text(4, "k8s")
    // The configuration takes no other cluster.
    guard isIdentifier(cluster) else { return true }
    let identity = accepted { () throws(CNIError) in try PodIdentity(request, cluster: cluster) }
    guard let identity else { return true }
    try holdIsFileName(identity.vmName, "the VM's name")
    try hold(identity.vmName.utf8.count <= 255, "a VM's name of \(identity.vmName.utf8.count) bytes")
    try hold(identity.reference.name == request.argument("K8S_POD_NAME"), "another pod")
    try hold(identity.reference.namespace == request.argument("K8S_POD_NAMESPACE"), "another namespace")
    return true
}

/// The pairs, put together again, are the text but for empty pairs.
private func checkPairs(_ text: String, _ request: CNIRequest) throws(BrokenInvariant) {
    let expected = text.utf8.split(separator: UInt8(ascii: ";")).joined(separator: [UInt8(ascii: ";")])
    let actual = request.arguments.map { Array("\($0.key)=\($0.value)".utf8) }
        .joined(separator: [UInt8(ascii: ";")])
    try hold(expected.elementsEqual(actual), "other pairs: \(request.arguments)")
    for argument in request.arguments {
        try hold(
            !argument.key.isEmpty && !argument.key.utf8.contains(UInt8(ascii: "=")),
            "no key: \(argument)"
        )
        let found = request.argument(argument.key)
        try hold(argument.value.isEmpty || found != nil, "\(argument.key) is not found")
    }
}

func holdIsInterfaceName(_ name: InterfaceName) throws(BrokenInvariant) {
    let text = name.text
    try hold(
        (1...15).contains(text.utf8.count) && text != "." && text != "..",
        "the interface name \"\(text)\""
    )
    try hold(
        text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && !"/:%".utf8.contains($0) },
        "the interface name \"\(text)\" holds what the kernel refuses"
    )
}

/// Each value of the network that a text may be: what is accepted is written so that it is read as the same.
private func checkValues(_ text: String) throws(BrokenInvariant) {
    try checkAddress(text)
    if let prefix = IPPrefix(text) {
        try hold(IPPrefix(prefix.text) == prefix, "the prefix \(prefix.text)")
        try hold(prefix.contains(prefix.address), "\(prefix.text) does not hold its own address")
        try hold((0...prefix.address.family.bits).contains(prefix.length), "length \(prefix.length)")
    }
    if let mac = MACAddress(text) {
        try hold(mac.text == text.lowercased() && MACAddress(mac.text) == mac, "the MAC address \(mac.text)")
    }
    if let uuid = UUID(text) {
        try hold(uuid.text == text && text.utf8.count == 36 && text == text.lowercased(), "the UUID \(text)")
    }
    if let agent = AgentAddress(text) {
        try hold(AgentAddress(agent.text) == agent, "the agent's address \(agent.text)")
    }
    if let name = InterfaceName(text) { try holdIsInterfaceName(name) }
    if let name = RuntimeName(text) { try holdIsFileName(name.text, "the runtime's name") }
    if let pair = annotationPair(text) {
        let again = annotationPair("{\(pair.key):\(pair.value)}")
        try hold(again?.key == pair.key && again?.value == pair.value, "the annotation \(pair)")
        try hold(!pair.key.utf8.contains(UInt8(ascii: ":")), "a colon in the key \(pair.key)")
    }
}

/// inet_pton(3) takes the same texts for the same bytes.
private func checkAddress(_ text: String) throws(BrokenInvariant) {
    // A text of C ends there.
    guard !text.utf8.contains(0) else { return }
    var bytes = [UInt8](repeating: 0, count: 16)
    var expected: [UInt8]?
    if inet_pton(AF_INET, text, &bytes) == 1 {
        expected = Array(bytes[..<4])
    } else if inet_pton(AF_INET6, text, &bytes) == 1 {
        expected = bytes
    }
    let address = IPAddress(text)
    try hold(address?.bytes == expected, "\"\(text)\" is read as \(address?.text ?? "nothing")")
    guard let address else { return }
    try hold(IPAddress(address.text) == address, "written as \(address.text)")
    try hold(address.text == address.text.lowercased(), "upper case in \(address.text)")
}
