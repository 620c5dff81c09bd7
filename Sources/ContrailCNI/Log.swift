// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNIProtocol
import LinuxSystem
import NetworkTypes

extension ContrailPlugin {
    /// Runs a command and writes one line about it to the log: what, for whom, how long, and the error.
    /// A log that can't be written is no reason to fail.
    func logged<Value>(
        _ request: CNIRequest, _ configuration: ContrailConfiguration, _ body: () throws(CNIError) -> Value
    ) throws(CNIError) -> Value {
        let start = monotonicMicroseconds()
        do throws(CNIError) {
            let value = try body()
            if configuration.logLevel >= 4 { log(request, configuration, start, "ok") }
            return value
        } catch {
            log(request, configuration, start, "failed: code \(error.code.rawValue): \(error.message)")
            throw error
        }
    }

    private func log(
        _ request: CNIRequest, _ configuration: ContrailConfiguration, _ start: Int64, _ outcome: String
    ) {
        let milliseconds = (monotonicMicroseconds() - start) / 1000
        let pod = "\(request.argument("K8S_POD_NAMESPACE") ?? "-")/\(request.argument("K8S_POD_NAME") ?? "-")"
        var line = timestamp()
        line += " \(name) \(request.command.rawValue) container=\(request.containerID.text)"
        line += " interface=\(request.interface.text) pod=\(pod) ms=\(milliseconds) \(outcome)"
        // One line a call, whatever the names hold.
        let text = Array(line.utf8.map { $0 < 0x20 ? UInt8(ascii: "?") : $0 }) + [0x0A]
        do throws(SystemError) {
            let file = try FileDescriptor(opening: configuration.logFile, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW)
            try file.writeAll(text, name: configuration.logFile)
        } catch {
            // Standard error goes to the runtime's own log.
            _ = text.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        }
    }

    /// The time in UTC, like 2026-01-31T12:00:00Z.
    private func timestamp() -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        let text = [CChar](unsafeUninitializedCapacity: 32) { buffer, count in
            count = buffer.baseAddress.map { strftime($0, 32, "%Y-%m-%dT%H:%M:%SZ", &parts) } ?? 0
        }
        return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
