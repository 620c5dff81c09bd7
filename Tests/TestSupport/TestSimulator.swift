// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// vrouter-sim in a namespace of a test's own.
public final class TestSimulator {
    /// Its folders.
    public let folder: TemporaryFolder
    /// The namespace that it serves: the test's node.
    public let node: TestNamespace
    private var process: TestProcess?

    /// The virtual networks that it knows.
    public static let networks = """
        [{"uuid": "5e2d9a1c-77aa-4c0e-9a55-3f3c4c6f0001", "name": "default-domain:k8s-default:pods",
          "domain": "pods.local",
          "v4": {"subnet": "10.47.0.0/16", "gateway": "10.47.255.254", "dns": "10.47.255.253"},
          "v6": {"subnet": "fd00:47::/64", "gateway": "fd00:47::fe", "dns": "fd00:47::fd"}}]
        """

    /// Starts it and waits until it serves.
    ///
    /// `dataPlane`: whether ports get a network: a bridge takes 1023 of them. `more`: further members of its configuration, like `"faults": [...]`.
    public init(
        node: TestNamespace,
        networks: String = networks,
        dataPlane: Bool = true,
        more: String = ""
    ) throws {
        self.node = node
        folder = TemporaryFolder()
        let configuration = """
            {"listen": {"address": "127.0.0.1", "port": 9091}, "stateDirectory": "\(folder.path)/ports",
             "runDirectory": "\(folder.path)/run", "dataPlane": \(dataPlane), "autoProvision": true,
             "defaultNetwork": "default-domain:k8s-default:pods", "networks": \(networks)\(more)}
            """
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/sim.json"))
        try start()
    }

    deinit { stop() }

    /// Starts it again after `stop` or `crash`, with its files.
    public func restart() throws {
        try start()
    }

    private func start() throws {
        let log = "\(folder.path)/log"
        unlink(log)
        let process = try TestProcess(
            [
                "ip", "netns", "exec", node.name, TestPrograms.path("vrouter-sim"), "--config",
                "\(folder.path)/sim.json",
            ],
            output: log,
            errors: log
        )
        self.process = process
        let end = Date().addingTimeInterval(20)
        while !folder.text("log").contains("ready") {
            guard process.isRunning, Date() < end else {
                throw TestProgram.Failure(description: "vrouter-sim did not start: \(folder.text("log"))")
            }
            usleep(5000)
        }
    }

    /// Whether it runs; it may have crashed as the agent does.
    public var isRunning: Bool { process?.isRunning ?? false }

    /// Ends it as a crash would.
    public func crash() {
        process?.kill()
        process?.waitUntilExit()
    }

    /// Stops its process as a hanging agent would look: connections are taken, nothing is answered.
    public func pause() { process?.kill(SIGSTOP) }

    /// Lets a paused one go on.
    public func resume() { process?.kill(SIGCONT) }

    /// Ends it as an operator would.
    public func stop() {
        guard let process, process.isRunning else { return }
        process.kill(SIGTERM)
        let end = Date().addingTimeInterval(10)
        while process.isRunning, Date() < end { usleep(2000) }
        process.kill()
        process.waitUntilExit()
    }
}

/// Where the programs under test are.
public enum TestPrograms {
    /// The path of a program of ours.
    public static func path(_ name: String) -> String { "\(folder("CONTRAIL_VM_PROGRAMS", "bin"))/\(name)" }

    /// The path of a plugin of ours.
    public static func plugin(_ name: String) -> String { "\(folder("CONTRAIL_VM_PLUGINS", "cni"))/\(name)" }

    private static func folder(_ variable: String, _ name: String) -> String {
        if let folder = ProcessInfo.processInfo.environment[variable], !folder.isEmpty { return folder }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return "\(root.path)/.build-dist/\(name)"
    }
}
