// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import ArgumentParser
import CRIServer
import Foundation
import Logging
import Machines
import PodRuntime
import RuntimeConfiguration
import ServiceLifecycle

/// The runtime of VM pods: serves kubelet on a socket until it is told to stop.
public struct VMRuntime: AsyncParsableCommand {
    /// The version that `--version` and the call Version tell.
    public static let version = "0.1.0"

    /// The command's name and its help.
    public static let configuration = CommandConfiguration(
        commandName: "vm-runtime",
        abstract: "Run virtual machines as pods: the runtime that kubelet talks to.",
        usage: "vm-runtime [--config FILE] [--KEY VALUE ...] [--dump-config | --check-config]",
        discussion: """
            It stays in the foreground. SIGTERM and SIGINT end it when calls that have begun have ended; VMs live on.

            Any key of the configuration is a flag, too; flags override the environment (CONTRAIL_VM_KEY), which \
            overrides the file:

            \(RuntimeConfiguration.help)
            """,
        version: version
    )

    @Option(help: "The configuration; /etc/contrail-vm/vm-runtime.yaml by default, which need not exist.")
    var config: String?

    @Flag(help: "Print the configuration that counts, and where each value is from, and end.")
    var dumpConfig = false

    @Flag(help: "Read the configuration and end: 0, or 2 with what is wrong.")
    var checkConfig = false

    @Flag(help: .hidden)
    var printReference = false

    @Argument(parsing: .allUnrecognized, help: .hidden)
    var keys: [String] = []

    /// A command without arguments.
    public init() {}

    /// Carries it out.
    public func run() async throws {
        if printReference { return print(RuntimeConfiguration.referencePage, terminator: "") }
        let loaded: LoadedConfiguration
        var defaults = RuntimeConfiguration()
        defaults.wrapper = Settings().wrapper
        do throws(ConfigurationError) {
            loaded = try LoadedConfiguration(
                defaults: defaults,
                file: ConfigurationFile.read(config),
                environment: ProcessInfo.processInfo.environment,
                flags: keys
            )
        } catch {
            FileHandle.standardError.write(Data("vm-runtime: \(error)\n".utf8))
            throw ExitCode(2)
        }
        if dumpConfig { return print(loaded.yaml, terminator: "") }
        if checkConfig { return }
        try await Self.serve(loaded.configuration)
    }

    private static func serve(_ configuration: RuntimeConfiguration) async throws {
        let log = Logger(label: "vm-runtime") { _ in JournalLog(configuration.logLevel) }
        let stop = StopSignals()
        DescriptorRoom.raiseLimit()
        var sockets: [ListeningSocket] = []
        defer { for socket in sockets { socket.release() } }
        do {
            for path in [configuration.listen, configuration.operatorSocket] {
                sockets.append(try ListeningSocket(path))
            }
            let node = try await Node(configuration, log)
            let counts = CallCounts()
            let servers = Servers(
                node: node,
                kubelets: sockets[0],
                operators: sockets[1],
                patience: .seconds(configuration.drainSeconds),
                log: log,
                counts: counts
            )
            var services: [any Service] = [GuestWatch(pods: node.pods), servers]
            if let metrics = MetricsService(configuration.metrics, node: node, counts: counts, log: log) {
                services.append(metrics)
            }
            let group = ServiceGroup(services: services, logger: log)
            await node.pods.reconcile()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                // Not the group's own signals: one that comes before it runs must not end the process.
                tasks.addTask {
                    let signal = await stop.first()
                    log.notice("\(signal): no further calls; waiting for those that have begun")
                    await group.triggerGracefulShutdown()
                }
                try await group.run()
                tasks.cancelAll()
            }
        } catch {
            log.error("\(error)")
            throw ExitCode.failure
        }
        log.info("ended")
    }
}

/// Reads the command line, carries it out and ends the process where that fails.
public func runVMRuntime() async { await VMRuntime.main() }
