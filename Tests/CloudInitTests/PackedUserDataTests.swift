// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CloudInit
import Foundation
import TestSupport
import Testing

@Suite struct PackedUserDataTests {
    /// What `gzip -9n` makes of "#cloud-config\\nruncmd: [[theirs]]\\n".
    static let packed = "H4sIAAAAAAACA1NOzskvTdFNzs9Ly0znKirNS85NsVKIji7JSM0sKo6N5QIA04NXTiEAAAA="
    private static let text = "#cloud-config\nruncmd: [[theirs]]\n"

    private func bytes(_ base64: String) throws -> [UInt8] {
        [UInt8](try present(Data(base64Encoded: base64, options: .ignoreUnknownCharacters)))
    }

    private func refusal(_ bytes: [UInt8]) -> String {
        let error = #expect(throws: CloudInitError.self) { try UserText(packed: bytes, from: "a test") }
        return error?.description ?? ""
    }

    @Test func `user-data is taken as it is, in gzip, and in gzip and base64`() throws {
        let gzip = try bytes(Self.packed)
        var broken = Self.packed
        broken.insert("\n", at: broken.index(broken.startIndex, offsetBy: 20))
        for form in [Array(Self.text.utf8), gzip, Array(Self.packed.utf8), Array(broken.utf8)] {
            #expect(try UserText(packed: form, from: "a test").text == Self.text)
        }
        // Two members are one text, as in gzip itself.
        #expect(try UserText(packed: gzip + gzip, from: "a test").text == Self.text + Self.text)
    }

    @Test func `gzip that is cut short or changed is refused`() throws {
        let gzip = try bytes(Self.packed)
        for length in 2..<gzip.count {
            #expect(refusal(Array(gzip[..<length])).contains("gzip is damaged or cut short"))
        }
        var changed = gzip
        changed[gzip.count - 6] ^= 1
        #expect(refusal(changed).contains("damaged"))
        #expect(refusal(Array("H4sI*".utf8)).contains("a character of it is not of base64"))
    }

    @Test(.timeLimit(.minutes(1)))
    func `what unpacks to more than a text may have is refused`() throws {
        // 64 KiB of zeros, again and again.
        let member = try bytes(
            "H4sIAAAAAAACA+3BAQEAAACAkP6v7ggKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAauuOl9cAAAEA"
        )
        let bomb = (0..<10_000).flatMap { _ in member }
        #expect(refusal(bomb).contains("longer than 1048576 bytes when it is unpacked"))
    }

    @Test func `bytes that are no text are refused, naming the source`() {
        #expect(
            refusal([0xFF, 0xFE, 0x00]).hasPrefix(
                "read the user-data of a test: it is neither UTF-8 text nor gzip"
            )
        )
        #expect(refusal([0x61, 0x00]).contains("neither UTF-8 text nor gzip"))
        #expect(
            refusal([UInt8](repeating: 0x61, count: UserText.mostBytes + 1)).contains(
                "longer than 1048576 bytes"
            )
        )
    }
}
