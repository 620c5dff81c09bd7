// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Kubernetes' notation of sizes: 512Mi, 10G, 1e9.
///
/// See https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
enum Quantity {
    private static let factors: [String: Int64] = [
        "": 1, "k": 1_000, "M": 1_000_000, "G": 1_000_000_000, "T": 1_000_000_000_000,
        "P": 1_000_000_000_000_000, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40,
        "Pi": 1 << 50,
    ]

    /// A whole number of bytes, a fraction rounded up; nil where the text is not a quantity, or too large.
    static func bytes(_ text: String) -> Int64? {
        let digits = text.prefix { ("0"..."9").contains($0) || $0 == "." }
        let suffix = text.dropFirst(digits.count)
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let first = parts.first, let whole = Int64(first) else {
            return nil
        }
        guard let factor = factor(String(suffix)) else { return nil }
        let (product, isOver) = whole.multipliedReportingOverflow(by: factor)
        guard !isOver else { return nil }
        guard parts.count == 2, !parts[1].isEmpty else { return parts.count == 1 ? product : nil }
        // Nine digits of a fraction are enough for bytes of anything that a node has.
        var fraction: Int64 = 0
        var scale: Int64 = 1
        for digit in parts[1].prefix(9) {
            fraction = fraction * 10 + Int64(digit.wholeNumberValue ?? 0)
            scale *= 10
        }
        let part = (Double(fraction) / Double(scale) * Double(factor)).rounded(.up)
        let (sum, isTooLarge) = product.addingReportingOverflow(Int64(part))
        return isTooLarge ? nil : sum
    }

    private static func factor(_ suffix: String) -> Int64? {
        if let factor = factors[suffix] { return factor }
        guard let mark = suffix.first, mark == "e" || mark == "E", let exponent = Int(suffix.dropFirst()),
            (0...18).contains(exponent)
        else { return nil }
        return (0..<exponent).reduce(1) { product, _ in product * 10 }
    }
}
