// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import VRouterSimulator

/// The agent's crashes, in a process of its own each.
@Suite struct CrashStandInTests {
    /// Starts a simulator with one switch on, sends requests, and gives the signal that ended it.
    private func ending(_ name: String, _ requests: [(String, String, String)]) throws -> Int32? {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let program = try Program(
            folder,
            "\"staleTimeoutMilliseconds\": 100, \"switches\": {\"\(name)\": true}, "
        )
        let run = try program.start("--no-data-plane")
        let connection = try Connection(port: run.port)
        for (method, path, body) in requests.dropLast() {
            #expect(try connection.request(method, path, Bytes(body)) == .ok)
        }
        if let (method, path, body) = requests.last {
            let reply = try connection.exchange(Connection.bytes(method, path, Bytes(body)))
            #expect(reply == nil || path == "/syncports")
        }
        for _ in 0..<150 where !run.hasEnded { usleep(20_000) }
        if !run.hasEnded { kill(run.process, SIGKILL) }
        return run.signal
    }

    @Test("A vm-name of 256 bytes")
    func longName() throws {
        let name = String(repeating: "n", count: 256)
        let request = ("POST", "/vm", Sample.machinePort(["vm-name": "\"\(name)\""]))
        #expect(try ending("crashOnStateFileError", [request]) == SIGABRT)
    }

    @Test("A vm-name that runs through a file")
    func throughFile() throws {
        let requests = ["", "\(Sample.vmi)/x"].map {
            ("POST", "/vm", Sample.machinePort(["vm-name": "\"\($0)\""]))
        }
        #expect(try ending("crashOnStateFileError", requests) == SIGABRT)
    }

    @Test("JSON 200,000 deep", arguments: ["/port", "/vm"])
    func deep(_ path: String) throws {
        let request = ("POST", path, String(repeating: "[", count: 200_000))
        #expect(try ending("crashOnDeepJSON", [request]) == SIGSEGV)
    }

    @Test("Stale cleaning of a machine with two interfaces")
    func stale() throws {
        let second = Sample.machinePort([
            "vmi-uuid": "\"\(Sample.secondVMI)\"", "vn-uuid": "\"\(Sample.secondVN)\"",
        ])
        let posts = [("POST", "/vm", Sample.machinePort()), ("POST", "/vm", second)]
        #expect(try ending("crashOnStaleMachine", posts + [("POST", "/syncports", "")]) == SIGSEGV)
    }
}
