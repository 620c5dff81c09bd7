// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLibvirt
import Foundation
import Synchronization

/// A libvirt daemon, whose calls run concurrently.
///
/// They block, so each has a thread and a connection of its own: one may take long, like a start that waits for another
/// program. Connections are made when they are needed, and a few are kept.
///
/// Threads of one connection take turns at reading its socket; in libvirt 9.0 a thread's request can be left unsent until
/// another's answer comes.
///
/// It acts on its owner's domains only: each call first looks at the domain's name, its UUID and its owner's mark. To it, a
/// domain that differs in one of them does not exist.
public final class Hypervisor: Sendable {
    /// Where libvirt is.
    public let uri: String
    /// The mark that domains must bear, with their own name in it: a copy that somebody made of a domain is not its owner's.
    public let mark: OwnerMark

    private let idle = Mutex<[ConnectionHandle]>([])
    private static let mostIdle = 8

    /// A hypervisor at a libvirt URI; nothing is done yet.
    public init(uri: String, mark: OwnerMark) {
        self.uri = uri
        self.mark = mark
    }

    /// Connects, and tells libvirt's version, like 9.0.0.
    public func version() async throws(LibvirtError) -> String {
        try await ask { [uri] connection throws(LibvirtError) in
            var number: UInt = 0
            guard virConnectGetLibVersion(connection.pointer, &number) == 0 else {
                throw LibvirtError("ask the version of", uri)
            }
            return "\(number / 1_000_000).\(number / 1000 % 1000).\(number % 1000)"
        }
    }

    /// Starts a transient domain: nothing of it is left when it ends.
    ///
    /// `paused`: Whether the guest waits for `resume(_:)`.
    public func start(_ xml: String, name: String, paused: Bool = false) async throws(LibvirtError) {
        let more = paused ? VIR_DOMAIN_START_PAUSED.rawValue : 0
        try await ask { connection throws(LibvirtError) in
            let flags = VIR_DOMAIN_START_VALIDATE.rawValue | more
            guard let domain = virDomainCreateXML(connection.pointer, xml, flags) else {
                throw LibvirtError("start the VM", name)
            }
            virDomainFree(domain)
        }
    }

    /// Defines a persistent domain, which `start(defined:)` runs as often as one likes.
    public func define(_ xml: String, name: String) async throws(LibvirtError) {
        try await ask { connection throws(LibvirtError) in
            let flags = UInt32(VIR_DOMAIN_DEFINE_VALIDATE.rawValue)
            guard let domain = virDomainDefineXMLFlags(connection.pointer, xml, flags) else {
                throw LibvirtError("define the VM", name)
            }
            virDomainFree(domain)
        }
    }

    /// Starts a domain that was defined; `destroy(_:)` ends a start, too.
    public func start(defined identity: DomainIdentity, paused: Bool = false) async throws(LibvirtError) {
        let flags = paused ? VIR_DOMAIN_START_PAUSED.rawValue : 0
        try await call("start", identity) { virDomainCreateWithFlags($0, flags) }
    }

    /// Forgets a persistent domain; one that is not there is all right.
    public func undefine(_ identity: DomainIdentity) async throws(LibvirtError) {
        try await callIfPresent("undefine", identity) { domain in
            // With what its firmware keeps; not all drivers of libvirt know of firmware.
            let result = virDomainUndefineFlags(domain, VIR_DOMAIN_UNDEFINE_NVRAM.rawValue)
            return result < 0 && virGetLastErrorCode() == VIR_ERR_INVALID_ARG.rawValue
                ? virDomainUndefine(domain) : result
        }
    }

    /// What a domain does; nil where there is none.
    public func state(of identity: DomainIdentity) async throws(LibvirtError) -> DomainState? {
        try await ask { [self] connection throws(LibvirtError) in
            guard let domain = try find(identity, connection) else { return nil }
            var state: Int32 = 0
            guard virDomainGetState(domain.pointer, &state, nil, 0) == 0 else {
                let error = LibvirtError("ask the state of", identity.name)
                if error.isNoDomain { return nil }
                throw error
            }
            return DomainState(state)
        }
    }

    /// How a domain that is off came to its end, as far as libvirt knows.
    public func ending(of identity: DomainIdentity) async throws(LibvirtError) -> DomainEnding {
        try await ask { [self] connection throws(LibvirtError) in
            guard let domain = try find(identity, connection) else { return .unknown }
            var state: Int32 = 0
            var reason: Int32 = 0
            guard virDomainGetState(domain.pointer, &state, &reason, 0) == 0 else {
                throw LibvirtError("ask the state of", identity.name)
            }
            if DomainState(state) == .crashed { return .guestCrashed }
            return DomainEnding(offReason: reason)
        }
    }

