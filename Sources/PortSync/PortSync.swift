// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import LinuxSystem
import PreparedInterface
import Resident

/// Runs the program with the arguments of this process.
///
/// - Returns: The exit status: 0, 1 for what failed, 2 for a wrong call or configuration.
public func runPortSync() -> Int32 {
    var arguments: [String] = []
    var index: Int32 = 1
    while let argument = clinux_argument(index) {
        arguments.append(String(cString: argument))
        index += 1
    }
    // A log's reader that is gone, or a limit on file sizes, must not end it.
    clinux_report_failed_writes()
    do throws(ConfigurationError) {
        let options = try Options(arguments)
        switch options.command {
        case .help:
            print(Options.help, to: 1)
            return 0
        case .version:
            print("port-sync \(Options.version)\n", to: 1)
            return 0
        case .check:
            _ = try SyncConfiguration.load(options.file)
            print("\(options.file.path) is in order\n", to: 1)
            return 0
        case .once: return runOnce(try SyncConfiguration.load(options.file))
        case .serve: return serve(try SyncConfiguration.load(options.file), options.file)
        }
    } catch {
        Journal(of: "port-sync", level: .error).write(.error, error.message)
        return 2
    }
}

private func runOnce(_ configuration: SyncConfiguration) -> Int32 {
    let log = Journal(of: "port-sync", level: configuration.logLevel)
    do throws(StartError) {
        let lock = try instanceLock(configuration)
        defer { lock.unlock() }
        return try Daemon(configuration, log: log, isServing: false).runOneRound() ? 0 : 1
    } catch {
        log.write(.error, error.message)
        return 1
    }
}

private func serve(_ configuration: SyncConfiguration, _ file: Options.File) -> Int32 {
    let log = Journal(of: "port-sync", level: configuration.logLevel)
    do throws(StartError) {
        let lock = try instanceLock(configuration)
        let daemon = try Daemon(configuration, log: log, isServing: true)
        daemon.serve(lock: lock, file: file)
        return 0
    } catch {
        log.write(.error, error.message)
        return 1
    }
}

/// Why the program can't begin.
struct StartError: Error, Hashable {
    let message: String
}

/// The lock that says: this run folder has its port-sync.
///
/// The kernel drops it when the process ends, however it ends.
func instanceLock(_ configuration: SyncConfiguration) throws(StartError) -> FileLock {
    let path = configuration.runFolder.portSyncLock
    do throws(SystemError) {
        return try FileLock(path, deadline: 0)
    } catch {
        guard error.errno == ETIMEDOUT else { throw StartError(message: error.message) }
        throw StartError(
            message:
                "another port-sync serves \(configuration.runFolder.path): it holds \(path); stop it first"
        )
    }
}

/// Writes a text to a descriptor.
///
