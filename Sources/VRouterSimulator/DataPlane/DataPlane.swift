// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The data plane's thread and the way to it.
final class DataPlane: Sendable {
    enum Command: Sendable {
        case agent(AgentEvent)
        case switches(Switches)
        case report(@Sendable (Bytes) -> Void)
        case stop
    }

    /// Whether the thread could set everything up.
    private enum Start: Sendable {
        case pending
        case ready
        case failed(String)
    }

    private let commands: Queue<Command>
    private let thread = Mutex<PlainThread?>(nil)

    /// Removes what an earlier run left, and starts.
    ///
    /// - Throws: ``DataPlaneError``.
    static func start(_ configuration: Configuration) throws -> DataPlane {
        let plane = DataPlane(commands: try Queue())
        let start = try Queue<Start>()
        let commands = plane.commands
        let thread = try PlainThread {
            do {
                let worker = try DataPlaneWorker(configuration, commands)
                defer { worker.removeAll() }
                start.post(.ready)
                worker.run()
            } catch {
                start.post(.failed("\(error)"))
            }
        }
        plane.thread.withLock { $0 = thread }
        start.wait()
        if case .failed(let reason) = start.take().first ?? .pending {
            thread.join()
            throw DataPlaneError(reason)
        }
        return plane
    }

    private init(commands: Queue<Command>) {
        self.commands = commands
    }

    func post(_ event: AgentEvent) {
        commands.post(.agent(event))
    }

    func post(_ switches: Switches) {
        commands.post(.switches(switches))
    }

    /// Calls back with a control reply, after everything that was posted before is done.
    func reportPorts(_ reply: @escaping @Sendable (Bytes) -> Void) {
        commands.post(.report(reply))
    }

    /// Removes everything from the kernel and ends the thread.
    func stop() {
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let thread else { return }
        commands.post(.stop)
        thread.join()
    }
}
