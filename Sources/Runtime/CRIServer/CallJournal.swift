// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import Logging
import Pods

/// Notes calls in the log: those that change something a line each, the others only where somebody looks for them.
struct CallJournal: Sendable {
    let log: Logger
    let counts: CallCounts

    /// Notes how a call ended.
    ///
    /// `subject`: ids and names, as `key=value`; nil for a call that changes nothing.
    func note(_ call: String, _ subject: String?, since start: ContinuousClock.Instant, _ outcome: Outcome) {
        counts.note(call, outcome)
        let passed = start.duration(to: .now)
        let milliseconds = passed / .milliseconds(1)
        let line = "\(call) \(subject.map { "\($0) " } ?? "")ms=\(Int(milliseconds.rounded()))"
        switch outcome {
        case .done: log.log(level: subject == nil ? .debug : .info, "\(line)")
        case .abandoned: log.log(level: subject == nil ? .debug : .notice, "\(line) the caller has gone")
        case .failed(let error):
            log.log(
                level: subject == nil ? .debug : .warning,
                "\(line) \(error.kind.rawValue): \(error.message)"
            )
        }
    }

    /// How a call ended.
    enum Outcome {
        case done
        case abandoned
        case failed(PodServiceError)
    }

    /// A text from a request as it may stand in a line: short, and without what ends one.
    static func printable(_ text: String) -> String {
        let short = PodServiceError.shortened(text)
        guard short.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            return short
        }
        return String(
            String.UnicodeScalarView(
                short.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }
            )
        )
    }
}

extension PodServiceError {
    /// The same as a status of gRPC; long words are cut, for a status travels in a header.
    var status: RPCError {
        let limit = 2000
        let text =
            message.utf8.count <= limit
            ? message : String(decoding: message.utf8.prefix(limit), as: UTF8.self) + "…"
        return RPCError(code: code, message: text)
    }

    private var code: RPCError.Code {
        switch kind {
        case .notFound: .notFound
        case .invalidArgument: .invalidArgument
        case .failedPrecondition: .failedPrecondition
        case .unavailable: .unavailable
        case .alreadyExists: .alreadyExists
        case .resourceExhausted: .resourceExhausted
        case .unimplemented: .unimplemented
        case .internalError: .internalError
        case .deadlineExceeded: .deadlineExceeded
        }
    }
}
