// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import NetworkTypes
import Testing

@testable import VRouter

@Suite struct PortAssignmentTests {
    private func list(_ text: String) throws -> [PortAssignment] { try PortAssignment.list(Array(text.utf8)) }

    private func error(_ text: String) -> JSONError? {
        #expect(throws: JSONError.self) { _ = try list(text) }
    }

    /// An assignment with the fields that must be there; more or other ones by replacement.
    private func element(_ more: String = "") -> String {
        #"{"id":"7c1e0b52-3a90-11ee-9c41-0242ac110002","vm-uuid":"b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11","#
            + #""vn-id":"5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001","mac-address":"02:7c:1e:0b:52:3a"\#(more)}"#
    }

    private func annotated(_ annotations: String...) throws -> PortAssignment {
        let texts = annotations.map { String(decoding: JSONValue.string($0).serialized(), as: UTF8.self) }
        return try #require(try list(element(#","annotations":[\#(texts.joined(separator: ","))]"#)).first)
    }

    @Test func `the agent's own bytes are read`() throws {
        #expect(AgentBodies.twoAssignments.utf8.count == 808)
        let body = AgentBodies.twoAssignments.replacing(
            #""mac-address": """#,
            with: #""mac-address": "02:9d:2f:1c:63:3a""#
        )
        let list = try list(body)
        #expect(list.count == 2)
        let first = list[0]
        #expect(first.vmi == UUID("7c1e0b52-3a90-11ee-9c41-0242ac110002"))
        #expect(first.vm == UUID("b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11"))
        #expect(first.vn == UUID("5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001"))
        #expect(first.vnName == "default-domain:k8s-default:k8s-default-pod-network")
        #expect(first.mac == MACAddress("02:7c:1e:0b:52:3a"))
        #expect(first.index?.place == 0)
        #expect(first.index?.total == 2)
        #expect(first.network == "default")
        #expect(first.interface == nil)
        let second = list[1]
        #expect(second.vmi == UUID("9d2f1c63-3a90-11ee-9c41-0242ac110002"))
        #expect(second.vnName == "default-domain:k8s-default:net-a")
        #expect(second.index == nil)
        #expect(second.network == nil)
    }

    @Test func `an interface that has no MAC address yet does not spoil the others`() throws {
        let list = try list(AgentBodies.twoAssignments)
        #expect(list.map(\.mac) == [MACAddress("02:7c:1e:0b:52:3a"), nil])
    }

    @Test func `a body cut at any byte is refused`() {
        let whole = Array(AgentBodies.twoAssignments.utf8)
        for length in 0..<whole.count {
            #expect(throws: JSONError.self) { _ = try PortAssignment.list(Array(whole[..<length])) }
        }
    }

