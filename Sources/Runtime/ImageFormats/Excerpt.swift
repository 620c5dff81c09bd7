// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A text from outside, shortened around the place that matters and safe to print.
///
/// What is not printable ASCII becomes `\u{...}`, except letters of other scripts and marks of omission. `at`: the
/// scalar that must be seen.
public func excerpt(_ text: String, at place: Int = 0, around: Int = 60) -> String {
    let scalars = text.unicodeScalars
    let skipped = max(0, place - around)
    guard let start = scalars.index(scalars.startIndex, offsetBy: skipped, limitedBy: scalars.endIndex) else {
        return ""
    }
    let end =
        scalars.index(scalars.startIndex, offsetBy: place + around, limitedBy: scalars.endIndex)
        ?? scalars.endIndex
    var shown = skipped > 0 ? "…" : ""
    for scalar in scalars[start..<end] {
        let isLetter =
            !scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
        if (32...126).contains(scalar.value) || isLetter || scalar == "…" {
            shown.unicodeScalars.append(scalar)
        } else {
            shown += "\\u{\(String(scalar.value, radix: 16))}"
        }
    }
    return end < scalars.endIndex ? shown + "…" : shown
}

/// A character in words, for messages.
public func characterName(_ scalar: Unicode.Scalar) -> String {
    switch scalar.value {
    case 0x20: "a space"
    case 0x09: "a tab"
    case 0x0A: "a line feed"
    case 0x0D: "a carriage return"
    case 0x21...0x7E: "\"\(scalar)\""
    default: scalar.properties.isAlphabetic ? "\"\(scalar)\"" : "the character U+\(hexadecimal(scalar.value))"
    }
}

private func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
