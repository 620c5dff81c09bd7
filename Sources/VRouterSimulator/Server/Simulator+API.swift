// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Requests and the faults in their replies.
extension Simulator {
    func receive(_ bytes: ArraySlice<UInt8>, _ number: UInt64, _ channel: Channel) {
        let start = AgentClock.monotonic()
        guard let request = channel.parser.read(bytes) else { return }
        let code = answer(request, number, channel)
        statistics.count(request, code: code, nanoseconds: AgentClock.monotonic() - start)
    }

    /// - Returns: the code, if there was an honest reply.
    private func answer(_ request: HTTPRequest, _ number: UInt64, _ channel: Channel) -> Int? {
        guard let fault = takeFault(for: request) else {
            let reply = agent.reply(to: request)
            // Who closes its side too early goes without: the agent closes at the end of the input.
            if Socket.isAtEnd(channel.fd) { channel.close() } else { channel.send(reply.bytes) }
            return reply.code
        }
        switch fault {
        case .hang: break
        case .close: channel.close()
        case .garbage: channel.send(Bytes("\u{16}\u{3}\u{1} this is not HTTP\r\n\r\n"))
        case .halfReply:
            let bytes = agent.reply(to: request).bytes
            channel.send(Bytes(bytes.prefix(bytes.count / 2)), thenClose: true)
        case .status(let code): channel.send(Self.refusal(code).bytes)
        case .lateStatus(let code):
            _ = agent.reply(to: request)
            channel.send(Self.refusal(code).bytes)
        case .invalidMAC:
            var reply = agent.reply(to: request)
            reply.body = Self.spoilMACs(in: reply.body)
            channel.send(reply.bytes)
        case .delay(let milliseconds):
            let bytes = agent.reply(to: request).bytes
            timers.add(milliseconds: milliseconds, .send(number, bytes, thenClose: false))
        }
        return nil
    }

    private func takeFault(for request: HTTPRequest) -> Fault.Kind? {
        guard let index = faults.firstIndex(where: { $0.matches(request) }) else { return nil }
        let kind = faults[index].kind
        if let times = faults[index].times {
            if times > 1 { faults[index].times = times - 1 } else { faults.remove(at: index) }
        }
        return kind
    }

    private static func refusal(_ code: Int) -> HTTPReply {
        HTTPReply(error: Bytes("{ Refused by the simulator }"), code: code)
    }

    /// Replaces the value of every "mac-address".
    static func spoilMACs(in body: Bytes) -> Bytes {
        let key = Bytes("\"mac-address\": \"")
        var result: Bytes = []
        var rest = body[...]
        while let range = rest.firstRange(of: key) {
            result += rest[..<range.upperBound]
            result += Bytes("not-a-mac")
            rest = rest[range.upperBound...].drop { $0 != UInt8(ascii: "\"") }
        }
        return result + rest
    }
}
