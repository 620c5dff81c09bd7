// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import NetworkTypes
import PreparedInterface

@testable import CNIProtocol
@testable import OwedDeletions
@testable import VRouter

/// Files of ours and of the agent's: records, debts, ports.
func checkState(_ input: [UInt8]) throws(BrokenInvariant) -> Bool {
    let parsed = accepted { () throws(JSONError) in try JSONValue(parsing: input) }
    try checkAgentFile(input, parsed)
    guard let parsed else { return false }
    var isAccepted = false
    if let record = accepted({ () throws(JSONError) in try PreparedInterface(json: parsed) }) {
        isAccepted = true
        try holdRecord(record)
    }
    if let fields = accepted({ () throws(JSONError) in try JSONFields(parsed) }),
        let debt = accepted({ () throws(JSONError) in try OwedDeletion(fields) })
    {
        isAccepted = true
        try holdDebt(debt)
    }
    return isAccepted
}

/// A record that was accepted names no file but its own, and is read as what was written.
func holdRecord(_ record: PreparedInterface) throws(BrokenInvariant) {
    let json = record.json
    let text = json.serialized()
    let again = try mustSucceed("an accepted record is refused") { () throws(JSONError) in
        try PreparedInterface(json: JSONValue(parsing: text))
    }
    try hold(again == record, "read as another record")
    try hold(again.key == record.key, "another key")
    try hold(again.json.serialized() == text, "written in another way the second time")
    try holdIsFileName(record.key.containerID.text, "the container's id")
    try holdIsInterfaceName(record.key.interface)
    try holdIsFileName(record.owner.text, "the owner")
    // The lock's name is made of these (PodIdentity.vmName).
    for part in [record.pod.cluster, record.pod.namespace, record.pod.name] where !part.isEmpty {
        try holdIsFileName(String(part.prefix(255)), "the pod's cluster, namespace or name")
    }
    if let port = record.port {
        try holdIsFileName(port.vmName, "the VM's name")
        try holdIsPath(port.file, "the port's file")
    }
    for object in record.created {
        switch object {
        case .link(let name, let namespace), .ingressQdisc(let name, let namespace),
            .redirectFilter(let name, let namespace):
            try holdIsInterfaceName(name)
            if let path = namespace.path { try holdIsPath(path, "the namespace") }
        case .file(let path): try holdIsPath(path, "a file")
        }
    }
    try hold((68...65_535).contains(record.guest.mtu), "MTU \(record.guest.mtu)")
    try hold(record.guest.mac.isUnicast, "a MAC address that no interface can have")
    try checkProjection(record)
}

/// The CNI result of a record is read as what the record says.
private func checkProjection(_ record: PreparedInterface) throws(BrokenInvariant) {
    for version in CNIVersion.allCases {
        let json = record.result(version: version).json
        try holdRoundTrip(json)
        guard version >= .v030 else { continue }
        let addresses = try mustSucceed("a record's result is refused") { () throws(JSONError) in
            try CNIResult(previous: json, version: version).addresses()
        }
        try hold(addresses.map(\.prefix) == record.guest.addresses, "other addresses in the result")
    }
}

private func holdDebt(_ debt: OwedDeletion) throws(BrokenInvariant) {
    let text = debt.json.serialized()
    let again = try mustSucceed("an accepted debt is refused") { () throws(JSONError) in
        try OwedDeletion(try JSONFields(try JSONValue(parsing: text)))
    }
    try hold(again == debt, "read as another debt")
    try holdIsFileName("\(debt.vmi.text).\(debt.containerID).json", "the debt's file")
    try holdIsFileName(debt.vmName, "the VM's name")
}

/// An agent-format file names the VM of the container that is asked about, and of no other.
private func checkAgentFile(_ input: [UInt8], _ parsed: JSONValue?) throws(BrokenInvariant) {
    let id = parsed?.object?["vm-id"]?.string
    guard let vmi = UUID("7c1e0b52-3a90-11ee-9c41-0242ac110002") else { return }
    try hold(AgentFiles.port(input, vmi, (id ?? "") + "x") == nil, "another container's file")
    guard let id, let vm = AgentFiles.port(input, vmi, id)?.vm, let device = InterfaceName("tap0") else {
        return
    }
    try hold(parsed?.object?["vm-uuid"]?.string == vm.text, "another VM")
    let registration = PortRegistration(
        vm: vm,
        vn: vm,
        vmi: vm,
        vmName: "k8s__default__web",
        containerID: id,
        hostInterface: device,
        containerInterface: "eth0",
        namespace: "/run/netns/x"
    )
    try hold(
        AgentFiles.port(registration.json.serialized(), vmi, id)?.vm == vm,
        "a port's file is not read again"
    )
}