    /// All domains whose guest goes on, whoever's they are.
    public func active() async throws(LibvirtError) -> Set<DomainIdentity> {
        try await ask { [uri] connection throws(LibvirtError) in
            var list: UnsafeMutablePointer<virDomainPtr?>?
            let flags = VIR_CONNECT_LIST_DOMAINS_RUNNING.rawValue | VIR_CONNECT_LIST_DOMAINS_PAUSED.rawValue
            let count = virConnectListAllDomains(connection.pointer, &list, flags)
            guard count >= 0, let list else { throw LibvirtError("list the domains of", uri) }
            defer { free(list) }
            let handles = (0..<Int(count)).compactMap { list[$0].map { DomainHandle(owning: $0) } }
            return Set(handles.compactMap { Self.listed($0)?.identity })
        }
    }

    /// Lets a paused guest run.
    public func resume(_ identity: DomainIdentity) async throws(LibvirtError) {
        try await call("resume", identity) { virDomainResume($0) }
    }

    /// Asks a guest to shut down, by ACPI or by its agent, and does not wait for it.
    public func shutDown(_ identity: DomainIdentity, byAgent: Bool = false) async throws(LibvirtError) {
        let way = byAgent ? VIR_DOMAIN_SHUTDOWN_GUEST_AGENT : VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN
        try await callIfPresent("shut down", identity) { virDomainShutdownFlags($0, way.rawValue) }
    }

    /// Ends QEMU at once; a domain that is not there is all right.
    public func destroy(_ identity: DomainIdentity) async throws(LibvirtError) {
        try await callIfPresent("destroy", identity) {
            virDomainDestroyFlags($0, VIR_DOMAIN_DESTROY_DEFAULT.rawValue)
        }
    }

    /// The owner's domains.
    public func domains() async throws(LibvirtError) -> [ListedDomain] {
        try await ask { [uri, mark] connection throws(LibvirtError) in
            var list: UnsafeMutablePointer<virDomainPtr?>?
            let count = virConnectListAllDomains(connection.pointer, &list, 0)
            guard count >= 0, let list else { throw LibvirtError("list the domains of", uri) }
            defer { free(list) }
            var found: [ListedDomain] = []
            for handle in (0..<Int(count)).compactMap({ list[$0].map { DomainHandle(owning: $0) } }) {
                guard let domain = Self.listed(handle), try Self.bears(mark, handle, domain.name) else {
                    continue
                }
                found.append(domain)
            }
            return found
        }
    }

    /// The pseudo terminal of a running domain's serial console; nil where it has none.
    public func consoleTerminal(of identity: DomainIdentity) async throws(LibvirtError) -> String? {
        try await ask { [self] connection throws(LibvirtError) in
            guard let domain = try find(identity, connection) else { return nil }
            guard let text = virDomainGetXMLDesc(domain.pointer, 0) else {
                throw LibvirtError("describe", identity.name)
            }
            defer { free(text) }
            return DomainText(String(cString: text)).consoleTerminal
        }
    }

    /// Sends a command to the guest's agent and waits for the answer.
    ///
    /// `command`: JSON as the agent takes it, like `{"execute":"guest-ping"}`.
    /// `seconds`: How long to wait.
    /// Returns the answer's JSON.
    public func askAgent(
        of identity: DomainIdentity,
        _ command: String,
        seconds: Int
    ) async throws(LibvirtError) -> String {
        try await ask { [self] connection throws(LibvirtError) in
            let domain = try present(identity, connection, "ask the agent of")
            guard let answer = virDomainQemuAgentCommand(domain.pointer, command, Int32(seconds), 0) else {
                throw LibvirtError("ask the agent of", identity.name)
            }
            defer { free(answer) }
            return String(cString: answer)
        }
    }

    /// What went through a tap that libvirt knows.
    public func statistics(
        of device: String,
        in identity: DomainIdentity
    ) async throws(LibvirtError) -> InterfaceStatistics {
        try await ask { [self] connection throws(LibvirtError) in
            let domain = try present(identity, connection, "count the traffic of")
            var counters = virDomainInterfaceStatsStruct()
            let size = MemoryLayout<virDomainInterfaceStatsStruct>.size
            guard virDomainInterfaceStats(domain.pointer, device, &counters, size) == 0 else {
                throw LibvirtError("count the traffic of", device)
            }
            return InterfaceStatistics(
                receivedBytes: Int(counters.rx_bytes),
                receivedPackets: Int(counters.rx_packets),
                sentBytes: Int(counters.tx_bytes),
                sentPackets: Int(counters.tx_packets)
            )
        }
    }

    // MARK: - Calls

