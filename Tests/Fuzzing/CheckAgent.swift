// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import NetworkTypes
import PreparedInterface

@testable import CNIProtocol
@testable import ContrailCNI
@testable import VRouter

/// An HTTP answer: the same whether it comes whole or in pieces.
func checkHTTP(_ input: [UInt8]) throws(BrokenInvariant) -> Bool {
    let whole = HTTPResponse.parse(input)
    try checkPieces(input, whole)
    guard case .complete(let response) = whole else { return false }
    try hold((0...999).contains(response.status), "status \(response.status)")
    try hold(response.body.count <= HTTPResponse.mostBodyBytes, "a body of \(response.body.count) bytes")
    try checkEnd(input, response)
    try checkWritten(response, piece: Int(input.last ?? 0) + 1)
    _ = try checkAgent(response.body)
    return true
}

/// Feeds the answer as it would come from a socket: what is known after some bytes stays true after more.
private func checkPieces(_ input: [UInt8], _ whole: HTTPResponse.Progress) throws(BrokenInvariant) {
    let step = max(1, input.count / 16)
    for count in stride(from: 0, to: input.count, by: step) {
        switch (HTTPResponse.parse(Array(input[..<count])), whole) {
        case (.incomplete, _): continue
        case (.garbled, .garbled): return
        case (.complete(let early), .complete(let late)):
            try hold(
                early.status == late.status && early.body == late.body,
                "after \(count) bytes another answer"
            )
            try hold(late.isLast, "bytes behind the answer, and the connection is kept")
            return
        case (.garbled(let reason), _): throw BrokenInvariant(description: "after \(count) bytes: \(reason)")
        case (.complete, _):
            throw BrokenInvariant(description: "complete after \(count) bytes, and not at the end")
        }
    }
}

/// The body is what stands behind the header, as it is or in chunks, and a connection is kept only where nothing stands
/// behind it.
private func checkEnd(_ input: [UInt8], _ response: HTTPResponse) throws(BrokenInvariant) {
    let rest = behindHeader(input)
    let isPlain = rest.starts(with: response.body) && (response.isLast || rest.count == response.body.count)
    let chunked = isPlain ? nil : unchunked(rest)
    try hold(isPlain || chunked?.body == response.body, "a body that was not sent")
    guard !response.isLast else { return }
    try hold(isPlain || chunked?.isWhole == true, "the connection is kept behind bytes of no answer")
    let more = HTTPResponse.parse(input + [UInt8(ascii: "H")])
    guard case .complete(let last) = more, last.isLast, last.body == response.body else {
        throw BrokenInvariant(description: "one byte behind the answer changes it")
    }
}

private func behindHeader(_ input: [UInt8]) -> ArraySlice<UInt8> {
    for index in input.indices where input[index...].starts(with: [13, 10, 13, 10]) {
        return input[(index + 4)...]
    }
    return []
}

/// What chunks hold, and whether an empty line and nothing else stands behind the last; nil for what are no chunks.
private func unchunked(_ chunks: ArraySlice<UInt8>) -> (body: [UInt8], isWhole: Bool)? {
    var body: [UInt8] = []
    var rest = chunks
    while let end = rest.firstIndex(of: 10) {
        let digits = rest[..<end].prefix { "0123456789abcdefABCDEF".utf8.contains($0) }
        guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else { return nil }
        rest = rest[(end + 1)...]
        if size == 0 { return (body, rest.elementsEqual([13, 10])) }
        guard rest.count > size, rest.dropFirst(size).starts(with: [13, 10]) else { return nil }
        body += rest.prefix(size)
        rest = rest.dropFirst(size + 2)
    }
    return nil
}

