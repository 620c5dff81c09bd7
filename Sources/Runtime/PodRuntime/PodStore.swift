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
    private let ballast: Ballast
    private let folder: String
    private(set) var sandboxes: [String: SandboxRecord]
    private(set) var containers: [String: ContainerRecord]

    /// Opens the database and reads it; makes one where there is none.
    ///
    /// One that is damaged or newer is left as it is: whoever began with an empty one would end all VMs.
    /// `mustHaveTables`: whether a file without anything in it is damaged, too, because there are VMs.
    init(path: String, mustHaveTables: Bool = false) throws(PodServiceError) {
        ballast = Ballast(of: path)
        folder = Files.folder(of: path)
        let opened: PodDatabase
        do throws(PodServiceError) {
            opened = try PodDatabase(path: path, mustHaveTables: mustHaveTables)
        } catch {
            // Its log needs some room before anything can be read.
            guard let free = Ballast.free(at: folder), free < Ballast.size, ballast.drop() else {
                throw error
            }
            opened = try PodDatabase(path: path, mustHaveTables: mustHaveTables)
        }
        ballast.take()
        database = opened.queue
        sandboxes = opened.sandboxes
        containers = opened.containers
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
        try write("save the sandbox \(record.id)", isNew: sandboxes[record.id] == nil) { database in
            try database.execute(
                sql: """
                    INSERT INTO sandbox (id, user, record) VALUES (?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET record = excluded.record
                    """,
                arguments: [record.id, record.user, try JSONEncoder().encode(SandboxRow(record))]
            )
        }
        sandboxes[record.id] = record
    }

    /// Writes a container down.
    func save(_ record: ContainerRecord) throws(PodServiceError) {
        try write("save the container \(record.id)", isNew: containers[record.id] == nil) { database in
            try database.execute(
                sql: """
                    INSERT INTO container (id, sandbox, record) VALUES (?, ?, ?)
                    ON CONFLICT (id) DO UPDATE SET record = excluded.record
                    """,
                arguments: [record.id, record.sandboxID, try JSONEncoder().encode(ContainerRow(record))]
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

    /// Takes room for a full disk again, where there is plenty by now.
    func keepBallast() { ballast.take() }

    /// Writes to the database.
    ///
    /// `isNew`: whether something is begun, which a full disk refuses. All else must come to its end there, too.
    private func write(
        _ operation: String,
        isNew: Bool = false,
        _ body: @Sendable (Database) throws -> Void
    ) throws(PodServiceError) {
        guard !isNew || ballast.hasRoom else { throw noRoom(operation) }
        do {
            do {
                try database.write(body)
            } catch let error as DatabaseError where error.mayBeFull && !isNew && ballast.drop() {
                try database.write(body)
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
            throw noRoom(operation)
        } catch {
            throw PodServiceError(.internalError, "cannot \(operation): \(error)")
        }
    }

    private func noRoom(_ operation: String) -> PodServiceError {
        PodServiceError(
            .resourceExhausted,
            "cannot \(operation): no room is left in \(folder): remove pods or images, or make room otherwise"
        )
    }
}

extension DatabaseError {
    /// A disk without room is told as such, or, where a quota or the log's index is concerned, as an input/output error.
    fileprivate var mayBeFull: Bool { resultCode == .SQLITE_FULL || resultCode == .SQLITE_IOERR }
}
