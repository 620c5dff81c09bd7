// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// An HTTP/1.1 answer, parsed from bytes as they arrive (RFC 9112).
///
/// Knows Content-Length and chunked bodies.
struct HTTPResponse: Hashable, Sendable {
    /// The status code.
    ///
    /// The agent's reason phrase is always "OK" and says nothing.
    let status: Int
    /// The body.
    let body: [UInt8]
    /// Whether the connection can't be used again.
    let isLast: Bool

    /// How far an answer has arrived.
    enum Progress {
        case incomplete
        case complete(HTTPResponse)
        case garbled(String)
    }

    static let mostHeaderBytes = 16_384
    static let mostBodyBytes = 1 << 20
    /// Header and body, and what the chunks' own lines take.
    static let mostBytes = 2 * mostBodyBytes

    /// Looks at what has arrived so far.
    static func parse(_ bytes: [UInt8]) -> Progress {
        guard let header = headerEnd(bytes) else {
            if bytes.count > mostHeaderBytes {
                return .garbled("the header is longer than \(mostHeaderBytes) bytes")
            }
            if !bytes.isEmpty, !isBeginning(bytes) { return .garbled("it is not HTTP/1.1") }
            return .incomplete
        }
        guard bytes.count <= mostBytes else { return .garbled("it is longer than \(mostBytes) bytes") }
        // An empty first line is not a status line either.
        let parts = bytes[..<header].split(separator: 0x0A, omittingEmptySubsequences: false)
        var lines = parts.map { $0.last == 0x0D ? $0.dropLast() : $0 }[...]
        guard let first = lines.popFirst(), let status = status(first) else {
            return .garbled("it is not HTTP/1.1")
        }
        var length: Int?
        var isChunked = false
        var isLast = false
        for line in lines where !line.isEmpty {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                return .garbled("a header without ':'")
            }
            let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
            let value = String(decoding: trimmed(line[(colon + 1)...]), as: UTF8.self).lowercased()
            switch name {
            case "content-length":
                guard let number = number(value.utf8, radix: 10) else {
                    return .garbled("Content-Length is not a number up to \(mostBodyBytes)")
                }
                length = number
            case "transfer-encoding": isChunked = value == "chunked"
            case "connection": isLast = value == "close"
            default: break
            }
        }
        if isChunked { return chunked(bytes, from: header, status: status, isLast: isLast) }
        guard let length else { return .garbled("there is no Content-Length") }
        guard bytes.count >= header + length else { return .incomplete }
        return .complete(
            HTTPResponse(
                status: status,
                body: Array(bytes[header..<(header + length)]),
                isLast: isLast || bytes.count > header + length
            )
        )
    }

    private static func chunked(_ bytes: [UInt8], from header: Int, status: Int, isLast: Bool) -> Progress {
        var body: [UInt8] = []
        var offset = header
        while true {
            guard let end = bytes[offset...].firstIndex(of: 0x0A) else { return .incomplete }
            var line = bytes[offset..<end]
            if line.last == 0x0D { line.removeLast() }
            line = line.prefix { $0 != UInt8(ascii: ";") }
            while line.last == 0x20 { line.removeLast() }
            guard let size = number(line, radix: 16), body.count + size <= mostBodyBytes else {
                return .garbled("a chunk's size is not a number up to \(mostBodyBytes)")
            }
            offset = end + 1
            guard bytes.count >= offset + size + 2 else { return .incomplete }
            if size == 0 {
                let isSurplus =
                    bytes.count > offset + 2 || bytes[offset] != 0x0D || bytes[offset + 1] != 0x0A
                return .complete(HTTPResponse(status: status, body: body, isLast: isLast || isSurplus))
            }
            body += bytes[offset..<(offset + size)]
            offset += size + 2
            guard bytes[offset - 2] == 0x0D, bytes[offset - 1] == 0x0A else {
                return .garbled("a chunk is longer than its size")
            }
        }
    }

    /// A number of digits only, up to the longest body: Swift's own conversions take a sign, too.
    private static func number(_ digits: some Collection<UInt8>, radix: Int) -> Int? {
        guard (1...20).contains(digits.count) else { return nil }
        var number = 0
        for byte in digits {
            let digit: Int
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = Int(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = Int(byte - UInt8(ascii: "a")) + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = Int(byte - UInt8(ascii: "A")) + 10
            default: return nil
            }
            number = number * radix + digit
            guard digit < radix, number <= mostBodyBytes else { return nil }
        }
        return number
    }

    /// The offset behind the empty line.
    private static func headerEnd(_ bytes: [UInt8]) -> Int? {
        var index = 0
        let end = min(bytes.count, mostHeaderBytes)
        while index + 3 < end {
            if bytes[index] == 0x0D, bytes[index + 1] == 0x0A, bytes[index + 2] == 0x0D,
                bytes[index + 3] == 0x0A
            {
                return index + 4
            }
            index += 1
        }
        return nil
    }

    private static func isBeginning(_ bytes: [UInt8]) -> Bool {
        zip(bytes, "HTTP/1.".utf8).allSatisfy { $0 == $1 }
    }

    private static func status(_ line: ArraySlice<UInt8>) -> Int? {
        // "HTTP/1.1 404", then nothing or a blank and the reason.
        let parts = line.split(separator: 0x20, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].starts(with: "HTTP/1.".utf8), parts[0].count == 8 else { return nil }
        return parts[1].count == 3 ? number(parts[1], radix: 10) : nil
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }
}