    @Test func `a VLAN tag is 1 to 4094; 65535 and 0 are none`() throws {
        func vlan(_ text: String) throws -> Int? { try list(element(#","vlan-id":\#(text)"#)).first?.vlan }
        for (text, tag) in [
            ("1", 1), ("100", 100), ("4094", 4094), ("0", nil), ("65535", nil), ("null", nil),
        ] {
            let found = try vlan(text)
            #expect(found == tag, "\(text)")
        }
        #expect(try list(element()).first?.vlan == nil)
        for text in ["4095", "4096", "65534", "65536", "-1", "1.5", "\"100\"", "true"] {
            let error = error("[\(element(#","vlan-id":\#(text)"#))]")
            guard case .field("[0].vlan-id", _) = error else {
                Issue.record("\(text): \(String(describing: error))")
                continue
            }
        }
    }

    @Test func `an empty array is no assignment`() throws {
        #expect(try list("[]") == [])
    }

    @Test func `the single object of agents before 2018, with instance-id, is read`() throws {
        let old = element().replacing("vm-uuid", with: "instance-id")
        let assignment = try #require(try list(old).first)
        #expect(assignment.vm == UUID("b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11"))
        #expect(assignment.vnName == nil)
        #expect(try list("[\(old)]") == [assignment])
        #expect(try list(element()) == [assignment])
    }

    @Test func `vm-uuid wins over instance-id`() throws {
        let both = element(#","instance-id":"00000000-0000-0000-0000-00000000000f""#)
        #expect(try list(both).first?.vm == UUID("b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11"))
    }

    @Test func `annotations are divided at the first colon, whatever else they hold`() throws {
        let assignment = try annotated(
            "{kind:Pod}",
            #"{k"1:v:1\}"#,
            "{{x}:{y}}",
            "{empty:}",
            "{:nokey}",
            "{nl:a\u{b}\u{e9}/\u{7f}}",
            "{}",
            "",
            "no colon",
            "{",
            "}",
            #"{network:ns/a:b"\{}"#,
            "{interface:net1}",
            "{network:second}"
        )
        #expect(assignment.network == #"ns/a:b"\{"#)
        #expect(assignment.interface == "net1")
        #expect(assignment.index == nil)
    }

    @Test(arguments: [
        (#"{k"1:v:1\}"#, #"k"1"#, #"v:1\"#), ("{{x}:{y}}", "{x}", "{y}"), ("{empty:}", "empty", ""),
        ("{:nokey}", "", "nokey"), ("{nl:a\u{b}\u{e9}/\u{7f}}", "nl", "a\u{b}\u{e9}/\u{7f}"),
        ("a:b", "a", "b"),
        ("{a:b", "a", "b"), ("a:b}", "a", "b"), ("{a:}}", "a", "}"), (":", "", ""),
    ])
    func `one brace is stripped at each end`(text: String, key: String, value: String) {
        let pair = annotationPair(text)
        #expect(pair?.key == key)
        #expect(pair?.value == value)
    }

    @Test(arguments: ["", "{}", "{", "}", "nocolon", "{nocolon}"])
    func `without a colon there is no pair`(text: String) {
        #expect(annotationPair(text) == nil)
    }

    @Test(arguments: [("0/1", 0, 1), ("1/2", 1, 2), ("255/256", 255, 256)])
    func `the index is place and total`(text: String, place: Int, total: Int) throws {
        let index = try annotated("{index:\(text)}").index
        #expect(index?.place == place)
        #expect(index?.total == total)
    }

    @Test(arguments: [
        "", "0", "/", "0/", "/1", "1/1", "2/1", "-1/1", "+0/1", "-0/1", "0/0", "0/-1", "0/1/2", "0/257",
        " 0/1", "0/1 ", "a/b",
        "0x0/1", "99999999999999999999/1",
    ])
    func `a wrong index is named`(text: String) {
        let error = #expect(throws: JSONError.self) { _ = try annotated("{index:\(text)}") }
        #expect(error == .field(path: "annotations", reason: "the index \"\(text)\" is not like 0/2"))
    }

    @Test(arguments: [
        ("7c1e0b52-3a90-11ee-9c41-0242ac110002", "id", "7C1E0B52-3A90-11EE-9C41-0242AC110002"),
        ("7c1e0b52-3a90-11ee-9c41-0242ac110002", "id", "00000000-0000-0000-0000-000000000000"),
        ("b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11", "vm-uuid", "b0f5a0e41f7c4a7e8a0e0d9e5b7f1c11"),
        ("5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001", "vn-id", ""),
        ("5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001", "vn-id", "../x"),
    ])
    func `a wrong UUID is named, with its place`(part: String, field: String, replacement: String) {
        let body = "[\(element()),\(element().replacing(part, with: replacement))]"
        #expect(
            error(body)
                == .field(path: "[1].\(field)", reason: "\"\(replacement)\" is not a UUID in lower case")
        )
    }

    @Test(arguments: [
        "0:0", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "02-7c-1e-0b-52-3a",
    ])
    func `a wrong MAC address is named`(mac: String) {
        #expect(
            error(element().replacing("02:7c:1e:0b:52:3a", with: mac))
                == .field(
                    path: "mac-address",
                    reason: "\"\(mac)\" is not a MAC address that an interface can have"
                )
        )
    }

    @Test(arguments: ["id", "vn-id", "mac-address"])
    func `a field that is missing or no text is named`(field: String) {
        #expect(
            error(element().replacing("\"\(field)\"", with: "\"x\""))
                == .field(path: field, reason: "is missing")
        )
        let wrong = element().replacing("\"\(field)\":", with: "\"\(field)\":5,\"x\":")
        #expect(error(wrong) == .field(path: field, reason: "expected a string, found a number"))
    }

    @Test(arguments: [
        ("5", "."), ("null", "."), ("\"x\"", "."), ("[5]", "[0]"), ("[[]]", "[0]"), ("{}", "id"),
        (#"{"error":"{ Not Found }"}"#, "id"),
    ])
    func `a body of another shape is refused`(body: String, path: String) {
        guard case .field(path, _) = error(body) else {
            Issue.record("the error does not name \(path)")
            return
        }
    }

    @Test(arguments: [
        (#","annotations":{}"#, "annotations"), (#","annotations":[5]"#, "annotations"),
        (#","vn-name":5"#, "vn-name"),
    ])
    func `optional fields of a wrong type are named`(more: String, path: String) {
        guard case .field(path, _) = error(element(more)) else {
            Issue.record("the error does not name \(path)")
            return
        }
    }
}
