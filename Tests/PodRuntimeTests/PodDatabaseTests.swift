// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import DomainXML
import Foundation
import GRDB
import Pods
import TestSupport
import Testing

@testable import PodRuntime

/// Databases of every schema, as the builds that wrote them left them.
@Suite struct PodDatabaseTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path("pods.sqlite") }

    private static let oldest = "pods-schema-1-b52f5b1.sql"
    private static let withProcessors = "pods-schema-1-0bf0096.sql"
    private static let withDisks = "pods-schema-1-db71ff4.sql"
    private static let withSchemas = "pods-schema-2.sql"
    private static let newest = "pods-schema-3.sql"
    static let all = [oldest, withProcessors, withDisks, withSchemas, newest]

    private static let running = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"
    private static let exited = "deadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
    private static let half = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    private static let created = String(repeating: "1", count: 64)
    private static let starting = String(repeating: "2", count: 64)
    private static let ready = "5f2c9d4e8a7b6c3d5f2c9d4e8a7b6c3d5f2c9d4e8a7b6c3d5f2c9d4e8a7b6c3d"
    private static let making = "a1b2c3d4e5f60718a1b2c3d4e5f60718a1b2c3d4e5f60718a1b2c3d4e5f60718"
    private static let stopped = String(repeating: "e", count: 64)
    private static let podsUUID = "6ab5d6f5-9d7a-4b02-9b40-1f2f2e4c5d6e"

    private static func golden(_ name: String) throws -> String {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Golden/\(name)")
        return String(decoding: try Data(contentsOf: file), as: UTF8.self)
    }

    /// Puts a golden database in its place.
    private func put(_ name: String) throws {
        let sql = try Self.golden(name)
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    private func rows() throws -> [String: String] {
        let queue = try DatabaseQueue(path: path)
        defer { try? queue.close() }
        return try queue.read { database in
            try ["sandbox", "container"].reduce(into: [:]) { rows, table in
                for row in try Row.fetchAll(database, sql: "SELECT id, record FROM \(table)") {
                    rows[row["id"]] = String(decoding: row["record"] as Data, as: UTF8.self)
                }
            }
        }
    }

    private var leftovers: [String] { folder.list().filter { $0.hasSuffix(".new") } }

    @Test(arguments: all)
    func `sandboxes of every schema are what they were`(name: String) async throws {
        try put(name)
        let store = try PodStore(path: path, mustHaveTables: true)
        let sandboxes = await store.sandboxes
        #expect(sandboxes.keys.sorted() == [Self.ready, Self.making, Self.stopped].sorted())
        #expect(sandboxes[Self.ready] == Sample.sandbox(id: Self.ready))
        #expect(sandboxes[Self.making] == Sample.plainSandbox(id: Self.making))
        var stopped = Sample.plainSandbox(id: Self.stopped)
        stopped.user = 66_002
        stopped.phase = .stopped
        stopped.configuration.namespaces.network = .target
        if name == Self.newest {
            stopped.origin = .operator
            stopped.preparedBy = "donor"
            stopped.namespace = ""
        }
        #expect(sandboxes[Self.stopped] == stopped)
    }

    @Test(arguments: all)
    func
        `containers of every schema are what they were, and what their build did not know has its meaning of then`(
            name: String
        ) async throws
    {
        try put(name)
        let containers = await (try PodStore(path: path, mustHaveTables: true)).containers
        #expect(
            containers.keys.sorted()
                == [Self.running, Self.exited, Self.half, Self.created, Self.starting].sorted()
        )
        var running = Sample.container(id: Self.running, in: Self.ready)
        running.phase = .running
        running.startedAt = 1_763_840_000_000_000_004
        #expect(running.uuid == Self.podsUUID)
        var exited = Sample.container(id: Self.exited, in: Self.ready)
        exited.configuration.metadata.attempt = 2
        exited.phase = .exited
        exited.startedAt = 5
        exited.shape.rootSize = 10 << 30
        exited.ending = ContainerRecord.Ending(
            finishedAt: 6,
            code: 137,
            reason: "OOMKilled",
            message: "the kernel killed it"
        )
        let half = Sample.plainContainer(id: Self.half, in: Self.making)
        var created = Sample.plainContainer(id: Self.created, in: Self.making)
        created.phase = .created
        created.configuration.metadata.attempt = 1
        var starting = Sample.plainContainer(id: Self.starting, in: Self.making)
        starting.phase = .starting
        starting.configuration.metadata.attempt = 2
        if name != Self.oldest {
            running.shape.cpu = .model(Sample.processor)
            running.shape.isUEFI = true
            exited.shape.cpu = .host
        }
        if name == Self.newest {
            running.hardware = GuestHardware(
                accelerator: .kvm,
                board: .q35,
                interfaces: [
                    .init(name: "eth0", queues: 2, isWrapped: true),
                    .init(name: "eth1", queues: 1, isWrapped: false),
                ],
                wrapper: "/usr/local/libexec/contrail-vm/vmwrapper",
                usesVhost: true
            )
        }
        if [Self.withDisks, Self.withSchemas, Self.newest].contains(name) {
            running.earlierMemoryKills = 4
            exited.shape.diskBus = .scsi
            starting.shape.diskBus = .virtio
            starting.shape.cpu = .model(ProcessorModel())
        }
        #expect(containers[Self.running] == running)
        #expect(containers[Self.exited] == exited)
        #expect(containers[Self.half] == half)
        #expect(containers[Self.created] == created)
        #expect(containers[Self.starting] == starting)
    }

    @Test(arguments: [(oldest, 1), (withProcessors, 1), (withDisks, 1), (withSchemas, 2)])
    func `an upgrade writes each row in the newest schema, and keeps a copy of the database as it was`(
        name: String,
        schema: Int
    ) async throws {
        try put(name)
        let before = try rows()
        _ = try PodStore(path: path, mustHaveTables: true)
        let after = try rows()
        #expect(after.keys.sorted() == before.keys.sorted())
        for (id, row) in after { #expect(row.contains("\"schema\":3"), "\(id): \(row)") }
        let copy = try DatabaseQueue(path: path + ".schema-\(schema)")
        let kept = try await copy.read { database in
            try String.fetchAll(
                database,
                sql:
                    "SELECT CAST(record AS TEXT) FROM sandbox UNION ALL SELECT CAST(record AS TEXT) FROM container"
            )
        }
        #expect(kept.sorted() == before.values.sorted())
        let attributes = try FileManager.default.attributesOfItem(atPath: path + ".schema-\(schema)")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(leftovers == [])
    }

    @Test func `a database of the newest schema is opened without a copy, and reads the same again`()
        async throws
    {
        try put(Self.newest)
        let before = try rows()
        let first = await (try PodStore(path: path, mustHaveTables: true)).containers
        #expect(await (try PodStore(path: path, mustHaveTables: true)).containers == first)
        #expect(try rows() == before)
        #expect(folder.list().filter { $0.contains("schema") } == [])
    }

    @Test func `what is written now is the golden row of the newest schema`() async throws {
        try put(Self.newest)
        let store = try PodStore(path: path, mustHaveTables: true)
        let before = try rows().mapValues(Self.value)
        for sandbox in await store.sandboxes.values { try await store.save(sandbox) }
        for container in await store.containers.values { try await store.save(container) }
        #expect(try rows().mapValues(Self.value) == before)
    }

    @Test func `words of processors in rows stay what they are`() {
        #expect(
            ProcessorModel.Mode.allCases.map(\.rawValue) == [
                "custom", "host-model", "host-passthrough", "maximum",
            ]
        )
        #expect(ProcessorModel.Match.allCases.map(\.rawValue) == ["minimum", "exact", "strict"])
        #expect(ProcessorModel.Fallback.allCases.map(\.rawValue) == ["allow", "forbid"])
        #expect(
            ProcessorModel.Feature.Policy.allCases.map(\.rawValue) == [
                "force", "require", "optional", "disable", "forbid",
            ]
        )
    }

    /// Names and values, whatever their order.
    private static func value(_ json: String) -> NSDictionary? {
        try? JSONSerialization.jsonObject(with: Data(json.utf8)) as? NSDictionary
    }

    @Test func `a copy that can't be made stops the start, and nothing is changed`() throws {
        try put(Self.withDisks)
        let before = try rows()
        try FileManager.default.createDirectory(
            atPath: path + ".schema-1/full",
            withIntermediateDirectories: true
        )
        let error = #expect(throws: PodServiceError.self) { try PodStore(path: path, mustHaveTables: true) }
        let message = try #require(error).message
        #expect(message.contains("cannot copy the database") && message.contains("Make room"), "\(message)")
        #expect(try rows() == before)
        #expect(leftovers == [])
    }

    @Test(arguments: ["4", "rows-apart"])
    func
        `a newer database stops the start, nothing of it is changed, and the command that is printed restores the copy`(
            migration: String
        ) async throws
    {
        try put(Self.withDisks)
        let old = try rows()
        _ = try PodStore(path: path, mustHaveTables: true)
        do {
            let queue = try DatabaseQueue(path: path)
            try await queue.write { database in
                try database.execute(
                    sql: "INSERT INTO grdb_migrations VALUES (?)",
                    arguments: [migration]
                )
                try database.execute(sql: "UPDATE container SET record = CAST('{\"schema\":4}' AS BLOB)")
            }
            try queue.close()
        }
        let newer = try rows()
        let error = #expect(throws: PodServiceError.self) { try PodStore(path: path, mustHaveTables: true) }
        let message = try #require(error).message
        #expect(message.contains("newer vm-runtime") && message.contains("VMs live on"), "\(message)")
        #expect(try rows() == newer)
        let command = try #require(message.components(separatedBy: " Run: ").last)
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-ec", command]
        try shell.run()
        shell.waitUntilExit()
        #expect(shell.terminationStatus == 0, "\(command)")
        #expect(try rows() == old)
        let store = try PodStore(path: path, mustHaveTables: true)
        #expect(await store.containers.count == 5)
    }

    @Test func `a single row of a newer schema stops the start, too`() async throws {
        try put(Self.newest)
        do {
            let queue = try DatabaseQueue(path: path)
            try await queue.write { database in
                try database.execute(
                    sql:
                        "UPDATE container SET record = CAST('{\"schema\":4,\"new\":1}' AS BLOB) WHERE id = ?",
                    arguments: [Self.running]
                )
            }
            try queue.close()
        }
        let before = try rows()
        let error = #expect(throws: PodServiceError.self) { try PodStore(path: path, mustHaveTables: true) }
        let message = try #require(error).message
        #expect(message.contains("has schema 4") && message.contains("no copy"), "\(message)")
        #expect(try rows() == before)
    }

    @Test(arguments: [
        ("\"phase\":\"running\"", "\"phase\":\"jogging\""), ("\"phase\":\"running\",", ""),
        ("\"transport\":\"sctp\"", "\"transport\":\"dccp\""), ("\"cpu\":{\"best\":{}}", "\"cpu\":{}"),
        ("\"policy\":\"require\"", "\"policy\":7"), ("{\"", "{"),
    ])
    func `a row that says what no schema knows is damage that is named, and no row is skipped`(
        whole: String,
        broken: String
    ) throws {
        let sql = try Self.golden(Self.newest)
        #expect(sql.contains(whole))
        let queue = try DatabaseQueue(path: path)
        try queue.write { try $0.execute(sql: sql.replacingOccurrences(of: whole, with: broken)) }
        try queue.close()
        let error = #expect(throws: PodServiceError.self) { try PodStore(path: path, mustHaveTables: true) }
        let message = try #require(error).message
        #expect(message.contains("the record of the") && message.contains("VMs live on"), "\(message)")
    }
}
