// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The few things that are read out of XML that libvirt itself wrote.
struct DomainText {
    private let text: Substring

    init(_ text: String) { self.text = text[...] }

    /// The terminal of the first serial device.
    var consoleTerminal: String? {
        guard let serial = after("<serial type='pty'", in: text), let source = after("<source", in: serial)
        else {
            return nil
        }
        return attribute("path", in: source)
    }

    /// The attribute `owner` of our mark.
    var owner: String? { attribute("owner", in: text) }
    /// The attribute `name` of our mark: the domain that it was made for.
    var name: String? { attribute("name", in: text) }

    private func attribute(_ name: String, in text: Substring) -> String? {
        guard let start = after(" \(name)=", in: text), let quote = start.first, quote == "'" || quote == "\""
        else {
            return nil
        }
        let value = start.dropFirst()
        guard let end = value.firstIndex(of: quote) else { return nil }
        return String(value[..<end])
    }

    private func after(_ pattern: String, in text: Substring) -> Substring? {
        text.firstRange(of: pattern).map { text[$0.upperBound...] }
    }
}
