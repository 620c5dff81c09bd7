// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
import GRDB
import LinuxSystem
import Pods

/// The database's file: read whole before anything in it is changed, and copied before it gets a newer schema.
struct PodDatabase {
    /// The schema of tables and rows that is written.
    ///
    /// A new one needs a migration and a file in `Tests/PodRuntimeTests/Golden`.
    static let schema = 3

    let queue: DatabaseQueue
    let sandboxes: [String: SandboxRecord]
    let containers: [String: ContainerRecord]

    /// Opens the database and reads it; makes one where there is none.
    ///
    /// One that can't be read whole, or that a newer vm-runtime wrote, is left as it is.
    /// `mustHaveTables`: whether a file without anything in it is damaged, too, because there are VMs.
    init(path: String, mustHaveTables: Bool) throws(PodServiceError) {
        let found: Int
        do {
            let isOld = FileManager.default.fileExists(atPath: path)
            if !isOld { try Self.make(path) }
            queue = try DatabaseQueue(path: path, configuration: Self.configuration)
            found = try queue.read { try Self.schema(of: $0) }
            if found <= Self.schema {
                if isOld, mustHaveTables, found == 0 {
                    throw Damage(description: "it is empty, but there are pods on this node")
                }
                (sandboxes, containers) = try queue.read { try Self.records($0, found) }
            } else {
                (sandboxes, containers) = ([:], [:])
            }
        } catch RowError.newer(let schema) {
            throw Self.newer(path, schema)
        } catch {
            throw Self.unreadable(path, error)
        }
        guard found <= Self.schema else { throw Self.newer(path, found) }
        if found > 0, found < Self.schema { try Self.copy(queue, path, found) }
        do {
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            _ = try queue.writeWithoutTransaction { database in
                try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL")
            }
            try Self.migrator.migrate(queue)
        } catch {
            throw PodServiceError(
                .internalError,
                "cannot bring the database \(path) from schema \(found) to \(Self.schema): \(error). Nothing in it was changed, and VMs "
                    + "live on. Make room in \(Files.folder(of: path)) if it is full, and start vm-runtime again"
            )
        }
    }

    private struct Damage: Error, CustomStringConvertible { let description: String }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.prepareDatabase { database in
            // A commit is on the disk when it returns: a sandbox that a power loss forgets would leak.
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        return configuration
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

    // MARK: - Schemas

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
        for schema in 2...schema {
            migrator.registerMigration(String(schema)) { database in try rewrite(database) }
        }
        return migrator
    }

    /// Writes all rows in the newest schema.
    private static func rewrite(_ database: Database) throws {
        let (sandboxes, containers) = try records(database, 1)
        for record in sandboxes.values { try save(SandboxRow(record), record.id, "sandbox", database) }
        for record in containers.values { try save(ContainerRow(record), record.id, "container", database) }
    }

    private static func save(
        _ row: some StoredRow,
        _ id: String,
        _ table: String,
        _ database: Database
    ) throws {
        try database.execute(
            sql: "UPDATE \(table) SET record = ? WHERE id = ?",
            arguments: [try JSONEncoder().encode(row), id]
        )
    }

    /// The schema of a database; 0 where nothing is in it.
    private static func schema(of database: Database) throws -> Int {
        guard try database.tableExists("grdb_migrations") else {
            guard try !database.tableExists("container") else {
                throw Damage(description: "it doesn't say which schema it has")
            }
            return 0
        }
        let names = try String.fetchAll(database, sql: "SELECT identifier FROM grdb_migrations")
        // What is not a number has a meaning that only a newer one knows.
        return names.map { Int($0) ?? Int.max }.max() ?? 0
    }

    // MARK: - Reading

    private static func records(
        _ database: Database,
        _ schema: Int
    ) throws -> ([String: SandboxRecord], [String: ContainerRecord]) {
        guard schema > 0 else { return ([:], [:]) }
        // Looks at all pages: rows would be missing without an error.
        if let verdict = try String.fetchOne(database, sql: "PRAGMA quick_check(1)"), verdict != "ok" {
            throw Damage(description: verdict)
        }
        return (
            try records(database, "sandbox", SandboxRow.self),
            try records(database, "container", ContainerRow.self)
        )
    }

