// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Glibc

@testable import VRouterSimulator

/// The program itself, as a process.
struct Program {
    struct Run {
        let process: pid_t
        let port: Int
        private let child: ChildProcess

        fileprivate init(_ child: ChildProcess, port: Int) {
            self.child = child
            process = child.id
            self.port = port
        }

        var hasEnded: Bool { child.hasEnded }

        /// The signal that ended it, or none.
        var signal: Int32? { child.endingSignal }

        func post(_ device: String) throws {
            let connection = try Connection(port: port)
            let body = Sample.machinePort(["host-ifname": "\"\(device)\""])
            try Namespace.check(try connection.request("POST", "/vm", Bytes(body)) == .ok, "POST /vm")
        }
    }

    private let folder: String
    private let path: String

    /// Beside the test bundle.
    init(_ folder: String, _ changes: String = "") throws {
        self.folder = folder
        let arguments = RunningProcess.arguments(getpid())
        guard let bundle = arguments.first(where: { $0.contains(".build") && $0.contains("/debug/") }),
            let end = bundle.firstRange(of: "/debug/")
        else { throw Namespace.Failure(description: "no folder of binaries in \(arguments)") }
        path = String(bundle[..<end.upperBound]) + "vrouter-sim"
        let start = Configuration.sampleText.dropFirst(1)
        let text = "{\(changes)\(start)".replacing("\"dataPlane\": false, ", with: "")
        guard FileText.write(Bytes(text), to: Bytes(folder + "/config.json"), mode: 0o644) else {
            throw SystemError("write", folder)
        }
    }

    private func launch(_ options: String) throws -> ChildProcess {
        try ChildProcess(
            "sh",
            [
                "-c",
                """
                exec \(path) --config \(folder)/config.json --port 0 --state-directory \(folder)/ports \
                --run-directory \(folder)/run \(options) > \(folder)/output
                """,
            ]
        )
    }

    /// Starts, and waits until it says that it is ready.
    func start(_ options: String = "") throws -> Run {
        unlink(folder + "/output")
        let child = try launch(options)
        var port: Int?
        try Namespace.wait(for: "ready") {
            let line = FileText.read(Bytes(folder + "/output"))?.text ?? ""
            guard line.hasPrefix("ready "), line.hasSuffix("\n") else { return false }
            port = line.split(separator: ":").last.flatMap { Int($0.dropLast()) }
            return true
        }
        return Run(child, port: port ?? 0)
    }

    /// Starts, waits for the end, and gives what was said on standard error.
    func runToEnd() throws -> String {
        let child = try launch("--control-socket \(folder)/second.sock")
        _ = child.wait()
        return child.readErrors().text
    }

    /// The dnsmasq processes of this folder.
    func servers() throws -> String {
        try Namespace.tryShell("pgrep -f [d]hcp-hostsdir=\(folder)/run").output
    }
}
