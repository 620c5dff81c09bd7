// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ImageFormats

/// What servers write into `Content-Encoding`.
enum ContentEncoding {
    /// Words for "as it is": RFC 9110's, and those that servers and object stores send although nothing is encoded.
    private static let asItIs: Set<String> = [
        "", "identity", "x-identity", "none", "binary", "7bit", "8bit", "utf-8", "us-ascii", "iso-8859-1",
        // Amazon's stores frame uploads by it and keep the word.
        "aws-chunked",
    ]

    /// The encodings of a header that must be undone, as the server wrote them; nil where there is none.
    static func real(_ header: String) -> String? {
        let words = header.split(separator: ",").map { word in
            word.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        let real = words.filter { !asItIs.contains($0.lowercased()) }
        return real.isEmpty ? nil : excerpt(real.joined(separator: ", "))
    }
}
