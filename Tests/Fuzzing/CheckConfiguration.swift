// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import NetworkTypes
import PreparedInterface
import VRouter

@testable import CNIProtocol
@testable import ContrailCNI
@testable import TapBridge

/// The network configuration, as both plugins read it, and the result in it.
func checkConfiguration(_ input: [UInt8]) throws(BrokenInvariant) -> Bool {
    let configuration: CNIConfiguration
    do throws(CNIError) {
        configuration = try CNIConfiguration(input)
    } catch {
        try hold(
            [.incompatibleVersion, .decoding, .invalidConfiguration].contains(error.code),
            "code \(error.code.rawValue) for a wrong configuration"
        )
        try holdRoundTrip(error.json(version: .newest))
        // Most inputs are no configuration; a result is one of its fields, and read by itself, too.
        if let value = accepted({ () throws(JSONError) in try JSONValue(parsing: input) }) {
            try checkResult(value)
        }
        return false
    }
    try holdIsFileName(configuration.name, "the network's name")
    let text = JSONValue.object(configuration.fields.object).serialized()
    let again = try mustSucceed("what was written is refused") { () throws(CNIError) in
        try CNIConfiguration(text)
    }
    try hold(
        again.name == configuration.name && again.version == configuration.version
            && again.previous == configuration.previous,
        "read as another configuration"
    )
    if let previous = configuration.fields.value("prevResult") { try checkResult(previous) }
    try checkContrail(configuration)
    if let bridge = accepted({ () throws(CNIError) in try TapBridgeConfiguration(configuration) }) {
        try holdIsPath(bridge.runFolder.path, "run-dir")
    }
    return true
}

/// The `contrail` object and the request for a VM's interface.
private func checkContrail(_ configuration: CNIConfiguration) throws(BrokenInvariant) {
    let request = try mustSucceed("a good environment is refused") { () throws(CNIError) in
        try CNIRequest(.add, environment: CNIEnvironment(goodEnvironment), configuration: configuration)
    }
    let vm = accepted { () throws(CNIError) in
        try VMInterfaceRequest.find(request, runFolder: RunFolder("/proc/self/none"))
    }
    if case .some(.some(let vm)) = vm {
        try hold((1...256).contains(vm.queues), "\(vm.queues) queues")
        try hold(vm.ownerUID != .max, "the owner is nobody: -1")
        try holdIsFileName(vm.runtime.text, "the runtime's name")
    }
    let contrail = accepted { () throws(CNIError) in
        try ContrailConfiguration(configuration, fileFolders: [])
    }
    guard let contrail else { return }
    try holdIsFileName(String(contrail.clusterName.prefix(255)), "the cluster's name")
    try hold(
        AgentAddress(contrail.agent.text) == contrail.agent,
        "the agent's address \(contrail.agent.text)"
    )
    try hold(contrail.agent.port > 0, "the agent's port is 0")
    for path in [contrail.configFolder, contrail.runFolder.path, contrail.stateFolder, contrail.logFile] {
        try holdIsPath(path, "a folder or file")
    }
    try hold(
        (1_000_000...300_000_000).contains(contrail.requestLimit),
        "a request takes \(contrail.requestLimit) us"
    )
    try hold(
        (contrail.requestLimit...100 * contrail.requestLimit).contains(contrail.overallLimit),
        "an ADD takes \(contrail.overallLimit) us"
    )
    try hold((1...128).contains(contrail.v6PrefixLength), "prefix length \(contrail.v6PrefixLength)")
    if case .fixed(let mtu) = contrail.mtu { try hold((1280...65_535).contains(mtu), "MTU \(mtu)") }
}

/// An environment that is always accepted.
private let goodEnvironment: @Sendable (String) -> String? = { name in
    switch name {
    case "CNI_CONTAINERID": "c0ffee"
    case "CNI_IFNAME": "eth0"
    case "CNI_NETNS": "/run/netns/x"
    case "CNI_ARGS": "K8S_POD_NAMESPACE=default;K8S_POD_NAME=web"
    default: nil
    }
}

/// A result of the plugin before, in each version.
func checkResult(_ value: JSONValue) throws(BrokenInvariant) {
    for version in CNIVersion.allCases {
        let read = accepted { () throws(JSONError) in try CNIResult(previous: value, version: version) }
        guard var result = read else { return }
        try holdRoundTrip(result.json)
        guard version >= .v030 else { continue }
        try holdIsKept(result, value, version)
        let before = try parts(result)
        let place = result.append(CNIResult.Interface(name: "tap0", mtu: 1500, sandbox: "/run/netns/x"))
        if let address = before.addresses.first { result.append(address) }
        let after = try parts(result)
        try hold(place == before.interfaces.count, "appended at \(place) of \(before.interfaces.count)")
        try hold(
            after.interfaces.dropLast() == before.interfaces[...],
            "appending changed the other interfaces"
        )
        try hold(
            after.addresses.starts(with: before.addresses) { $0.prefix == $1.prefix },
            "an address was changed"
        )
        try hold(after.routes == before.routes && after.dns == before.dns, "routes or DNS were changed")
    }
    try checkGuest(value)
}

/// What the plugin before said is said again, word for word, and read as the same.
private func holdIsKept(
    _ result: CNIResult,
    _ value: JSONValue,
    _ version: CNIVersion
) throws(BrokenInvariant) {
    let json = result.json
    let again = try mustSucceed("a printed result is refused") { () throws(JSONError) in
        try CNIResult(previous: json, version: version)
    }
    try hold(again.json.serialized() == json.serialized(), "printed in another way the second time")
    for member in value.object?.members ?? [] where member.key != "cniVersion" {
        try hold(json.object?[member.key] == member.value, "the key \(member.key) was lost or changed")
    }
    let (first, second) = (try parts(result), try parts(again))
    try hold(first.interfaces == second.interfaces && first.addresses == second.addresses, "other addresses")
    try hold(first.routes == second.routes && first.dns == second.dns, "other routes or DNS")
}

private struct Parts {
    let interfaces: [CNIResult.Interface]
    let addresses: [CNIResult.Address]
    let routes: [Route]
    let dns: DNS
}

private func parts(_ result: CNIResult) throws(BrokenInvariant) -> Parts {
    try mustSucceed("an accepted result can't be read") { () throws(JSONError) in
        Parts(
            interfaces: try result.interfaces(),
            addresses: try result.addresses(),
            routes: try result.routes(),
            dns: try result.dns()
        )
    }
}

/// What `tap-bridge` makes of another plugin's result can be saved and read again.
private func checkGuest(_ value: JSONValue) throws(BrokenInvariant) {
    guard let interface = InterfaceName("eth0"), let mac = MACAddress("02:00:00:00:00:01"),
        let container = ContainerID("c0ffee"), let owner = RuntimeName("vm-runtime"),
        let result = accepted({ () throws(JSONError) in try CNIResult(previous: value, version: .newest) })
    else { return }
    let parts = try parts(result)
    let guest = GuestConfiguration(
        mac: mac,
        mtu: 1500,
        addresses: parts.addresses.map { $0.prefix },
        routes: parts.routes,
        dns: parts.dns,
        dhcp: .nobody
    )
    let record = PreparedInterface(
        key: InterfaceKey(containerID: container, interface: interface),
        owner: owner,
        network: NetworkReference(name: "net"),
        pod: PodReference(cluster: "", namespace: "", name: ""),
        bootID: BootID("boot"),
        index: 0,
        guest: guest,
        attachment: .veth(Attachment.Veth(host: nil, namespace: .host)),
        created: []
    )
    try holdRecord(record)
}
