// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// Strings are read and written eight bytes at a time: each byte must be seen at each place.
@Suite struct JSONTextTests {
    @Test func `each ASCII byte at each place of a string comes back as it was`() throws {
        for byte in UInt8(0)..<0x80 {
            for length in 1...19 {
                for place in 0..<length {
                    var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: length)
                    bytes[place] = byte
                    let string = String(decoding: bytes, as: UTF8.self)
                    let text = JSONValue.string(string).serialized()
                    #expect(
                        try JSONValue(parsing: text) == .string(string),
                        "byte \(byte) at \(place) of \(length)"
                    )
                    let isEscaped = byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                    #expect((text.count > length + 2) == isEscaped, "byte \(byte) at \(place) of \(length)")
                }
            }
        }
    }

    @Test func `special bytes side by side, and bytes of other alphabets, come back as they were`() throws {
        for string in [
            "\"\"\"\"\"\"\"\"\"", "\\\\\\\\\\\\\\\\\\", "\u{1}\"\\\u{1F}!\" #\u{20}\u{21}",
            "Größe §5 → 東京 \u{1F600}\n\"x\"", "",
        ] {
            let text = JSONValue.string(string).serialized()
            #expect(try JSONValue(parsing: text) == .string(string))
        }
    }

    @Test func `a control character is refused wherever it stands`() {
        for place in 0..<17 {
            var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 17)
            bytes[place] = 0x1F
            #expect(throws: JSONError.self) {
                try JSONValue(parsing: [UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")])
            }
        }
    }
}
