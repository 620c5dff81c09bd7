// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Figures since the start or the last reset.
struct Statistics {
    private(set) var requests = 0
    private(set) var calls: [String: Int] = [:]
    private(set) var codes: [Int: Int] = [:]
    /// From the end of the read that completed a request until its reply was handed to the kernel.
    private(set) var nanoseconds: Int64 = 0
    private(set) var longestNanoseconds: Int64 = 0

    mutating func count(_ request: HTTPRequest, code: Int?, nanoseconds spent: Int64) {
        requests += 1
        calls[Self.label(request), default: 0] += 1
        if let code { codes[code, default: 0] += 1 }
        nanoseconds += spent
        longestNanoseconds = max(longestNanoseconds, spent)
    }

    /// Method and first part of the path.
    private static func label(_ request: HTTPRequest) -> String {
        let noun = request.path.dropFirst().prefix { $0 != UInt8(ascii: "/") }.prefix(32)
        return "\(request.method) /\(Bytes(noun).text)"
    }

    var controlValue: ControlValue {
        .object([
            ("requests", .number(requests)),
            ("calls", .object(calls.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) })),
            ("codes", .object(codes.sorted { $0.key < $1.key }.map { (String($0.key), .number($0.value)) })),
            ("microseconds", .number(Int(nanoseconds / 1000))),
            ("longestMicroseconds", .number(Int(longestNanoseconds / 1000))),
        ])
    }
}
