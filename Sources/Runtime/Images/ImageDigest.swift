// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CCurl

/// The SHA-256 of an image's bytes; its text is an image's id.
public struct ImageDigest: Hashable, Sendable, CustomStringConvertible {
    /// 64 hexadecimal digits, lower case.
    public let hex: String

    /// Parses `sha256:` and 64 hexadecimal digits, lower case; nil for anything else.
    public init?(_ text: String) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(hex: String(text.dropFirst("sha256:".count)))
    }

    /// Parses 64 hexadecimal digits, lower case; nil for anything else.
    public init?(hex: String) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy(Self.isDigit) else { return nil }
        self.hex = hex
    }

    /// The digest of some bytes.
    public init(of bytes: [UInt8]) {
        let stream = DigestStream()
        bytes.withUnsafeBytes { stream.update($0) }
        self = stream.finish()
    }

    fileprivate init(bytes: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// "sha256:…".
    public var description: String { "sha256:\(hex)" }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

/// Makes a digest of bytes that come one after another; its owner lets one thread at a time use it.
final class DigestStream: Sendable {
    nonisolated(unsafe) private let context: OpaquePointer

    init() {
        // nil only where there is no memory left, as with any object of Swift's.
        guard let context = ccurl_sha256_new() else { preconditionFailure("no memory for a digest") }
        self.context = context
    }

    deinit { ccurl_sha256_free(context) }

    func update(_ bytes: UnsafeRawBufferPointer) {
        ccurl_sha256_update(context, bytes.baseAddress, bytes.count)
    }

    /// The digest of all bytes; nothing may follow.
    func finish() -> ImageDigest {
        var digest = [UInt8](repeating: 0, count: 32)
        ccurl_sha256_finish(context, &digest)
        return ImageDigest(bytes: digest)
    }
}