    private static func records<Stored: StoredRow>(
        _ database: Database,
        _ table: String,
        _: Stored.Type
    ) throws -> [String: Stored.Record] {
        let rows = try Row.fetchAll(database, sql: "SELECT id, record FROM \(table)")
        var found: [String: Stored.Record] = [:]
        for row in rows {
            let id: String = row["id"]
            do {
                let decoder = JSONDecoder()
                let schema = try decoder.decode(SchemaOfRow.self, from: row["record"]).schema ?? 1
                // Before its fields are looked at: a newer one's need not be like ours.
                guard schema <= self.schema else { throw RowError.newer(schema: schema) }
                found[id] = try decoder.decode(Stored.self, from: row["record"]).record()
            } catch let error as RowError where error.isNewer {
                throw error
            } catch {
                throw Damage(description: "the record of the \(table) \(id) is not a record: \(error)")
            }
        }
        return found
    }

    private struct SchemaOfRow: Decodable { var schema: Int? }

    // MARK: - What goes wrong

    private static func unreadable(_ path: String, _ error: any Error) -> PodServiceError {
        PodServiceError(
            .internalError,
            "cannot read the database \(path): \(error). Nothing was changed, and VMs live on. Put a copy of it in its place; "
                + "or move it away with its -wal and -shm: then no pod is known, what is left of them is removed, VMs "
                + "that run among them, and kubelet makes the pods anew"
        )
    }

    /// The database of a newer vm-runtime: no row of it is skipped, because kubelet would end that row's pod.
    private static func newer(_ path: String, _ found: Int) -> PodServiceError {
        let schema = found == Int.max ? "a newer schema" : "schema \(found)"
        let start =
            "the database \(path) has \(schema): a newer vm-runtime wrote it, and this one reads up to schema \(Self.schema). Nothing was "
            + "changed, and VMs live on. Install the newer vm-runtime again"
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let copy = (1...Self.schema).reversed().map { "\(name).schema-\($0)" }
            .first { access("\(Files.folder(of: path))/\($0)", F_OK) == 0 }
        guard let copy else {
            return PodServiceError(
                .internalError,
                "\(start); there is no copy of an earlier schema beside it to go back to"
            )
        }
        func quoted(_ text: String) -> String {
            "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
        }
        return PodServiceError(
            .internalError,
            "\(start); or go back to the copy that was made before the upgrade, which knows no pod made since (what is left of "
                + "those is removed, VMs that run among them, and kubelet makes them anew). Run: "
                + "cd \(quoted(Files.folder(of: path))) && newer=$(mktemp -d newer.XXXXXX) && mv \(quoted(name))* \"$newer\" && "
                + "cp -p \"$newer\"/\(quoted(copy)) \(quoted(name))"
        )
    }

    /// Copies the database beside it, so that an older vm-runtime can be gone back to.
    private static func copy(_ queue: DatabaseQueue, _ path: String, _ schema: Int) throws(PodServiceError) {
        let copy = "\(path).schema-\(schema)"
        let temporary = "\(copy).new"
        do {
            try Files.remove(temporary)
            let file = try FileDescriptor(opening: temporary, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            try queue.writeWithoutTransaction { database in
                try database.execute(sql: "VACUUM INTO ?", arguments: [temporary])
            }
            guard fsync(file.raw) == 0 else {
                throw SystemError("synchronise", temporary, errno: clinux_errno())
            }
            guard rename(temporary, copy) == 0 else {
                throw SystemError("rename \(temporary) to", copy, errno: clinux_errno())
            }
            let folder = try FileDescriptor(opening: Files.folder(of: path), O_RDONLY | O_DIRECTORY)
            guard fsync(folder.raw) == 0 else {
                throw SystemError("synchronise", Files.folder(of: path), errno: clinux_errno())
            }
        } catch {
            unlink(temporary)
            throw PodServiceError(
                .internalError,
                "cannot copy the database \(path) to \(copy) before it is brought from schema \(schema) to \(Self.schema): \(error). "
                    + "Nothing was changed, and VMs live on. Make room in \(Files.folder(of: path)), and start vm-runtime again"
            )
        }
    }
}

extension RowError {
    fileprivate var isNewer: Bool { if case .newer = self { true } else { false } }
}
