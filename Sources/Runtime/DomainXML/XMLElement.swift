// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// An XML element of ours.
///
/// All text goes through one escape, so no value can end its place.
struct XMLElement {
    let name: String
    let attributes: [(String, String)]
    private(set) var children: [XMLElement]
    let text: String?

    /// An element with attributes and child elements.
    init(_ name: String, _ attributes: [(String, String)] = [], _ children: [XMLElement] = []) {
        self.name = name
        self.attributes = attributes
        self.children = children
        text = nil
    }

    /// An element that holds a text.
    init(_ name: String, _ attributes: [(String, String)] = [], text: String) {
        self.name = name
        self.attributes = attributes
        children = []
        self.text = text
    }

    /// The element with one more in it.
    func with(_ child: XMLElement) -> XMLElement { XMLElement(name, attributes, children + [child]) }

    /// The element and what is in it, an element a line.
    func serialized(indent: String = "") -> String {
        var line = indent + "<" + name
        for (key, value) in attributes { line += " \(key)='\(Self.escaped(value))'" }
        if let text { return line + ">" + Self.escaped(text) + "</\(name)>\n" }
        guard !children.isEmpty else { return line + "/>\n" }
        line += ">\n"
        for child in children { line += child.serialized(indent: indent + "  ") }
        return line + indent + "</\(name)>\n"
    }

    /// A text in which nothing has a meaning for XML.
    ///
    /// Characters that XML 1.0 cannot hold at all become U+FFFD (https://www.w3.org/TR/xml/#charsets).
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "'": escaped += "&apos;"
            case "\"": escaped += "&quot;"
            case "\t", "\n", "\r": escaped += "&#\(scalar.value);"
            case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
