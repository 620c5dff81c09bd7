// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import CNIProtocol
public import LinuxSystem
public import PreparedInterface

/// Records and plans for the verbs; an error gets its CNI code.
extension InterfaceStore {
    /// A record or plan that must be readable where there is one: for ADD and CHECK.
    public func required(_ key: InterfaceKey, _ stage: Stage) throws(CNIError) -> PreparedInterface? {
        do throws(Failure) { return try load(key, stage) } catch {
            throw CNIError(.io, "\(error.message); remove it with DEL")
        }
    }

    /// A record or plan; one that can't be read counts as none, so that DEL goes on by derived names.
    public func readable(_ key: InterfaceKey, _ stage: Stage) throws(CNIError) -> PreparedInterface? {
        try readable { () throws(Failure) in try load(key, stage) }
    }

    /// The record, else the plan; one that can't be read counts as none.
    public func readable(_ key: InterfaceKey) throws(CNIError) -> PreparedInterface? {
        try readable { () throws(Failure) in
            if let record = try load(key, .record) { return record }
            return try load(key, .plan)
        }
    }

    private func readable(
        _ load: () throws(Failure) -> PreparedInterface?
    ) throws(CNIError) -> PreparedInterface? {
        do throws(Failure) { return try load() } catch {
            guard case .unreadable = error else { throw CNIError(.io, error.message) }
            return nil
        }
    }
}

extension RunFolder {
    /// Takes the lock of a VM's name: `lock`, with CNI's codes.
    public func locked(
        _ name: String,
        deadline: Int64,
        isUndo: Bool = false
    ) throws(CNIError) -> FileLock {
        try files { () throws(SystemError) in try lock(name, deadline: deadline, isUndo: isUndo) }
    }
}
