// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import LinuxSystem
import Pods

/// The sandboxes and containers of this node: in memory for reading, in SQLite for good.
///
/// What is not written is not true: each change is on the disk before it is seen.
actor PodStore {
    private let database: DatabaseQueue
    private(set) var sandboxes: [String: SandboxRecord] = [:]
    private(set) var containers: [String: ContainerRecord] = [:]

    /// Opens the database and reads it; makes one where there is none.
    ///
    /// One that is damaged is left as it is: whoever began with an empty one would end all VMs.
    /// `mustHaveTables`: whether a file without anything in it is damaged, too, because there are VMs.
    init(path: String, mustHaveTables: Bool = false) throws(PodServiceError) {
        do {
            database = try Self.open(path, mustHaveTables: mustHaveTables)
            (sandboxes, containers) = try database.read { database in
                try Self.check(database)
                return (
                    try Self.records(database, "sandbox", \SandboxRecord.id),
                    try Self.records(database, "container", \ContainerRecord.id)
                )
            }
        } catch {
            throw PodServiceError(
                .internalError,
                "cannot read the database \(path): \(error). Nothing was changed, and VMs live on. Put a copy of it in its place; "
                    + "or move it away with its -wal and -shm: then no pod is known, what is left of them is removed, VMs "
                    + "that run among them, and kubelet makes the pods anew"
            )
        }
    }

    private struct Damage: Error, CustomStringConvertible { let description: String }

    private static func open(_ path: String, mustHaveTables: Bool) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            // A commit is on the disk when it returns: a sandbox that a power loss forgets would leak.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        let isOld = FileManager.default.fileExists(atPath: path)
        if !isOld { try make(path) }
        let database = try DatabaseQueue(path: path, configuration: configuration)
        if isOld, mustHaveTables, try !database.read({ try $0.tableExists("container") }) {
            throw Damage(description: "it is empty, but there are pods on this node")
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        _ = try database.writeWithoutTransaction { database in
            try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
        }
        try migrator.migrate(database)
        return database
    }

    /// Makes a database beside its place and puts it there whole: an empty file in its place is always a damaged one.
    private static func make(_ path: String) throws {
        let temporary = "\(path).new"
        // A log that stayed alone is another database's.
        for file in [temporary, "\(temporary)-journal", "\(path)-wal", "\(path)-shm"] {
            try Files.remove(file)
        }
        let database = try DatabaseQueue(path: temporary)
        try migrator.migrate(database)
        try database.close()
        guard rename(temporary, path) == 0 else {
            throw SystemError("rename \(temporary) to", path, errno: errno)
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE sandbox (id TEXT PRIMARY KEY, user INTEGER NOT NULL UNIQUE, record BLOB NOT NULL);
                    CREATE TABLE container (id TEXT PRIMARY KEY, sandbox TEXT NOT NULL REFERENCES sandbox (id), record BLOB NOT NULL);
                    """
            )
        }
        return migrator
    }

    /// Looks at all pages: rows would be missing without an error.
    private static func check(_ database: Database) throws {
        guard let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)"), verdict != "ok"
        else { return }
        throw Damage(description: verdict)
    }

    private static func records<Record: Decodable>(
        _ database: Database,
        _ table: String,
        _ id: KeyPath<Record, String>
    ) throws -> [String: Record] {
        let rows = try Row.fetchAll(database, sql: "SELECT id, record FROM \(table)")
        var found: [String: Record] = [:]
        for row in rows {
            let name: String = row["id"]
            do {
                let record = try JSONDecoder().decode(Record.self, from: row["record"])
                found[record[keyPath: id]] = record
            } catch {
                throw Damage(description: "the record of the \(table) \(name) is no record: \(error)")
            }
        }
        return found
    }

    /// Writes a new sandbox down, with a user that no other sandbox has.
    ///
    /// `users`: the users that there are. `draft`: the sandbox; given the user.
    func insert(
        _ users: ClosedRange<UInt32>,
        _ draft: @Sendable (UInt32) -> SandboxRecord
    ) throws(PodServiceError) -> SandboxRecord {
        let taken = Set(sandboxes.values.map(\.user))
        guard let user = users.first(where: { !taken.contains($0) }) else {
            throw PodServiceError(
                .resourceExhausted,
                "all users for QEMU from \(users.lowerBound) to \(users.upperBound) are taken: remove pods, or raise uid-count"
            )
        }
        let record = draft(user)
        try save(record)
        return record
    }

    /// Writes a sandbox down.
    func save(_ record: SandboxRecord) throws(PodServiceError) {
        try write("save the sandbox \(record.id)") { database in
            try database.execute(
                sql: """
                    INSERT INTO sandbox (id, user, record) VALUES (?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET record = excluded.record
                    """,
                arguments: [record.id, record.user, try JSONEncoder().encode(record)]
            )
        }
        sandboxes[record.id] = record
    }

    /// Writes a container down.
    func save(_ record: ContainerRecord) throws(PodServiceError) {
        try write("save the container \(record.id)") { database in
            try database.execute(
                sql: """
                    INSERT INTO container (id, sandbox, record) VALUES (?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET record = excluded.record
                    """,
                arguments: [record.id, record.sandboxID, try JSONEncoder().encode(record)]
            )
        }
        containers[record.id] = record
    }

    /// Forgets a sandbox, which has no containers any more.
    func removeSandbox(_ id: String) throws(PodServiceError) {
        try write("forget the sandbox \(id)") { database in
            try database.execute(sql: "DELETE FROM sandbox WHERE id = ?", arguments: [id])
        }
        sandboxes[id] = nil
    }

    /// Forgets a container.
    func removeContainer(_ id: String) throws(PodServiceError) {
        try write("forget the container \(id)") { database in
            try database.execute(sql: "DELETE FROM container WHERE id = ?", arguments: [id])
        }
        containers[id] = nil
    }

    /// The containers of a sandbox, the oldest first.
    func containers(of sandboxID: String) -> [ContainerRecord] {
        containers.values.filter { $0.sandboxID == sandboxID }.sorted { $0.createdAt < $1.createdAt }
    }

    private func write(
        _ operation: String,
        _ body: @Sendable (Database) throws -> Void
    ) throws(PodServiceError) {
        do {
            try database.write(body)
        } catch {
            throw PodServiceError(.internalError, "cannot \(operation): \(error)")
        }
    }
}
