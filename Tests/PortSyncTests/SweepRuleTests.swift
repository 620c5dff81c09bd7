// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import NetworkTypes
import Testing
import VRouter

@testable import PortSync

@Suite struct SweepRuleTests {
    private let rule = SweepRule(clusterName: "k8s", bootSeconds: 1000)
    private static let vmi = "7c1e0b52-3a90-11ee-9c41-0242ac110002"

    private func file(_ vmName: String = "k8s__default__web") throws -> PortRegistration {
        PortRegistration(
            vm: try #require(UUID("b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11")),
            vn: try #require(UUID("5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001")),
            vmi: try #require(UUID(Self.vmi)),
            vmName: vmName,
            containerID: "cid",
            hostInterface: try #require(InterfaceName("tap0123456789a")),
            containerInterface: "eth0",
            namespace: ""
        )
    }

    private func port(
        _ vmName: String = "k8s__default__web",
        _ systemName: String = "tap0123456789a",
        modified: Int64 = 2000
    ) throws -> PortFile {
        PortFile(
            vmi: try #require(UUID(Self.vmi)),
            vmName: vmName,
            systemName: systemName,
            modified: modified
        )
    }

    @Test(arguments: ["k8s__default__web", "k8s__kube-system__a.b-1"])
    func `names of our pods are ours`(name: String) { #expect(rule.isOurs(vmName: name)) }

    @Test(arguments: [
        "vm1", "blue__default__web", "k8s__default", "k8s__", "k8s____web", "k8s__default__",
        "k8s_default__web",
        "k8s__default__web__x", "k8s__default_web", "../k8s__default__web", "k8s__a/b__web", "",
        "k8s__default__" + String(repeating: "x", count: 250),
    ])
    func `all other names are not`(name: String) { #expect(!rule.isOurs(vmName: name)) }

    @Test func `devices as we name them are ours, Nova's are not`() {
        #expect(rule.isOurs(systemName: "tap0123456789a"))
        for name in [
            "tap1af4bee3-04", "tap0123456789", "tap0123456789ab", "veth123456789a", "tap0123456789A", "",
        ] {
            #expect(!rule.isOurs(systemName: name), "\(name)")
        }
    }

    @Test func `a file of POST vm is dead without a record and without a device`() throws {
        let file = try file()
        #expect(rule.isDead(file, .init()))
        #expect(!rule.isDead(file, .init(isRecorded: true)))
        #expect(!rule.isDead(file, .init(hasDevice: true)))
        #expect(!rule.isDead(try self.file("other__default__web"), .init()))
    }

    @Test func `a file of POST port is dead without a record, if it is ours for certain`() throws {
        #expect(rule.isDead(try port(), .init()))
        #expect(!rule.isDead(try port(), .init(isRecorded: true)))
        #expect(!rule.isDead(try port(), .init(isUncertain: true)))
        #expect(!rule.isDead(try port("vm1"), .init()))
        #expect(!rule.isDead(try port("k8s__default__web", "tap1af4bee3-04"), .init()))
    }

    @Test func `where the plugins have written nothing, only files of an earlier boot are dead`() throws {
        #expect(!rule.isDead(try port(), .init(hasRecords: false)))
        #expect(rule.isDead(try port(modified: 999), .init(hasRecords: false)))
    }

    @Test func `a file of POST port is read only where it is whole and in its place`() throws {
        let name = try #require(UUID(Self.vmi))
        let text =
            #"{"id": "\#(Self.vmi)", "display-name": "k8s__default__web", "system-name": "tap0123456789a"}"#
        #expect(try PortFile(Array(text.utf8), name: name, modified: 2000) == port())
        for wrong in [
            "", "{", "[]", "{}", text.replacing("7c1e", with: "7c1f"),
            text.replacing("system-name", with: "x"),
            text.replacing("\"tap0123456789a\"", with: "5"),
        ] {
            #expect(throws: JSONError.self) { try PortFile(Array(wrong.utf8), name: name, modified: 0) }
        }
    }

    @Test func `of two records of a port the one in the agent's file holds it, else the newest`() {
        let both = [("old", Int64(1)), ("new", Int64(2))].map { (containerID: $0.0, modified: $0.1) }
        #expect(holder(of: both, named: nil, isNamedAlive: false) == 1)
        #expect(holder(of: both, named: "old", isNamedAlive: true) == 0)
        #expect(holder(of: both, named: "new", isNamedAlive: true) == 1)
        #expect(holder(of: both, named: "third", isNamedAlive: true) == nil)
        #expect(holder(of: both, named: "third", isNamedAlive: false) == 1)
        #expect(holder(of: [both[0]], named: nil, isNamedAlive: false) == 0)
    }
}