    /// Runs a body, which blocks, on a thread for it.
    private func ask<Value: Sendable>(
        _ body: @escaping @Sendable (ConnectionHandle) throws(LibvirtError) -> Value
    ) async throws(LibvirtError) -> Value {
        let result = await withCheckedContinuation { continuation in
            // Not on a queue: those have as many threads as there are processors, and add one a second where all block.
            Thread.detachNewThread { [self] in
                let result = Result { () throws(LibvirtError) in
                    let connection = try take()
                    defer { giveBack(connection) }
                    return try body(connection)
                }
                continuation.resume(returning: result)
            }
        }
        return try result.get()
    }

    /// A connection that nobody else has.
    private func take() throws(LibvirtError) -> ConnectionHandle {
        while let connection = idle.withLock({ $0.popLast() }) {
            if virConnectIsAlive(connection.pointer) == 1 { return connection }
        }
        _ = silenced
        guard let pointer = virConnectOpen(uri) else { throw LibvirtError("connect to libvirt at", uri) }
        return ConnectionHandle(owning: pointer)
    }

    private func giveBack(_ connection: ConnectionHandle) {
        idle.withLock { if $0.count < Self.mostIdle { $0.append(connection) } }
    }

    /// A domain, where name, UUID and mark are right; nil for none, and for anybody else's.
    private func find(
        _ identity: DomainIdentity,
        _ connection: ConnectionHandle
    ) throws(LibvirtError) -> DomainHandle? {
        guard let pointer = virDomainLookupByName(connection.pointer, identity.name) else {
            let error = LibvirtError("look up", identity.name)
            guard error.isNoDomain else { throw error }
            return nil
        }
        let domain = DomainHandle(owning: pointer)
        guard Self.uuid(of: domain) == identity.uuid, try Self.bears(mark, domain, identity.name) else {
            return nil
        }
        return domain
    }

    private func present(
        _ identity: DomainIdentity,
        _ connection: ConnectionHandle,
        _ operation: String
    ) throws(LibvirtError) -> DomainHandle {
        if let domain = try find(identity, connection) { return domain }
        throw LibvirtError(
            operation: operation,
            subject: identity.name,
            code: Int(VIR_ERR_NO_DOMAIN.rawValue),
            message:
                "there is no domain of this name with the UUID \(identity.uuid) and the mark of \(mark.owner)"
        )
    }

    private func call(
        _ operation: String,
        _ identity: DomainIdentity,
        _ body: @escaping @Sendable (virDomainPtr) -> Int32
    ) async throws(LibvirtError) {
        try await ask { [self] connection throws(LibvirtError) in
            let domain = try present(identity, connection, operation)
            guard body(domain.pointer) >= 0 else { throw LibvirtError(operation, identity.name) }
        }
    }

    /// The same where a domain that is gone, before or meanwhile, or is off already, is as good.
    private func callIfPresent(
        _ operation: String,
        _ identity: DomainIdentity,
        _ body: @escaping @Sendable (virDomainPtr) -> Int32
    ) async throws(LibvirtError) {
        try await ask { [self] connection throws(LibvirtError) in
            guard let domain = try find(identity, connection), body(domain.pointer) < 0 else { return }
            let error = LibvirtError(operation, identity.name)
            if error.isNoDomain { return }
            if error.isInvalidState, virDomainIsActive(domain.pointer) != 1 { return }
            throw error
        }
    }

    /// Whether a domain's metadata has an owner's mark, and the domain's own name in it.
    ///
    /// - Throws: Where libvirt can't say: a domain of ours must not look like another's, or its files would go while it runs.
    private static func bears(
        _ mark: OwnerMark,
        _ domain: DomainHandle,
        _ name: String
    ) throws(LibvirtError) -> Bool {
        let kind = Int32(bitPattern: VIR_DOMAIN_METADATA_ELEMENT.rawValue)
        guard let text = virDomainGetMetadata(domain.pointer, kind, mark.namespace, 0) else {
            let error = LibvirtError("read the metadata of", name)
            guard error.isNoDomain || error.code == Int(VIR_ERR_NO_DOMAIN_METADATA.rawValue) else {
                throw error
            }
            return false
        }
        defer { free(text) }
        let element = DomainText(String(cString: text))
        return element.owner == mark.owner && element.name == name
    }

    private static func uuid(of domain: DomainHandle) -> String? {
        var uuid = [CChar](repeating: 0, count: Int(VIR_UUID_STRING_BUFLEN))
        guard virDomainGetUUIDString(domain.pointer, &uuid) == 0 else { return nil }
        return String(decoding: uuid.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Nil where the domain ended meanwhile.
    private static func listed(_ domain: DomainHandle) -> ListedDomain? {
        var state: Int32 = 0
        guard let name = virDomainGetName(domain.pointer), let uuid = uuid(of: domain),
            virDomainGetState(domain.pointer, &state, nil, 0) == 0
        else { return nil }
        return ListedDomain(name: String(cString: name), uuid: uuid, state: DomainState(state))
    }
}
