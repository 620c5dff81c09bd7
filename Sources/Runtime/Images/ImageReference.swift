// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import ImageFormats

/// The name of an image: `name`, `name:tag` or `name@sha256:digest`.
///
/// The name follows the rules of container images' names: components of lower-case letters, digits, and `.`, `_`,
/// `__` or hyphens between them, joined by slashes; the first one may be a host with a port. A tag in front of a
/// digest says nothing and is dropped. `virtlet.cloud/` in front, by which kubelets told VM images from others,
/// is dropped, too.
public struct ImageReference: Hashable, Sendable, CustomStringConvertible {
    /// The name without tag and digest.
    public let name: String
    /// The tag; `latest` where none was given, nil where there is a digest.
    public let tag: String?
    /// The digest that the content must have.
    public let digest: ImageDigest?

    /// The longest name, in bytes.
    public static let mostBytes = 255

    /// Parses a name.
    /// - Throws: `invalidName` with what is wrong.
    public init(_ text: String) throws(ImageError) {
        // `at`: the scalar that is wrong, which the message shows.
        func refuse(_ reason: String, at place: Int = 0, advice: String? = nil) -> ImageError {
            let shown = excerpt(text, at: place, around: place == 0 ? 100 : 50)
            return ImageError(.invalidName, "take \"\(shown)\" for an image's name", reason, advice: advice)
        }
        var rest = Substring(text)
        if rest.hasPrefix(Self.formerPrefix) { rest = rest.dropFirst(Self.formerPrefix.count) }
        guard !rest.contains("://") else {
            throw refuse(
                "it is a URL, and names have no scheme",
                advice:
                    "Leave out what is before the host, and the query; a translation leads from a name to any URL."
            )
        }
        var digest: ImageDigest?
        if let at = rest.firstIndex(of: "@") {
            digest = ImageDigest(String(rest[rest.index(after: at)...]))
            guard digest != nil else {
                let place = text.unicodeScalars.prefix { $0 != "@" }.count
                throw refuse(
                    "what follows @ is not sha256: and 64 hexadecimal digits in lower case",
                    at: place + 1
                )
            }
            rest = rest[..<at]
        }
        var tag: String?
        let lastSlash = rest.lastIndex(of: "/") ?? rest.startIndex
        if let colon = rest[lastSlash...].lastIndex(of: ":") {
            let given = String(rest[rest.index(after: colon)...])
            guard Self.isTag(given) else {
                throw refuse(Self.tagReason(given), at: Self.place(of: given, in: text))
            }
            tag = given
            rest = rest[..<colon]
        }
        guard !rest.isEmpty else { throw refuse("it is empty") }
        guard rest.utf8.count <= Self.mostBytes else {
            throw refuse(
                "it has \(rest.utf8.count) bytes without tag and digest; \(Self.mostBytes) are allowed"
            )
        }
        let components = rest.split(separator: "/", omittingEmptySubsequences: false)
        for (index, component) in components.enumerated() {
            if Self.isComponent(component) { continue }
            if index == 0, components.count > 1, Self.isHost(component) { continue }
            let before = components[..<index].reduce(0) { $0 + $1.unicodeScalars.count + 1 }
            let start = text.hasPrefix(Self.formerPrefix) ? Self.formerPrefix.unicodeScalars.count : 0
            let (reason, place) = Self.reason(component)
            throw refuse(reason, at: start + before + place)
        }
        guard components.count > 1 || ImageDigest(hex: String(rest)) == nil else {
            throw refuse("64 hexadecimal digits are an image's id, not its name")
        }
        name = String(rest)
        self.tag = digest == nil ? tag ?? "latest" : nil
        self.digest = digest
    }

    /// The whole name: `name:tag` or `name@sha256:…`.
    public var description: String {
        if let digest { return "\(name)@\(digest)" }
        return "\(name):\(tag ?? "latest")"
    }

    /// What kubelets put before the names of VM images.
    public static let formerPrefix = "virtlet.cloud/"

    /// What is wrong with a component, and which of its scalars.
    private static func reason(_ component: Substring) -> (String, Int) {
        if component.isEmpty { return ("a component is empty: it has two slashes, or one at an end", 0) }
        for (place, scalar) in component.unicodeScalars.enumerated() {
            if ("A"..."Z").contains(scalar) {
                return ("it has an upper-case letter, \(characterName(scalar))", place)
            }
            let isKnown = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
            if !isKnown, scalar != ".", scalar != "_", scalar != "-" {
                return ("a component has \(characterName(scalar)), which no name has there", place)
            }
        }
        return (
            "the component \"\(excerpt(String(component)))\" has . _ or - at an end, or several where only __ and "
                + "hyphens may follow one another", 0
        )
    }

    private static func tagReason(_ tag: String) -> String {
        if tag.isEmpty { return "a colon is at its end, without a tag" }
        if tag.utf8.count > 128 { return "its tag has \(tag.utf8.count) characters; 128 are allowed" }
        let wrong = tag.unicodeScalars.first {
            !$0.isASCII || !isTag("_" + String($0))
        }
        if let wrong { return "its tag has \(characterName(wrong)); letters, digits, _ . and - are allowed" }
        return "its tag begins with \(tag.prefix(1))"
    }

    private static func place(of tag: String, in text: String) -> Int {
        let length = text.unicodeScalars.count - tag.unicodeScalars.count
        let wrong = tag.unicodeScalars.prefix { $0.isASCII && isTag("_" + String($0)) }.count
        return max(0, min(length + wrong, text.unicodeScalars.count - 1))
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }

    private static func isTag(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard (1...128).contains(bytes.count) else { return false }
        return bytes.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
            case UInt8(ascii: "."), UInt8(ascii: "-"): index > 0
            default: isAlphanumeric(byte)
            }
        }
    }

    private static func isComponent(_ text: Substring) -> Bool {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, isAlphanumeric(first), isAlphanumeric(last)
        else {
            return false
        }
        for run in bytes.split(omittingEmptySubsequences: true, whereSeparator: isAlphanumeric) {
            switch String(decoding: run, as: UTF8.self) {
            case ".", "_", "__": continue
            case let other where other.utf8.allSatisfy({ $0 == UInt8(ascii: "-") }): continue
            default: return false
            }
        }
        return true
    }

    /// A host with a port; a host without one is a component like any other.
    private static func isHost(_ text: Substring) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].utf8.count <= 5, parts[1].utf8.allSatisfy({ isAlphanumeric($0) }),
            let port = Int(parts[1]), (1...65_535).contains(port)
        else { return false }
        return parts[0].split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            isComponent(label) && !label.contains("_")
        }
    }
}

/// How a caller names an image that the store has: by a name, or by its id.
public enum ImageSelector: Hashable, Sendable {
    /// A name.
    case reference(ImageReference)
    /// An id: the digest.
    case digest(ImageDigest)

    /// Parses `sha256:…`, 64 hexadecimal digits, or a name.
    public init(_ text: String) throws(ImageError) {
        if let digest = ImageDigest(text) ?? ImageDigest(hex: text) {
            self = .digest(digest)
        } else {
            self = .reference(try ImageReference(text))
        }
    }
}
