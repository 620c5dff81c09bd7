// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Lines of a log in the CRI's format: time, stream, `F` for a whole line or `P` for a part of one, content.
///
/// See https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
struct CRILogLines: Sendable {
    /// The longest content of a line, in bytes, as other runtimes cut it; a longer one becomes parts.
    static let longest = 16 * 1024

    /// What was written of the line that has not ended; only its end decides about a carriage return.
    private(set) var pending: [UInt8] = []

    /// Takes what a console wrote, and gives the lines that are complete, ready to be written.
    ///
    /// A console ends lines with CR LF: the CR is left out. All other bytes stay as they are.
    mutating func take(_ bytes: some Sequence<UInt8>, at time: Date) -> [UInt8] {
        var output: [UInt8] = []
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                if pending.last == UInt8(ascii: "\r") { pending.removeLast() }
                Self.append(pending, isWhole: true, at: time, to: &output)
                pending.removeAll(keepingCapacity: true)
                continue
            }
            if pending.count == Self.longest {
                Self.append(pending, isWhole: false, at: time, to: &output)
                pending.removeAll(keepingCapacity: true)
            }
            pending.append(byte)
        }
        return output
    }

    /// Gives what was written of a line that does not go on, as a part.
    mutating func flush(at time: Date) -> [UInt8] {
        guard !pending.isEmpty else { return [] }
        var output: [UInt8] = []
        Self.append(pending, isWhole: false, at: time, to: &output)
        pending.removeAll(keepingCapacity: true)
        return output
    }

    private static func append(
        _ content: [UInt8],
        isWhole: Bool,
        at time: Date,
        to output: inout [UInt8]
    ) {
        output += Array(stamp(time).utf8)
        output += Array((isWhole ? " stdout F " : " stdout P ").utf8)
        output += content
        output.append(UInt8(ascii: "\n"))
    }

    /// RFC 3339 with nanoseconds, in UTC.
    static func stamp(_ time: Date) -> String {
        let seconds = time.timeIntervalSince1970.rounded(.down)
        var whole = time_t(seconds)
        var parts = tm()
        gmtime_r(&whole, &parts)
        let nanoseconds = Int((time.timeIntervalSince1970 - seconds) * 1_000_000_000)
        func padded(_ number: Int, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let date =
            "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
        let clock =
            "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
        return "\(date)T\(clock).\(padded(nanoseconds, 9))Z"
    }
}
