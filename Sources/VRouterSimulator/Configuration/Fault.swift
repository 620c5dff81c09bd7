// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A fault injected into the replies to some requests.
struct Fault: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        /// No reply; the connection stays open.
        case hang
        /// The connection is closed without a reply; the request is not carried out.
        case close
        /// Bytes that are no HTTP.
        case garbage
        /// The first half of the true reply, then the end of the connection.
        case halfReply
        /// The request is not carried out, and this code is the answer.
        case status(Int)
        /// The request is carried out, and this code is the answer.
        case lateStatus(Int)
        /// Every MAC in the reply is replaced by text that is none.
        case invalidMAC
        /// The true reply after so many milliseconds.
        case delay(Int)
    }

    let kind: Kind
    /// Any method if absent.
    let method: String?
    /// How the path must begin.
    let path: String
    /// How many requests it still hits; for ever if absent.
    var times: Int?

    func matches(_ request: HTTPRequest) -> Bool {
        times != 0 && (method == nil || method == request.method) && request.path.starts(with: path.utf8)
    }
}
