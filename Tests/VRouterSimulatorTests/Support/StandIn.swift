// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

@testable import VRouterSimulator

/// A simulator on a thread of its own, with a port and folders of its own.
final class StandIn: Sendable {
    let port: Int
    let folder: String
    private let handle: SimulatorHandle
    private let thread: PlainThread

    private enum Start: Sendable {
        case ready(Int, SimulatorHandle)
        case failed(String)
    }

    /// Starts; `prepare` puts into the folder what is to be there before.
    init(
        _ configuration: Configuration = .sample(),
        folder: String? = nil,
        prepare: (String) throws -> Void = { _ in }
    ) throws {
        var configuration = configuration
        let folder = try folder ?? TemporaryFolder.make()
        configuration.port = 0
        configuration.stateDirectory = folder + "/ports"
        configuration.runDirectory = folder + "/run"
        try prepare(folder)
        let start = try Queue<Start>()
        thread = try PlainThread { [configuration] in
            do {
                let simulator = try Simulator(configuration: configuration)
                try simulator.run { start.post(.ready(simulator.port, simulator.handle)) }
            } catch {
                start.post(.failed("\(error)"))
            }
        }
        start.wait()
        self.folder = folder
        switch start.take().first {
        case .ready(let port, let handle):
            self.port = port
            self.handle = handle
        case .failed(let reason):
            thread.join()
            throw DataPlaneError(reason)
        case nil: throw DataPlaneError("no start")
        }
    }

    deinit {
        handle.stop()
        thread.join()
        TemporaryFolder.remove(folder)
    }

    /// One request on a connection of its own.
    func request(_ method: String, _ path: String, _ body: Bytes = []) throws -> Reply? {
        let connection = try Connection(port: port)
        return try connection.request(method, path, body)
    }

    func request(_ method: String, _ path: String, _ body: String) throws -> Reply? {
        try request(method, path, Bytes(body))
    }

    /// A line on the control socket, and the line that comes back.
    func control(_ line: String) throws -> String {
        let connection = try Connection(path: folder + "/run/control.sock")
        try connection.send(Bytes(line + "\n"))
        return try connection.receive { $0.last == 0x0a }.text
    }

    func file(_ name: String) -> String? {
        FileText.read(Bytes(folder + "/ports/" + name))?.text
    }
}

/// Folders that are removed with what is in them, at the latest when the tests end.
enum TemporaryFolder {
    private static let made: Mutex<Set<String>> = {
        atexit { TemporaryFolder.removeAll() }
        return Mutex([])
    }()

    static func make() throws -> String {
        var template = Bytes("/tmp/vrouter-sim-test-XXXXXX").terminated
        guard mkdtemp(&template) != nil else { throw SystemError("make", "a folder") }
        let path = template.dropLast().map { UInt8(bitPattern: $0) }.text
        _ = made.withLock { $0.insert(path) }
        return path
    }

    static func remove(_ path: String) {
        StateFolder.removeAll(Bytes(path))
        _ = made.withLock { $0.remove(path) }
    }

    private static func removeAll() {
        for path in made.withLock({ $0 }) { StateFolder.removeAll(Bytes(path)) }
    }
}

extension Sequence where Element == UInt8 {
    fileprivate var text: String { String(decoding: Array(self), as: UTF8.self) }
}
