// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The request line and headers, read as strictly as http-parser 2.1 reads them.
struct HTTPHead {
    let method: String
    let target: Bytes
    private(set) var contentLength = 0
    private(set) var isChunked = false
    /// An Upgrade header, or CONNECT: what follows the head is not a body.
    private(set) var isUpgrade: Bool
    private var closes = false
    private var keepsAlive = false
    private let isVersion11: Bool

    private static let methods: Set<String> = [
        "DELETE", "GET", "HEAD", "POST", "PUT", "CONNECT", "OPTIONS", "TRACE", "COPY", "LOCK", "MKCOL",
        "MOVE",
        "PROPFIND", "PROPPATCH", "SEARCH", "UNLOCK", "REPORT", "MKACTIVITY", "CHECKOUT", "MERGE", "M-SEARCH",
        "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE", "PATCH", "PURGE",
    ]
    private static let separators = Set("()<>@,;:\\\"/[]?={} \t".utf8)

    /// Reads everything up to the empty line, without it; none if the parser would have given up.
    init?(_ text: ArraySlice<UInt8>) {
        var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)[...]
        guard let requestLine = lines.popFirst().flatMap(Self.withoutReturn) else { return nil }
        let words = requestLine.split(separator: 0x20)
        guard words.count == 2 || words.count == 3, requestLine.first != 0x20 else { return nil }
        method = Bytes(words[0]).text
        target = Bytes(words[1])
        isUpgrade = method == "CONNECT"
        guard Self.methods.contains(method), Self.isTarget(target, for: method) else { return nil }
        guard let version = words.count == 2 ? (0, 9) : Self.version(words[2]) else { return nil }
        isVersion11 = version >= (1, 1)
        var isFirst = true
        for line in lines {
            guard let line = Self.withoutReturn(line) else { return nil }
            if line.isEmpty { continue }
            let isContinuation = [0x20, 0x09].contains(line.first)
            guard isContinuation ? !isFirst : read(header: line) else { return nil }
            isFirst = false
        }
    }

    /// Whether another request may follow in the same read.
    var allowsNext: Bool {
        isVersion11 ? !closes : keepsAlive
    }

    private static func withoutReturn(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        return line.contains(UInt8(ascii: "\r")) ? nil : line
    }

    private static func isTarget(_ target: Bytes, for method: String) -> Bool {
        guard let first = target.first, target.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            return false
        }
        if first == UInt8(ascii: "/") || first == UInt8(ascii: "*") || method == "CONNECT" { return true }
        let scheme = target.prefix(while: \.isLetter)
        return !scheme.isEmpty && target[scheme.endIndex...].starts(with: "://".utf8)
    }

    private static func version(_ word: ArraySlice<UInt8>) -> (Int, Int)? {
        guard word.starts(with: "HTTP/".utf8) else { return nil }
        let numbers = word.dropFirst(5).split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard numbers.count == 2,
            numbers.allSatisfy({ (1...3).contains($0.count) && $0.allSatisfy(\.isDigit) }),
            let major = Int(Bytes(numbers[0]).text), let minor = Int(Bytes(numbers[1]).text)
        else { return nil }
        return (major, minor)
    }

    private mutating func read(header line: ArraySlice<UInt8>) -> Bool {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy({ (0x21...0x7e).contains($0) && !Self.separators.contains($0) })
        else { return false }
        let name = Bytes(line[..<colon]).text.lowercased()
        let value = Bytes(line[(colon + 1)...].drop { $0 == 0x20 || $0 == 0x09 })
        let word = value.text.lowercased().split(separator: " ").first ?? ""
        switch name {
        case "content-length":
            guard let length = Self.length(value) else { return false }
            contentLength = length
        case "transfer-encoding": isChunked = isChunked || word == "chunked"
        case "upgrade": isUpgrade = true
        case "connection", "proxy-connection":
            closes = closes || word == "close"
            keepsAlive = keepsAlive || word == "keep-alive"
        default: break
        }
        return true
    }

    private static func length(_ value: Bytes) -> Int? {
        guard value.first?.isDigit == true, value.allSatisfy({ $0.isDigit || $0 == 0x20 }) else { return nil }
        return Int(value.filter(\.isDigit).text)
    }
}
