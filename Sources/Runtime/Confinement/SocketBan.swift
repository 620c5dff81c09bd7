// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CConfinement
import CLinux
import LinuxSystem

/// Holds a rule over the whole node: two programs at the root of the cgroups.
///
/// They stay while nobody runs, until a reboot; no firewall's flush touches them. Whoever starts an emulator makes sure
/// of them first. `ensure()` is repeatable, and cheap: a dozen system calls.
public struct SocketBan: Sendable {
    /// The rule.
    public let rule: SocketRule
    /// What the programs are called in the kernel; those of any other name are left alone.
    public let name: String
    /// The folder of a cgroup; nil for the root of all.
    private let group: String?

    /// A rule over the node's emulators.
    public init(_ rule: SocketRule) { self.init(rule, name: "cvm_ip_pods", group: nil) }

    init(_ rule: SocketRule, name: String, group: String?) {
        self.rule = rule
        self.name = name
        self.group = group
    }

    /// Puts the rule in force where it is not.
    public func ensure() throws(ConfinementError) {
        let root = try root()
        // Packets first: between the two an emulator has no socket rather than an unfiltered one.
        try ensure(CCONFINEMENT_PACKETS, at: root)
        try ensure(CCONFINEMENT_SOCKETS, at: root)
    }

    /// Takes the rule off.
    func withdraw() throws(ConfinementError) {
        let root = try root()
        for kind in [CCONFINEMENT_SOCKETS, CCONFINEMENT_PACKETS] {
            for program in try attached(kind, at: root) { Self.detach(program, kind, from: root) }
        }
    }

    /// How many programs for sockets of ours there are.
    func count() throws(ConfinementError) -> Int {
        let root = try root()
        return try attached(CCONFINEMENT_SOCKETS, at: root).count
    }

    /// Whether the rule is in force now.
    public func isInForce() throws(ConfinementError) -> Bool {
        let root = try root()
        for kind in [CCONFINEMENT_PACKETS, CCONFINEMENT_SOCKETS] {
            let attached = try attached(kind, at: root)
            guard needed(kind, attached) else { continue }
            let tag = try Self.identity(try load(kind)).tag
            guard attached.contains(where: { $0.tag == tag }) else { return false }
        }
        return true
    }

    /// What a user is answered who asks for a socket of datagrams, tried by a process under its id: nil where it gets one.
    public static func refusal(of user: UInt32, family: Int32) throws(ConfinementError) -> Int32? {
        switch cconfinement_socket_as(user, family) {
        case 0: return nil
        case -ECHILD:
            throw ConfinementError("try a socket as user \(user)", "its process did not end as it should")
        case let failure: return -failure
        }
    }

    private struct Attached {
        let identifier: UInt32
        let tag: UInt64
    }

    /// Packets need a look only where there are sockets; who had some keeps the look when the last network is taken
    /// off the list.
    private func needed(_ kind: cconfinement_kind, _ attached: [Attached]) -> Bool {
        kind == CCONFINEMENT_SOCKETS || !rule.storage.isEmpty || !attached.isEmpty
    }

    private func ensure(_ kind: cconfinement_kind, at root: borrowing FileDescriptor) throws(ConfinementError)
    {
        let attached = try attached(kind, at: root)
        guard needed(kind, attached) else { return }
        let program = try load(kind)
        let tag = try Self.identity(program).tag
        let isThere = attached.contains { $0.tag == tag }
        if !isThere {
            try Self.checked(
                cconfinement_attach(root.raw, program.raw, Int32(kind.rawValue)),
                "attach the program \(name) to the root cgroup"
            )
        }
        // The new one holds before the old one goes; of two that are the same, one stays.
        var kept = false
        for old in attached {
            if old.tag == tag, !kept {
                kept = true
                continue
            }
            Self.detach(old, kind, from: root)
        }
    }

    /// Detaches a program; one that is gone already is left to be so.
    private static func detach(
        _ program: Attached,
        _ kind: cconfinement_kind,
        from root: borrowing FileDescriptor
    ) {
        let opened = cconfinement_open(program.identifier)
        guard opened >= 0 else { return }
        let former = FileDescriptor(owning: opened)
        _ = cconfinement_detach(root.raw, former.raw, Int32(kind.rawValue))
    }

    private func load(_ kind: cconfinement_kind) throws(ConfinementError) -> FileDescriptor {
        let code = kind == CCONFINEMENT_SOCKETS ? rule.sockets : rule.packets
        var log = [CChar](repeating: 0, count: 16384)
        let program = cconfinement_load(Int32(kind.rawValue), name, code, code.count, &log, log.count)
        guard program >= 0 else {
            let words = String(decoding: log.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw ConfinementError(
                "load the program that keeps emulators from IP",
                errno: -program,
                words.split(separator: "\n").last.map(String.init) ?? ""
            )
        }
        return FileDescriptor(owning: program)
    }

    /// Our programs at the root.
    private func attached(
        _ kind: cconfinement_kind,
        at root: borrowing FileDescriptor
    ) throws(ConfinementError) -> [Attached] {
        // The kernel takes 64 at one cgroup.
        var identifiers = [UInt32](repeating: 0, count: 64)
        let count = try Self.checked(
            cconfinement_attached(root.raw, Int32(kind.rawValue), &identifiers, identifiers.count),
            "ask which programs are attached to the root cgroup"
        )
        var found: [Attached] = []
        for identifier in identifiers.prefix(Int(count)) {
            let opened = cconfinement_open(identifier)
            // It was detached meanwhile.
            guard opened >= 0 else { continue }
            let identity = try Self.identity(FileDescriptor(owning: opened))
            if identity.name == name { found.append(Attached(identifier: identifier, tag: identity.tag)) }
        }
        return found
    }

    private static func identity(
        _ program: borrowing FileDescriptor
    ) throws(ConfinementError) -> (name: String, tag: UInt64) {
        var name = [CChar](repeating: 0, count: 16)
        var tag: UInt64 = 0
        try checked(cconfinement_identity(program.raw, &name, &tag), "ask what a program is")
        return (String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self), tag)
    }

    private func root() throws(ConfinementError) -> FileDescriptor {
        if let group {
            do throws(SystemError) {
                return try FileDescriptor(opening: group, O_RDONLY | O_DIRECTORY)
            } catch {
                throw ConfinementError("open the cgroup \(group)", errno: error.errno)
            }
        }
        return FileDescriptor(
            owning: try Self.checked(cconfinement_cgroup_root(), "open the root of the cgroups")
        )
    }

    @discardableResult
    private static func checked(_ result: Int32, _ operation: String) throws(ConfinementError) -> Int32 {
        guard result >= 0 else { throw ConfinementError(operation, errno: -result) }
        return result
    }
}
