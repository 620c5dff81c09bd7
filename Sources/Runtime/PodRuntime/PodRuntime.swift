// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import DomainXML
import Foundation
import Libvirt
import LinuxSystem
public import Machines
public import Pods
import Synchronization

/// Runs pods as virtual machines: a sandbox is a network namespace with what plugins prepared in it, its one
/// container is a libvirt domain.
///
/// Everything is written down before it is made, so that whatever a kill leaves behind is found. Calls for one pod
/// exclude each other. A call that was begun is carried to its end, also when its caller has gone.
public final class PodRuntime: Sendable {
    /// Our name: towards plugins as the runtime, at libvirt as the owner of domains.
    public static let name = "vm-runtime"
    /// What marks domains as ours.
    static let mark = OwnerMark(namespace: Domain.metadataNamespace, owner: name)

    /// The version that callers are told.
    let version: RuntimeVersion
    let settings: PodSettings
    let hypervisor: Hypervisor
    let plugins: any NetworkPlugins
    let images: any ImageFinder
    let store: PodStore
    let locks = KeyedLock()
    let starts: Semaphore
    /// How many pods' texts are read at once.
    let preparations = Semaphore(2)
    /// Containers whose start is under way, without the pod's lock.
    let starting = Underway()
    let farewells = Farewells()
    /// Machines whose run is under way, by their names.
    let running = Underway()
    /// Containers whose console is open.
    let consoles = Underway()
    /// The collection of the networks' garbage that goes on, which a new sandbox ends.
    let collecting = Mutex<Task<Void, any Error>?>(nil)
    /// Pods and containers that the watch is busy with.
    let tended = Underway()
    let bootID: String
    /// The memory of this node in bytes.
    let nodeMemory: Int64
    let logs: ConsoleLogs
    let meter = UsageMeter()
    let startDurations = Mutex(StartDurations())
    /// What calls that make something ask for first.
    let descriptors = DescriptorRoom.ofProcess
    /// Containers that were given up before they were written down, whose image is still noted as used.
    let unused = Mutex<Set<String>>([])
    let log: @Sendable (String) -> Void

    /// A runtime on this host; reads what is written down, but changes nothing yet: see `reconcile()`.
    public init(
        version: RuntimeVersion,
        settings: PodSettings,
        plugins: any NetworkPlugins,
        images: any ImageFinder,
        log: @escaping @Sendable (String) -> Void
    ) throws {
        self.version = version
        self.settings = settings
        self.plugins = plugins
        self.images = images
        self.log = log
        hypervisor = Hypervisor(uri: settings.machines.libvirtURI, mark: Self.mark)
        logs = ConsoleLogs(log: log)
        starts = Semaphore(max(1, settings.startsAtOnce))
        bootID = try Host.bootID()
        nodeMemory = Int64(clamping: ProcessInfo.processInfo.physicalMemory)
        try Files.makeFolder(settings.machines.stateFolder, mode: 0o711)
        try Files.makeFolder(settings.podsFolder, mode: 0o711)
        let containers = try Files.list(settings.podsFolder)
        let sandboxes = try Self.sandboxes(in: settings.machines.sandboxesFolder)
        store = try PodStore(
            path: settings.database,
            mustHaveTables: !containers.isEmpty || !sandboxes.isEmpty
        )
    }

    /// The ids of our sandboxes, as the files for plugins tell them.
    static func sandboxes(in folder: String) throws(SystemError) -> [String] {
        try Files.list(folder).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(".json".count)) }
            .filter { $0.utf8.count == 64 && $0.allSatisfy(\.isHexDigit) }
    }

    /// The time, in nanoseconds since 1970.
    static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000_000_000) }

    /// An id that was never used: 64 hexadecimal digits, as kubelet's users know them.
    static func newID() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(generator.next() as UInt64, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }

    /// Carries work to its end also where the caller is cancelled: half a step is worse than one too many.
    func shielded<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws(PodServiceError) -> Value {
        do {
            return try await Task { try await body() }.value
        } catch {
            throw Self.error(error)
        }
    }

    /// Carries out what makes something, where there are descriptors for it.
    func makingRoom<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws(PodServiceError) -> Value {
        try await descriptors.holding { () async throws(PodServiceError) -> Value in try await shielded(body)
        }
    }

    /// Any error in the words and the kind that a caller understands.
    static func error(_ error: any Error) -> PodServiceError {
        switch error {
        case let error as PodServiceError: error
        case let error as MachineError: PodServiceError(.internalError, error.description)
        case let error as CloudInitError: PodServiceError(.invalidArgument, error.description)
        case let error as LibvirtError: PodServiceError(.unavailable, error.description)
        case let error as SystemError: PodServiceError(.internalError, error.message)
        case is Semaphore.Dismissal: PodServiceError(.unavailable, "it was stopped before it was started")
        default: PodServiceError(.internalError, "\(error)")
        }
    }

    /// The sandbox that an id, or the beginning of one, means among those that are shown; nil where there is none.
    func sandbox(
        _ id: String,
        _ isShown: (SandboxRecord) -> Bool = { _ in true }
    ) async throws(PodServiceError) -> SandboxRecord? {
        let sandboxes = await store.sandboxes.filter { isShown($0.value) }
        return try Self.find(id, in: sandboxes, "sandboxes")
    }

    /// The container that an id, or the beginning of one, means among those whose sandbox is shown; nil where there is none.
    func container(
        _ id: String,
        _ isShown: (SandboxRecord) -> Bool = { _ in true }
    ) async throws(PodServiceError) -> ContainerRecord? {
        let containers = Dictionary(uniqueKeysWithValues: await records(isShown).map { ($0.id, $0) })
        return try Self.find(id, in: containers, "containers")
    }

    private static func find<Record>(
        _ id: String,
        in records: [String: Record],
        _ what: String
    ) throws(PodServiceError) -> Record? {
        if let record = records[id] { return record }
        switch IdentifierMatch(id, in: records.keys) {
        case .one(let found): return records[found]
        case .ambiguous:
            throw PodServiceError(
                .invalidArgument,
                "several \(what) have ids that begin with \"\(PodServiceError.shortened(id))\": write more of it"
            )
        case .any, .none: return nil
        }
    }
}
