// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import CNIProtocol
import LinuxSystem
import NetworkTypes

extension ContrailPlugin {
    /// Runs a command and writes one line about it to the log: what, for whom, which interfaces of the agent's, how long, and the error.
    ///
    /// A log that can't be written is no reason to fail.
    func logged<Value>(
        _ request: CNIRequest,
        _ configuration: ContrailConfiguration,
        _ body: () throws(CNIError) -> Value
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
        _ request: CNIRequest,
        _ configuration: ContrailConfiguration,
        _ start: Int64,
        _ outcome: String
    ) {
        let milliseconds = (monotonicMicroseconds() - start) / 1000
        let pod = "\(request.argument("K8S_POD_NAMESPACE") ?? "-")/\(request.argument("K8S_POD_NAME") ?? "-")"
        var line = timestamp()
        line += " \(name) \(request.command.rawValue) container=\(request.containerID.text)"
        line += " interface=\(request.interface.text) pod=\(pod)"
        for (place, vmi) in vmis.enumerated() { line += (place == 0 ? " vmi=" : ",") + vmi.text }
        line += " ms=\(milliseconds) \(outcome)"
        // One line a call, whatever the names hold.
        var text = Array(line.utf8)
        for index in text.indices where text[index] < 0x20 { text[index] = UInt8(ascii: "?") }
        text.append(0x0A)
        do throws(SystemError) {
            let file = try FileDescriptor.appending(to: configuration.logFile)
            try file.writeAll(text, name: configuration.logFile)
        } catch {
            // Standard error goes to the runtime's own log.
            _ = text.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        }
    }

    /// The time in UTC, like 2026-01-31T12:00:00Z.
    ///
    /// Not by strftime(3), which reads the time zone's file.
    private func timestamp() -> String {
        let now = Int(time(nil))
        let (days, seconds) = now.quotientAndRemainder(dividingBy: 86_400)
        let date = civilDate(daysSince1970: days)
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { twoDigits($0) }
        return
            "\(date.year)-\(twoDigits(date.month))-\(twoDigits(date.day))T\(clock[0]):\(clock[1]):\(clock[2])Z"
    }
}

private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }

/// The Gregorian date of a day: years are counted from March, so that the leap day comes last.
func civilDate(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let month = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * month + 2) / 5 + 1
    let january = month < 10 ? month + 3 : month - 9
    return (yearOfEra + era * 400 + (january <= 2 ? 1 : 0), january, day)
}
