// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import HostPrograms
import ImageFormats
import JSON
import LinuxSystem
import TestSupport
import Testing

@testable import Images

/// Files of the store as each schema writes them: an upgrade must read them.
@Suite struct StoreRecordTests {
    private let digest: ImageDigest
    private let url: ImageDigest

    init() throws {
        digest = try #require(ImageDigest(hex: String(repeating: "0a", count: 32)))
        url = try #require(ImageDigest(hex: String(repeating: "1b", count: 32)))
    }

    private func kept(_ name: String) throws -> JSONValue {
        try JSONValue(parsing: Array(Golden().kept(name).utf8))
    }

    @Test func `a name of schema 1 leads where it led, and its server is asked who may have it`() throws {
        let record = try NameRecord(json: kept("name-schema-1.json"))
        #expect(try record.reference == ImageReference("example.com/debian:12"))
        #expect(record.image == digest)
        #expect(record.origin == NameRecord.Origin(url: url, etag: "\"e\""))
        #expect(record.access == NameRecord.Access(isPulled: true, isPublic: false))
        // Without a source it may be a file's name.
        let imported = try NameRecord(json: kept("name-schema-1-imported.json"))
        #expect(imported.access == NameRecord.Access(isPulled: false, isPublic: false))
    }

    @Test func `a name is written by schema 2`() throws {
        let record = NameRecord(
            reference: try ImageReference("example.com/debian:12"),
            image: digest,
            origin: NameRecord.Origin(url: url, etag: "\"e\""),
            access: NameRecord.Access(isPulled: true, isPublic: true)
        )
        let text = String(decoding: record.json.serialized(), as: UTF8.self)
        #expect(try Golden().text("name-schema-2.json", now: text) == text)
        #expect(try NameRecord(json: kept("name-schema-2.json")) == record)
    }

    @Test func `an image's record of schema 1 is read`() throws {
        let record = try ImageRecord(json: kept("image-schema-1.json"))
        #expect(record == ImageRecord(size: 512, virtualSize: 1024, format: .qcow2, isPinned: true))
        #expect(record.json == (try kept("image-schema-1.json")))
    }

    @Test func `a user's record of schema 1 is read, and a newer one keeps all images`() throws {
        let folder = TemporaryFolder()
        let store = try ImageStore(
            ImageSettings(folder: folder.path("store"), qemuImg: HostProgram("/usr/bin/qemu-img"))
        )
        let user = try #require(ImageUser("vm"))
        let record = try Golden().kept("user-schema-1.json")
        folder.write(record, to: "store/users/vm.json")
        #expect(try store.allUsers() == [user: digest])
        folder.write(record.replacing("\"schema\":1", with: "\"schema\":2"), to: "store/users/vm.json")
        #expect(throws: ImageError.self) { try store.collect() }
    }

    @Test func `a download goes on by its record of schema 1, and not by a newer one`() throws {
        let folder = TemporaryFolder()
        let record = try Golden().kept("partial-schema-1.json").replacing("BOOT", with: try Host.bootID())
        func open(_ record: String) throws -> PartialFile {
            folder.write("half", to: "a.part")
            folder.write(record, to: "a.part.json")
            let file = try PartialFile.open(
                folder.path("a.part"),
                reserve: 0,
                mostBytes: 1 << 20,
                isStopped: { false },
                waiting: {}
            )
            try file.takeUp()
            return file
        }
        do {
            let file = try open(record)
            #expect(file.received == 4 && file.validator == "\"e\"")
            try file.restart(validator: "\"e\"", total: nil)
            #expect(folder.read("a.part.json") == record)
        }
        #expect(try open(record.replacing("\"schema\":1", with: "\"schema\":2")).received == 0)
    }

    @Test func `a newer schema is refused`() throws {
        for schema in [0, 3] {
            guard var object = try kept("name-schema-2.json").object else { throw Absent() }
            object["schema"] = .integer(schema)
            #expect(throws: JSONError.self) { try NameRecord(json: .object(object)) }
        }
    }
}

@Suite struct StoreRecordStandInTests {
    @Test func `beside records of a newer version nothing is removed`() async throws {
        let lab = try ImageLab()
        let store = try lab.store()
        try lab.image("x")
        let image = try await store.importFile("\(lab.scratch.path)/www/x", as: ImageReference("a"))
        let path = store.namePath(try ImageReference("a"))
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try Data(text.replacing("\"schema\":2", with: "\"schema\":9").utf8).write(
            to: URL(fileURLWithPath: path)
        )
        #expect(try store.collect().images.isEmpty)
        #expect(access(image.path, F_OK) == 0)
        #expect(access(path, F_OK) == 0)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        #expect(try store.image(ImageSelector("a")) == image)
    }
}
