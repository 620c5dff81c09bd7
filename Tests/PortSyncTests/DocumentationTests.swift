// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import PortSync

/// The page, the unit and the help name what the program knows.
@Suite struct DocumentationTests {
    @Test func `the page has the headings of every program's page, all keys and all metrics`() throws {
        let page = try Repository.text("docs/port-sync.md")
        let headings = page.split(separator: "\n").filter { $0.hasPrefix("## ") }
        #expect(
            headings == [
                "## What it is", "## How to run it", "## Configuration", "## Files and sockets",
                "## When something goes wrong",
            ]
        )
        for key in SyncConfiguration.keys {
            #expect(page.contains("`\(key)`"), "\(key)")
            #expect(Options.help.contains(key), "\(key)")
        }
        let text = String(decoding: Metrics().text(known: 0, ports: []), as: UTF8.self)
        for match in text.matches(of: #/TYPE (\S+)/#) { #expect(page.contains("`\(match.1)"), "\(match.1)") }
    }

    @Test func `JSON in the page is a configuration`() throws {
        let blocks = try Repository.text("docs/port-sync.md").matches(of: /(?ms)^```json\n(.*?)^```/)
        #expect(!blocks.isEmpty)
        for block in blocks { _ = try SyncConfiguration.parse(Array(block.1.utf8), "the page") }
    }

    @Test func `links of the page lead somewhere`() throws {
        for match in try Repository.text("docs/port-sync.md").matches(of: /\]\(([^)#]+)\)/)
        where !match.1.hasPrefix("http") {
            #expect(FileManager.default.fileExists(atPath: Repository.path("docs/\(match.1)")), "\(match.1)")
        }
    }

    @Test func `the unit lets it write where the shipped configuration says`() throws {
        let unit = try Repository.text("conf/systemd/port-sync.service")
        let configuration = try SyncConfiguration.load(
            .init(path: Repository.path("conf/port-sync.json"), mustExist: true)
        )
        let line = try #require(unit.firstMatch(of: /(?m)^ReadWritePaths=(.*)$/)?.1)
        let writable = line.split(separator: " ").map { $0.drop { $0 == "-" } }
        for folder in [configuration.portFolder, configuration.runFolder.path, configuration.stateFolder] {
            #expect(writable.contains { folder == $0 || folder.hasPrefix("\($0)/") }, "\(folder)")
        }
        for line in [
            "Type=notify", "NoNewPrivileges=yes", "ProtectSystem=strict", "Restart=always", "WatchdogSec=",
            "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK", "CapabilityBoundingSet=",
        ] { #expect(unit.contains("\n\(line)"), "\(line)") }
    }
}
