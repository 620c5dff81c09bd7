// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// What the agent makes of the bytes of one connection.
///
/// The agent feeds its parser one read at a time, asks once after each read whether a message is complete, and starts
/// anew then. Hence: of several requests in one read the last method and target win and the bodies are joined; what
/// follows a complete message in the same read is dropped; and after a syntax error nothing is ever answered.
struct HTTPParser {
    private static let longestHead = 80 * 1024

    private enum State {
        case head
        case body(Int)
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailer
        /// After a message that asks to close: only line ends may follow.
        case closed
        case dead
    }

    private var state = State.head
    private var pending: Bytes = []
    private var request = HTTPRequest()
    private var isComplete = false
    private var allowsNext = true

    /// - Returns: the request that this read completed, if any.
    mutating func read(_ buffer: ArraySlice<UInt8>) -> HTTPRequest? {
        var rest = buffer
        while !rest.isEmpty, step(&rest) {}
        guard isComplete else { return nil }
        let result = request
        self = HTTPParser()
        return result
    }

    /// Takes some of the rest; false if the parser stops.
    private mutating func step(_ rest: inout ArraySlice<UInt8>) -> Bool {
        switch state {
        case .dead: return false
        case .closed:
            guard let first = rest.popFirst(), first == 0x0a || first == 0x0d else { return fail() }
        case .head: return takeHead(&rest)
        case .body(let length):
            take(length, of: &rest) {
                .body($0)
            } end: {
                $0.complete()
            }
        case .chunk(let length):
            take(length, of: &rest) {
                .chunk($0)
            } end: {
                $0.state = .chunkEnd
            }
        case .chunkSize, .chunkEnd, .trailer:
            guard let line = takeLine(&rest) else { return !isTooLong || fail() }
            return takeChunkLine(line)
        }
        return true
    }

    private mutating func takeHead(_ rest: inout ArraySlice<UInt8>) -> Bool {
        if pending.isEmpty {
            rest = rest.drop { $0 == 0x0a || $0 == 0x0d }
        }
        while let line = takeLine(&rest, keep: true) {
            if isTooLong { return fail() }
            guard line.isEmpty else { continue }
            guard let head = HTTPHead(pending.dropLast(1)) else { return fail() }
            pending = []
            return begin(head)
        }
        return !isTooLong || fail()
    }

    private mutating func begin(_ head: HTTPHead) -> Bool {
        request.method = head.method
        request.target = head.target
        allowsNext = head.allowsNext
        if head.isUpgrade {
            complete()
            return false
        }
        if head.isChunked {
            state = .chunkSize
        } else if head.contentLength > 0 {
            state = .body(head.contentLength)
        } else {
            complete()
        }
        return true
    }

    private mutating func takeChunkLine(_ line: Bytes) -> Bool {
        switch state {
        case .chunkEnd:
            guard line.isEmpty else { return fail() }
            state = .chunkSize
        case .chunkSize:
            let digits = line.prefix { $0.hexValue != nil }
            guard !digits.isEmpty, let size = Int(Bytes(digits).text, radix: 16),
                digits.count == line.count || [0x20, UInt8(ascii: ";")].contains(line[digits.endIndex])
            else { return fail() }
            state = size == 0 ? .trailer : .chunk(size)
        default:
            if line.isEmpty { complete() }
        }
        return true
    }

    private mutating func take(
        _ length: Int,
        of rest: inout ArraySlice<UInt8>,
        next: (Int) -> State,
        end: (inout HTTPParser) -> Void
    ) {
        let part = rest.prefix(length)
        request.body += part
        rest = rest.dropFirst(part.count)
        if part.count == length { end(&self) } else { state = next(length - part.count) }
    }

    /// A line without its end, once it is whole.
    ///
    /// With `keep` it also stays in ``pending``, with its end.
    private mutating func takeLine(_ rest: inout ArraySlice<UInt8>, keep: Bool = false) -> Bytes? {
        guard let end = rest.firstIndex(of: 0x0a) else {
            pending += rest
            rest = []
            return nil
        }
        pending += rest[...end]
        rest = rest[(end + 1)...]
        let start = keep ? (pending.dropLast().lastIndex(of: 0x0a).map { $0 + 1 } ?? 0) : 0
        var line = Bytes(pending[start...].dropLast())
        if line.last == 0x0d { line.removeLast() }
        if !keep { pending = [] }
        return line
    }

    private var isTooLong: Bool { pending.count > Self.longestHead }

    private mutating func complete() {
        isComplete = true
        state = allowsNext ? .head : .closed
    }

    private mutating func fail() -> Bool {
        state = .dead
        return false
    }
}
