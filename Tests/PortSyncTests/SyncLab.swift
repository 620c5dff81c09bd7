// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PreparedInterface
import TestSupport

@testable import PortSync

/// A node with a simulated agent, and port-sync to run on it.
final class SyncLab {
    let node: TestNamespace
    let simulator: TestSimulator
    let folder: TemporaryFolder
    private var process: TestProcess?

    /// The agent's folder of files of POST /vm.
    var configFolder: String { "\(simulator.folder.path)/ports/vm" }
    var store: InterfaceStore { InterfaceStore(folder: "\(folder.path)/run/interfaces") }
    var log: String { folder.text("log") }

    /// `more`: further members of the simulator's configuration.
    init(dataPlane: Bool = false, more: String = "") throws {
        node = try TestNamespace("node")
        folder = TemporaryFolder()
        simulator = try TestSimulator(node: node, dataPlane: dataPlane, more: more)
    }

    deinit { end(SIGKILL) }

    // MARK: port-sync

    /// The path of its configuration.
    func configuration(
        interval: Int = 1,
        metrics: String = "127.0.0.1:9812",
        more: String = ""
    ) throws -> String {
        let path = "\(folder.path)/sync.json"
        let text = """
            {"config-dir": "\(configFolder)", "run-dir": "\(folder.path)/run", "state-dir": "\(folder.path)/state",
             "interval": \(interval), "metrics": "\(metrics)", "log-level": "debug"\(more)}
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Starts it; its log is new.
    func start(interval: Int = 1) throws {
        let log = "\(folder.path)/log"
        unlink(log)
        process = try TestProcess(
            [
                "ip", "netns", "exec", node.name, TestPrograms.path("port-sync"), "--config",
                try configuration(interval: interval),
            ],
            errors: log
        )
    }

    var isRunning: Bool { process?.isRunning ?? false }
    var pid: Int32 { process?.processIdentifier ?? -1 }

    func signal(_ number: Int32) { kill(pid, number) }

    /// Ends it by a signal.
    /// - Returns: Its exit status; 128 and more for a signal.
    @discardableResult
    func end(_ number: Int32 = SIGTERM) -> Int32? {
        guard let process else { return nil }
        process.kill(number)
        self.process = nil
        return process.waitUntilExit()
    }

    /// Runs it to its end with other arguments.
    func run(_ arguments: String..., seconds: Double = 60) throws -> TestProgram.Outcome {
        try node.run(
            [TestPrograms.path("port-sync"), "--config", try configuration()] + arguments,
            seconds: seconds
        )
    }

    /// Waits until something is so.
    func wait(_ seconds: Double = 10, until isSo: () throws -> Bool) throws -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            if try isSo() { return true }
            usleep(20_000)
        }
        return try isSo()
    }

    // MARK: What it serves, and what the agent has

    /// The value of a metric.
    func metric(_ name: String) throws -> Int? {
        let text = try node.run(["curl", "-s", "-m", "5", "http://127.0.0.1:9812/metrics"]).output
        return text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
            .flatMap { Int($0.dropFirst(name.count + 1)) }
    }

    /// What the agent answers.
    func agent(_ method: String, _ path: String, body: String = "") throws -> String {
        try node.run(
            ["curl", "-s", "-m", "5", "-X", method, "-d", body, "http://127.0.0.1:9091\(path)"]
        ).output
    }

    /// Whether the agent has a port, and under which device.
    func device(_ interface: PreparedInterface) throws -> String? {
        let port = try present(interface.port)
        let text = try agent("GET", "/vm/\(port.vm.text)/\(port.vmi.text)")
        return text.firstMatch(of: /"system-name": "([^"]*)"/).map { String($0.1) }
    }

    /// A figure of the simulator's statistics.
    func statistic(_ name: String) throws -> Int {
        let script = """
            import json, socket, sys
            s = socket.socket(socket.AF_UNIX)
            s.connect(sys.argv[1])
            s.sendall(b'{"command": "statistics"}\\n')
            print(json.loads(s.makefile().readline())["statistics"][sys.argv[2]])
            """
        let path = "\(simulator.folder.path)/run/control.sock"
        return try present(
            Int(try python(script, path, name).trimmingCharacters(in: .whitespacesAndNewlines))
        )
    }

    /// Runs a script on the node; it must succeed.
    func python(_ script: String, _ arguments: String..., seconds: Double = 60) throws -> String {
        let outcome = try node.run(["/usr/bin/python3", "-c", script] + arguments, seconds: seconds)
        guard outcome.status == 0 else { throw Failed(errors: outcome.errors) }
        return outcome.output
    }

    /// A script that failed.
    struct Failed: Error {
        let errors: String
    }

    // MARK: Records

    /// Writes records as the plugins do.
    /// - Returns: The last one.
    @discardableResult
    func record(
        _ numbers: ClosedRange<Int>,
        interfaces: [String] = ["eth0"],
        sandbox: String = "sandbox"
    ) throws
        -> PreparedInterface
    {
        let bootID = try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
        var last: PreparedInterface?
        for number in numbers {
            for interface in interfaces {
                let value = try PreparedInterface.port(
                    number,
                    interface: interface,
                    configFolder: configFolder,
                    bootID: bootID.trimmingCharacters(in: .whitespacesAndNewlines),
                    sandbox: sandbox
                )
                try store.save(record: value)
                last = value
            }
        }
        return try present(last)
    }

    /// The simulator's configuration of the pods whose records `record` writes.
    static func pods(_ numbers: ClosedRange<Int>, interfaces: [String] = ["eth0"]) throws -> String {
        var pods: [String] = []
        for number in numbers {
            let records = try interfaces.map { try PreparedInterface.port(number, interface: $0) }
            let vm = try present(records.first?.port?.vm.text)
            let list = try records.map { record in
                #"{"network": "default-domain:k8s-default:pods", "vmi": "\#(try present(record.port?.vmi.text))", "v4": "10.47.1.\#(number)"}"#
            }
            pods.append(
                #"{"name": "vm\#(number)", "uuid": "\#(vm)", "interfaces": [\#(list.joined(separator: ","))]}"#
            )
        }
        return ", \"pods\": [\(pods.joined(separator: ","))]"
    }

    /// A configuration for contrail-cni on this node.
    var plugin: String {
        """
        {"cniVersion": "1.1.0", "name": "pods", "type": "contrail-cni", "contrail": {
         "config-dir": "\(configFolder)", "run-dir": "\(folder.path)/run", "state-dir": "\(folder.path)/state",
         "log-file": "\(folder.path)/plugin.log", "poll-timeout": 1, "poll-retries": 3}}
        """
    }

    /// The name of the agent-format file of a pod with one interface.
    func file(of pod: String) throws -> String {
        let folder = "\(configFolder)/k8s__default__\(pod)"
        return try present(try FileManager.default.contentsOfDirectory(atPath: folder).first)
    }

    func pod(_ name: String, sandbox: String = "1") throws -> TestPod {
        try TestPod(name, on: node, sandbox: sandbox)
    }

    /// All that is left below the run and state folders, and of the agent's files.
    func leftovers() -> [String] {
        folder.files().filter { $0.hasPrefix("run/") || $0.hasPrefix("state/") }
            + simulator.folder.files().filter { $0.hasPrefix("ports/") }
    }
}
