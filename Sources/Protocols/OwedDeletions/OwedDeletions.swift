// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import JSON
public import LinuxSystem
import NetworkTypes

/// The debts of this node: one file each, durable, because a reboot clears devices, not debts.
public struct OwedDeletions: Sendable {
    /// Where debts are kept unless the configuration says otherwise.
    public static let defaultFolder = "/var/lib/contrail-vm/owed"

    /// The folder.
    public let folder: String

    /// The debts in a folder.
    public init(folder: String = defaultFolder) { self.folder = folder }

    /// Notes a debt; noting it twice is one debt.
    public func add(_ debt: OwedDeletion) throws(SystemError) {
        try Files.write(debt.json.serialized(), to: path(debt), isDurable: true)
    }

    /// Forgets a debt that is paid; it may be gone.
    public func remove(_ debt: OwedDeletion) throws(SystemError) {
        try Files.remove(path(debt))
        try Files.removeTemporary(of: path(debt))
    }

    /// Whether a debt is still to be paid.
    public func contains(_ debt: OwedDeletion) throws(SystemError) -> Bool {
        try Files.read(path(debt)) != nil
    }

    /// The debts, at most so many.
    ///
    /// A file that is none is removed: nobody could pay it. One of a newer version stays, for that version to pay.
    public func list(most: Int = Int.max) throws(SystemError) -> [OwedDeletion] {
        var debts: [OwedDeletion] = []
        for name in try Files.list(folder) {
            guard debts.count < most else { break }
            let path = "\(folder)/\(name)"
            let bytes: [UInt8]
            do throws(SystemError) {
                guard let found = try Files.read(path) else { continue }
                bytes = found
            } catch {
                // Longer than any debt: one spoiled file must not keep the others from being paid.
                guard error.errno == EFBIG else { throw error }
                try Files.remove(path)
                continue
            }
            do throws(JSONError) {
                debts.append(try OwedDeletion(try JSONFields(try JSONValue(parsing: bytes))))
            } catch {
                guard !isNewer(bytes) else { continue }
                try Files.remove(path)
            }
        }
        return debts
    }

    private func isNewer(_ bytes: [UInt8]) -> Bool {
        do throws(JSONError) {
            let fields = try JSONFields(try JSONValue(parsing: bytes))
            return try fields.optionalInteger("schema", in: 1...Int.max) ?? 1 > OwedDeletion.schema
        } catch {
            return false
        }
    }

    private func path(_ debt: OwedDeletion) -> String {
        "\(folder)/\(debt.vmi.text).\(debt.containerID).json"
    }
}
