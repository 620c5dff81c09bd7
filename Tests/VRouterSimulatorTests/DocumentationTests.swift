// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import VRouterSimulator

/// The page of the program names what the program knows.
@Suite struct DocumentationTests {
    private func page() throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try #require(FileText.read(Bytes("/\(root)/docs/vrouter-sim.md"))).text
    }

    @Test("It has the headings that every program's page has")
    func headings() throws {
        let headings = try page().split(separator: "\n").filter { $0.hasPrefix("## ") }
        #expect(
            headings == [
                "## What it is", "## How to run it", "## Configuration", "## Files and sockets",
                "## When something goes wrong",
            ]
        )
    }

    @Test("It tells every switch, key, kind of fault and command")
    func names() throws {
        let page = try page()
        let faults = ["hang", "close", "garbage", "halfReply", "status", "lateStatus", "invalidMAC", "delay"]
        let commands = [
            "statistics", "reset-statistics", "ports", "set", "fault", "clear-faults", "add-pod",
            "delete-pod", "pod",
            "known", "touch",
        ]
        for name in Switches.names.map(\.0) + Array(Configuration.keys) + faults + commands {
            #expect(page.contains("`\(name)`"), "\(name)")
        }
    }

    @Test("The example of a fault can be read")
    func fault() throws {
        let page = try page()
        let start = try #require(page.firstRange(of: "A fault: `")).upperBound
        let text = page[start...].prefix { $0 != "`" }.replacing("...", with: "\"hang\"")
        var parser = AgentJSONParser(Bytes(String(text)))
        let json = parser.parse()
        let fault = try Fault(try #require(json), at: "")
        #expect(fault == Fault(kind: .hang, method: "POST", path: "/vm", times: 2))
    }
}