/// An answer written by ourselves, with a length and in chunks, is read as the same.
private func checkWritten(_ response: HTTPResponse, piece: Int) throws(BrokenInvariant) {
    let status = String(1000 + response.status).dropFirst()
    let plain =
        Array("HTTP/1.1 \(status) OK\r\nContent-Length: \(response.body.count)\r\n\r\n".utf8) + response.body
    var chunked = Array("HTTP/1.1 \(status) OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8)
    for start in stride(from: 0, to: response.body.count, by: piece) {
        let chunk = response.body[start...].prefix(piece)
        chunked += "\(String(chunk.count, radix: 16))\r\n".utf8 + chunk + "\r\n".utf8
    }
    chunked += "0\r\n\r\n".utf8
    for text in [plain, chunked] {
        guard case .complete(let again) = HTTPResponse.parse(text) else {
            throw BrokenInvariant(description: "a good answer is not complete")
        }
        try hold(again.status == response.status && again.body == response.body, "read as another answer")
        try hold(!again.isLast, "the connection is not kept")
        guard case .incomplete = HTTPResponse.parse(Array(text.dropLast())) else {
            throw BrokenInvariant(description: "complete without its last byte")
        }
    }
}

/// The body of an answer, as assignments and as ports.
func checkAgent(_ input: [UInt8]) throws(BrokenInvariant) -> Bool {
    let assignments = accepted { () throws(JSONError) in try PortAssignment.list(input) }
    if let assignments {
        try holdAssignments(assignments)
        try holdAnnotations(assignments, input)
    }
    let states = accepted { () throws(JSONError) in try PortState.list(input) }
    if let states { try holdStates(states) }
    return assignments?.isEmpty == false || states?.isEmpty == false
}

private func holdAssignments(_ assignments: [PortAssignment]) throws(BrokenInvariant) {
    _ = AssignmentChoice.isComplete(assignments)
    let choice = accepted { () throws(CNIError) in
        try AssignmentChoice.choose(assignments, .init(interface: "eth0", configurationName: "default"))
    }
    if let choice { try hold(assignments.contains(choice), "an assignment that the agent did not tell") }
    for assignment in assignments {
        try hold(assignment.mac?.isUnicast ?? true, "a MAC address that no interface can have")
        if let index = assignment.index {
            try hold(0 <= index.place && index.place < index.total && index.total <= 256, "index \(index)")
        }
        let text = written(assignment).serialized()
        let again = try mustSucceed("a good assignment is refused") { () throws(JSONError) in
            try PortAssignment.list(text)
        }
        try hold(again == [assignment], "read as another assignment")
    }
}

/// An annotation's value is what stands behind the first colon, whatever it is.
private func holdAnnotations(_ assignments: [PortAssignment], _ input: [UInt8]) throws(BrokenInvariant) {
    let body = try mustSucceed("assignments in no JSON") { () throws(JSONError) in
        try JSONValue(parsing: input)
    }
    for (assignment, element) in zip(assignments, body.array ?? [body]) {
        let texts = (element.object?["annotations"]?.array ?? []).compactMap(\.string)
        func value(_ key: String) -> String? {
            for text in texts {
                var bytes = Array(text.utf8)
                if bytes.last == UInt8(ascii: "}") { bytes.removeLast() }
                for start in ["{\(key):", "\(key):"] where bytes.starts(with: start.utf8) {
                    return String(decoding: bytes.dropFirst(start.utf8.count), as: UTF8.self)
                }
            }
            return nil
        }
        try hold(assignment.network == value("network"), "network \(assignment.network ?? "-")")
        try hold(assignment.interface == value("interface"), "interface \(assignment.interface ?? "-")")
        if let index = assignment.index {
            let parts = (value("index") ?? "").split(separator: "/").map { Int($0) }
            try hold(parts == [index.place, index.total], "index \(index)")
        } else {
            try hold(value("index") == nil, "an index was lost")
        }
    }
}

/// An assignment in the agent's words.
private func written(_ assignment: PortAssignment) -> JSONValue {
    var object = JSONObject([
        ("id", .string(assignment.vmi.text)), ("vm-uuid", .string(assignment.vm.text)),
        ("vn-id", .string(assignment.vn.text)), ("mac-address", .string(assignment.mac?.text ?? "")),
    ])
    object["vn-name"] = assignment.vnName.map { .string($0) }
    object["vlan-id"] = assignment.vlan.map { .integer($0) }
    var annotations: [JSONValue] = []
    if let index = assignment.index { annotations.append(.string("{index:\(index.place)/\(index.total)}")) }
    if let network = assignment.network { annotations.append(.string("{network:\(network)}")) }
    if let interface = assignment.interface { annotations.append(.string("{interface:\(interface)}")) }
    object["annotations"] = .array(annotations)
    return .array([.object(object)])
}

private func holdStates(_ states: [PortState]) throws(BrokenInvariant) {
    for state in states {
        try hold(state.mac.isUnicast, "a MAC address that no interface can have")
        try hold(state.families.count <= 2, "\(state.families.count) families")
        for family in state.families {
            let addresses = [family.address, family.gateway, family.dnsServer].compactMap { $0 }
            try hold(addresses.allSatisfy { $0.family == family.address.family }, "two families in one")
            try hold(addresses.allSatisfy { !$0.isUnspecified }, "an address of zeros")
            try hold(
                family.prefixLength.map { (0...32).contains($0) } ?? true,
                "a prefix length of no address"
            )
        }
        var guest = GuestConfiguration(mac: state.mac, mtu: 1500, dhcp: .agent)
        try mustSucceed("an accepted port is not a guest's") { () throws(CNIError) in
            try guest.apply(state, index: 0, v6PrefixLength: 64)
        }
        try hold(guest.addresses.map(\.address) == state.families.map(\.address), "other addresses")
    }
}
