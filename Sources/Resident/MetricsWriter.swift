// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Writes Prometheus' text format.
public struct MetricsWriter {
    /// The text so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty text.
    public init() {}

    /// Makes room for so many bytes.
    public mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

    /// The two lines before a metric's samples.
    public mutating func metric(_ name: String, _ type: String, _ help: String) {
        append("# HELP \(name) \(help)\n# TYPE \(name) \(type)\n")
    }

    /// A metric with one sample and no labels.
    public mutating func single(_ name: String, _ type: String, _ help: String, _ value: Int) {
        metric(name, type, help)
        sample(name, [], value)
    }

    /// A sample with labels.
    public mutating func sample(_ name: String, _ labels: [(String, String)], _ value: Int) {
        sample(name, labels, "\(value)")
    }

    /// A sample with labels, whose value is written already.
    public mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
        append(name)
        for (index, label) in labels.enumerated() {
            append(index == 0 ? "{" : ",")
            append(label.0)
            append("=\"")
            escaped(label.1)
            append("\"")
        }
        append(labels.isEmpty ? " \(value)\n" : "} \(value)\n")
    }

    /// A label's value: backslash, quote and line feed are escaped.
    private mutating func escaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): append("\\\\")
            case UInt8(ascii: "\""): append("\\\"")
            case 0x0A: append("\\n")
            default: bytes.append(byte)
            }
        }
    }

    private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }
}
