// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import BoundedYAML
import FoundationEssentials

/// A file that cloud-init writes in the guest (module write_files); owned by root.
public struct GuestFile: Hashable, Sendable {
    /// The absolute path in the guest.
    public var path: String
    /// The content.
    public var content: Content
    /// The permission bits.
    public var mode: UInt16

    /// What is in a file.
    public enum Content: Hashable, Sendable {
        /// Text, written as such.
        case text(String)
        /// Any bytes, written as base64.
        case bytes([UInt8])
    }

    /// A file of text.
    public init(path: String, content: String, mode: UInt16 = 0o644) {
        self.path = path
        self.content = .text(content)
        self.mode = mode
    }

    /// A file of any bytes.
    public init(path: String, bytes: [UInt8], mode: UInt16 = 0o644) {
        self.path = path
        content = .bytes(bytes)
        self.mode = mode
    }

    /// Its entry in write_files.
    var entry: YAMLNode {
        let facts: [(String, YAMLNode)] = [
            ("path", .text(path)), ("permissions", .text("0" + String(mode, radix: 8))),
        ]
        switch content {
        case .text(let text): return .keys(facts + [("content", .text(text))])
        case .bytes(let bytes):
            let text = Data(bytes).base64EncodedString()
            return .keys(facts + [("encoding", .text("b64")), ("content", .text(text))])
        }
    }
}

extension GuestFile {
    /// The file of environment variables, where Virtlet had it.
    public static let environmentPath = "/etc/cloud/environment"

    /// The variables as assignments that sh, by `.`, and systemd, by EnvironmentFile=, read alike; nil where there are
    /// none.
    ///
    /// Values of letters, digits and harmless marks stand as they are, as Virtlet wrote all; any other stands in
    /// double quotes, with a backslash before what is special in them (POSIX, Shell Command Language, 2.2.3;
    /// systemd.exec(5)). A name that no shell takes is left out, and a comment tells so: one such line would end a
    /// script that reads the file.
    public static func environment(_ variables: [(name: String, value: String)]) -> GuestFile? {
        guard !variables.isEmpty else { return nil }
        let lines = variables.map { name, value in
            isVariable(name)
                ? "\(name)=\(quoted(value))\n"
                : "# \(printable(name)) is left out: it is not a valid shell variable\n"
        }
        return GuestFile(path: environmentPath, content: lines.joined())
    }

    private static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, !isDigit(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
    }

    private static func quoted(_ value: String) -> String {
        if value.utf8.allSatisfy({ isLetter($0) || isDigit($0) || "_-./:@%+,=".utf8.contains($0) }) {
            return value
        }
        var quoted: [UInt8] = [UInt8(ascii: "\"")]
        for byte in value.utf8 {
            if "\"\\$`".utf8.contains(byte) { quoted.append(UInt8(ascii: "\\")) }
            quoted.append(byte)
        }
        quoted.append(UInt8(ascii: "\""))
        return String(decoding: quoted, as: UTF8.self)
    }

    /// A name that can't leave its comment.
    private static func printable(_ name: String) -> String {
        let bytes = name.utf8.prefix(64).map { byte in
            isLetter(byte) || isDigit(byte) || "_-.".utf8.contains(byte) ? byte : UInt8(ascii: "?")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
