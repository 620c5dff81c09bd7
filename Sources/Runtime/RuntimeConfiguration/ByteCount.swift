// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A number of bytes, as Kubernetes writes it: `134217728`, `128Mi`, `1Gi`.
public struct ByteCount: Hashable, Sendable {
    /// The number.
    public let bytes: Int64

    private static let units: [(suffix: String, bytes: Int64)] = [
        ("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10), ("", 1),
    ]

    /// A number of bytes.
    public init(_ bytes: Int64) { self.bytes = bytes }

    /// Reads a number and its suffix; nil where it is neither, or too large.
    public init?(_ text: String) {
        for unit in Self.units where text.hasSuffix(unit.suffix) {
            let digits = text.dropLast(unit.suffix.count)
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int64(digits)
            else { return nil }
            let (bytes, isTooLarge) = number.multipliedReportingOverflow(by: unit.bytes)
            guard !isTooLarge else { return nil }
            self.bytes = bytes
            return
        }
        return nil
    }

    /// The shortest text that means it.
    public var text: String {
        let unit = Self.units.first { bytes != 0 && bytes % $0.bytes == 0 } ?? ("", 1)
        return "\(bytes / unit.bytes)\(unit.suffix)"
    }
}
