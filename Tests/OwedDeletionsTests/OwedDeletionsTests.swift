// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import LinuxSystem
import NetworkTypes
import OwedDeletions
import TestSupport
import Testing

@Suite struct OwedDeletionsTests {
    private let folder = TemporaryFolder()
    private var debts: OwedDeletions { OwedDeletions(folder: folder.path("owed")) }

    private func debt(_ number: Int = 2, container: String = "c0ffee") throws -> OwedDeletion {
        OwedDeletion(
            vm: try #require(UUID("b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11")),
            vmi: try #require(UUID("7c1e0b52-3a90-11ee-9c41-0242ac11000\(number)")),
            vmName: "k8s__default__vm1",
            containerID: container,
            systemName: "tapab5768a3452"
        )
    }

    /// A changed key here loses the debts of a running node at an upgrade.
    private let text =
        #"{"vm":"b0f5a0e4-1f7c-4a7e-8a0e-0d9e5b7f1c11","vmi":"7c1e0b52-3a90-11ee-9c41-0242ac110002","#
        + #""vmName":"k8s__default__vm1","containerID":"c0ffee","systemName":"tapab5768a3452"}"#
    private let file = "owed/7c1e0b52-3a90-11ee-9c41-0242ac110002.c0ffee.json"

    @Test func `a debt is one file, named by port and container`() throws {
        try debts.add(debt())
        #expect(folder.read(file) == text.replacing("{\"vm\"", with: #"{"schema":1,"kind":"vm","vm""#))
        #expect(try debts.list() == [debt()])
    }

    @Test func `a file of an older run is read`() throws {
        folder.write(text, to: file)
        #expect(try debts.list() == [debt()])
    }

    /// A file in there is never changed, only added.
    @Test(arguments: ["without-kind.json", "without-schema.json", "schema-1.json"])
    func `debts of every form that was ever written are read`(name: String) throws {
        let golden = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        folder.write(try #require(TestFile.read("/\(golden)/Golden/\(name)")), to: file)
        #expect(try debts.list() == [debt()])
    }

    @Test func `a debt of a newer version is left for that version to pay`() throws {
        let newer = text.replacing("{\"vm\"", with: #"{"schema":2,"vm""#)
        folder.write(newer, to: file)
        try debts.add(debt(3))
        #expect(try debts.list() == [debt(3)])
        #expect(folder.read(file) == newer)
    }

    @Test func `a debt noted twice is one, and two containers' debts are two`() throws {
        try debts.add(debt())
        try debts.add(debt())
        #expect(try debts.list().count == 1)
        try debts.add(debt(container: "0ther"))
        #expect(try debts.list() == [debt(container: "0ther"), debt()])
    }

    @Test func `a paid debt is forgotten, twice without an error`() throws {
        try debts.add(debt(1))
        try debts.add(debt(2))
        try debts.remove(debt(1))
        try debts.remove(debt(1))
        #expect(try debts.list() == [debt(2)])
    }

    @Test func `a spoiled file, however long, does not hide the other debts`() throws {
        folder.write(String(repeating: " ", count: 2 << 20), to: "owed/long.json")
        folder.write("{", to: "owed/short.json")
        try debts.add(debt())
        #expect(try debts.list() == [debt()])
        #expect(folder.list("owed").count == 1)
    }

    @Test func `what a killed writer began goes with the debt`() throws {
        try debts.add(debt())
        folder.write("{", to: "owed/.7c1e0b52-3a90-11ee-9c41-0242ac110002.c0ffee.json.new")
        try debts.remove(debt())
        #expect(folder.list("owed") == [])
    }

    @Test func `no folder means no debts`() throws {
        #expect(try debts.list() == [])
        try debts.remove(debt())
    }

    @Test func `a list is as long as asked for`() throws {
        for number in 1...5 { try debts.add(debt(number)) }
        #expect(try debts.list(most: 2) == [debt(1), debt(2)])
        #expect(try debts.list(most: 0) == [])
        #expect(try debts.list().count == 5)
    }

    @Test(arguments: [
        ("", ""), ("[]", ""), ("{", ""), ("b0f5a0e4", "B0F5A0E4"), (#""vmi""#, #""x""#),
        (#""vmName""#, #""x""#),
        ("k8s__default__vm1", String(repeating: "x", count: 256)),
        ("k8s__default__vm1", "../../etc/x"), (#""containerID""#, #""x""#), ("c0ffee", "../../../etc/x"),
        ("c0ffee", ""),
        (#""systemName""#, #""x""#),
    ])
    func `a file that is no debt is removed, and the others are listed`(
        part: String,
        replacement: String
    ) throws {
        let isWhole = part.isEmpty || part == "[]" || part == "{"
        let bad = isWhole ? part : text.replacing(part, with: replacement)
        #expect(bad != text)
        try debts.add(debt(5))
        folder.write(bad, to: file)
        #expect(try debts.list() == [debt(5)])
        #expect(folder.list("owed") == ["7c1e0b52-3a90-11ee-9c41-0242ac110005.c0ffee.json"])
    }

    @Test func `a debt cut at any byte is none`() throws {
        let whole = Array(text.utf8)
        for length in 0..<whole.count {
            folder.write(String(decoding: whole[..<length], as: UTF8.self), to: file)
            #expect(try debts.list() == [])
            #expect(folder.list("owed") == [])
        }
    }

    @Test func `a temporary of a write that was killed is no debt`() throws {
        folder.write(text, to: "owed/.7c1e0b52-3a90-11ee-9c41-0242ac110002.c0ffee.json.77")
        #expect(try debts.list() == [])
    }
}
