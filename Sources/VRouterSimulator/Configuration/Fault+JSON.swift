// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

extension Fault {
    private static let keys: Set<String> = ["kind", "method", "path", "times", "code", "milliseconds"]

    init(_ json: AgentJSON, at place: String) throws(ConfigurationError) {
        let reader = try ObjectReader(json, at: place, keys: Self.keys)
        let code = try reader.number("code", in: 100...999) ?? 503
        switch try reader.required("kind") {
        case "hang": kind = .hang
        case "close": kind = .close
        case "garbage": kind = .garbage
        case "halfReply": kind = .halfReply
        case "status": kind = .status(code)
        case "lateStatus": kind = .lateStatus(code)
        case "invalidMAC": kind = .invalidMAC
        case "delay": kind = .delay(try reader.number("milliseconds", in: 0...600_000) ?? 1000)
        case let other: throw reader.error("kind", "\(other) is not a kind of fault")
        }
        method = try reader.text("method")
        path = try reader.text("path") ?? "/"
        times = try reader.number("times", in: 1...1_000_000)
    }
}
