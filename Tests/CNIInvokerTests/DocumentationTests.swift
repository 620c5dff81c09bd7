// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CNIInvoker
import CNIProtocol
import Foundation
import JSON
import PreparedInterface
import Testing

/// What documents and shipped configuration show must work as shown.
@Suite struct DocumentationTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The fenced blocks of JSON in a document.
    private static func blocks(_ path: String) throws -> [String] {
        try text(path).matches(of: /(?ms)^```json\n(.*?)^```/).map { String($0.1) }
    }

    @Test(arguments: [
        ("README.md", 1), ("docs/contrail-cni.md", 1), ("docs/tap-bridge.md", 1),
        ("docs/prepared-interface.md", 2),
    ])
    func `JSON in documents is JSON`(path: String, count: Int) throws {
        let blocks = try Self.blocks(path)
        #expect(blocks.count == count)
        for block in blocks { _ = try JSONValue(parsing: Array(block.utf8)) }
    }

    @Test func `the record in the contract is a record`() throws {
        let block = try #require(try Self.blocks("docs/prepared-interface.md").first)
        let record = try PreparedInterface(json: JSONValue(parsing: Array(block.utf8)))
        #expect(record.guest.addresses.count == 2)
        #expect(record.port?.vmName == "k8s__default__vm1")
    }

    @Test(arguments: [
        ("conf/net.d/10-contrail.conflist", ["contrail-cni"]),
        ("conf/net.d/10-contrail-nested.conflist", ["contrail-cni", "tap-bridge"]),
        ("conf/net.d/20-bridge-for-vms.conflist", ["bridge", "tap-bridge"]),
    ])
    func `a shipped list loads, and a VM's request reaches one of its plugins`(
        path: String,
        types: [String]
    ) throws {
        let list = try CNINetworkList(Array(try Self.text(path).utf8))
        #expect(list.plugins.map(\.type) == types)
        #expect(list.declares("vmInterface"))
    }

    @Test(arguments: ["README.md", "docs/contrail-cni.md", "docs/tap-bridge.md"])
    func `a list in a document loads`(path: String) throws {
        for block in try Self.blocks(path) { _ = try CNINetworkList(Array(block.utf8)) }
    }

    @Test func `documents link to files that are there`() throws {
        for path in [
            "README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/state.md", "docs/testing.md",
        ] {
            let folder = (path as NSString).deletingLastPathComponent
            for match in try Self.text(path).matches(of: /\]\(([^)#]+)\)/) where !match.1.hasPrefix("http") {
                let target = Self.root.appendingPathComponent(folder).appendingPathComponent(String(match.1))
                    .path
                #expect(FileManager.default.fileExists(atPath: target), "\(path): \(match.1)")
            }
        }
    }
}
