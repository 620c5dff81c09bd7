// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import Pods

/// The sandboxes and containers of this node: in memory for reading, in SQLite for good.
///
/// What is not written is not true: each change is on the disk before it is seen.
actor PodStore {
    private let database: DatabaseQueue
    private(set) var sandboxes: [String: SandboxRecord] = [:]
    private(set) var containers: [String: ContainerRecord] = [:]

    /// Opens the database and reads it; makes one where there is none.
    init(path: String) throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            // A commit is on the disk when it returns: a sandbox that a power loss forgets would leak.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        database = try DatabaseQueue(path: path, configuration: configuration)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        _ = try database.writeWithoutTransaction { database in
            try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
        }
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE sandbox (id TEXT PRIMARY KEY, user INTEGER NOT NULL UNIQUE, record BLOB NOT NULL);
                    CREATE TABLE container (id TEXT PRIMARY KEY, sandbox TEXT NOT NULL REFERENCES sandbox (id), record BLOB NOT NULL);
                    """
            )
        }
        try migrator.migrate(database)
        let decoder = JSONDecoder()
        let (sandboxes, containers) = try database.read { database in
            (
                try Data.fetchAll(database, sql: "SELECT record FROM sandbox")
                    .map { try decoder.decode(SandboxRecord.self, from: $0) },
                try Data.fetchAll(database, sql: "SELECT record FROM container")
                    .map { try decoder.decode(ContainerRecord.self, from: $0) }
            )
        }
        self.sandboxes = Dictionary(uniqueKeysWithValues: sandboxes.map { ($0.id, $0) })
        self.containers = Dictionary(uniqueKeysWithValues: containers.map { ($0.id, $0) })
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
