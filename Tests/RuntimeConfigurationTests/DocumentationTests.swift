// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import RuntimeConfiguration

/// Pages, unit and sample name what the program knows.
@Suite struct DocumentationTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
    }

    @Test("the reference page is what the table of fields makes")
    func referencePage() throws {
        let page = try text("docs/vm-runtime-configuration.md")
        #expect(
            page == RuntimeConfiguration.referencePage,
            "run: .build-dist/bin/vm-runtime --print-reference > docs/vm-runtime-configuration.md"
        )
    }

    @Test("the shipped sample is read, and says the defaults")
    func sample() throws {
        let text = try text("conf/vm-runtime.yaml")
        let loaded = try LoadedConfiguration(file: ("sample", text), environment: [:], flags: [])
        #expect(loaded.configuration == RuntimeConfiguration())
        #expect(loaded.yaml.contains("# sample:"))
        // What is commented out is right, too.
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("# ") }
        let whole = lines.map { $0.hasPrefix("#") ? $0.dropFirst() : $0 }.joined(separator: "\n")
        let all = try LoadedConfiguration(file: ("sample", whole), environment: [:], flags: [])
        #expect(all.configuration == RuntimeConfiguration())
        for key in RuntimeConfiguration.keys { #expect(whole.contains("\(key):"), "\(key)") }
    }

    @Test("the page has the headings of every program's page, its YAML is read, its links lead somewhere")
    func page() throws {
        let page = try text("docs/vm-runtime.md")
        let headings = page.split(separator: "\n").filter { $0.hasPrefix("## ") }
        #expect(
            headings == [
                "## What it is", "## How to run it", "## Configuration", "## Files and sockets",
                "## When something goes wrong",
            ]
        )
        let blocks = page.matches(of: /(?ms)^```yaml\n(.*?)^```/)
        #expect(!blocks.isEmpty)
        for block in blocks {
            _ = try LoadedConfiguration(file: ("page", String(block.1)), environment: [:], flags: [])
        }
        for name in ["vm-runtime.md", "cri.md"] {
            for match in try text("docs/\(name)").matches(of: /\]\(([^)#]+)\)/)
            where !match.1.hasPrefix("http") {
                let path = Self.root.appendingPathComponent("docs/\(match.1)").path
                #expect(FileManager.default.fileExists(atPath: path), "\(match.1)")
            }
        }
    }

    @Test("each test that SECURITY.md names is there")
    func threatModel() throws {
        let named = try text("SECURITY.md").matches(of: /`(\w+Tests): ([^`]+)`/)
        #expect(named.count > 20)
        let files = FileManager.default.enumerator(
            at: Self.root.appendingPathComponent("Tests"),
            includingPropertiesForKeys: nil
        )
        var places: [String: URL] = [:]
        while let file = files?.nextObject() as? URL { places[file.lastPathComponent] = file }
        for match in named {
            let file = try #require(places["\(match.1).swift"], "\(match.1)")
            #expect(try String(contentsOf: file, encoding: .utf8).contains(match.2), "\(match.0)")
        }
    }

    @Test("the unit is told when the program serves, and lets it write where the sample says")
    func unit() throws {
        let unit = try text("conf/systemd/vm-runtime.service")
        let configuration = RuntimeConfiguration()
        for line in [
            "Type=notify", "KillMode=process", "Restart=always", "RuntimeDirectoryPreserve=yes",
            "TimeoutStopSec=\(configuration.drainSeconds + 15)", "ExecStart=/usr/local/bin/vm-runtime",
        ] { #expect(unit.contains("\n\(line)\n"), "\(line)") }
        #expect(configuration.listen.hasPrefix("\(configuration.runFolder)/"))
    }

    @Test("the unit gives it no mount namespace, in which pods' network namespaces would end with it")
    func mounts() throws {
        // systemd.exec(5): what implies a mount namespace, or mounts.
        let makers = [
            "Private", "Protect", "ReadOnlyPaths", "ReadWritePaths", "InaccessiblePaths", "ExecPaths",
            "NoExecPaths",
            "BindPaths", "BindReadOnlyPaths", "TemporaryFileSystem", "MountFlags", "MountImages",
            "ExtensionImages",
            "ExtensionDirectories", "RootDirectory", "RootImage", "DynamicUser", "ProcSubset", "LogNamespace",
            "NetworkNamespacePath", "IPCNamespacePath", "MountAPIVFS", "RestrictNamespaces", "LoadCredential",
            "SetCredential",
        ]
        for line in try text("conf/systemd/vm-runtime.service").split(separator: "\n")
        where !line.hasPrefix("#") {
            #expect(!makers.contains { line.hasPrefix($0) }, "\(line)")
        }
    }
}
