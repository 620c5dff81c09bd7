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
        let shown = String(
            text.unicodeScalars.prefix(100).map { $0.isASCII && $0.value > 31 ? Character($0) : "?" }
        )
        func refuse(_ reason: String) -> ImageError {
            ImageError(.invalidName, "take \"\(shown)\" for an image's name", reason)
        }
        var rest = Substring(text)
        if rest.hasPrefix("virtlet.cloud/") { rest = rest.dropFirst("virtlet.cloud/".count) }
        guard !rest.contains("://") else {
            throw refuse("it is a URL; names have no scheme: a translation leads from names to URLs")
        }
        var digest: ImageDigest?
        if let at = rest.firstIndex(of: "@") {
            digest = ImageDigest(String(rest[rest.index(after: at)...]))
            guard digest != nil else {
                throw refuse("behind @ there must be sha256: and 64 hexadecimal digits, lower case")
            }
            rest = rest[..<at]
        }
        var tag: String?
        let lastSlash = rest.lastIndex(of: "/") ?? rest.startIndex
        if let colon = rest[lastSlash...].lastIndex(of: ":") {
            let given = String(rest[rest.index(after: colon)...])
            guard Self.isTag(given) else {
                throw refuse(
                    "a tag has 1 to 128 letters, digits, _, . and -, and begins with neither . nor -"
                )
            }
            tag = given
            rest = rest[..<colon]
        }
        guard !rest.isEmpty else { throw refuse("it is empty") }
        guard rest.utf8.count <= Self.mostBytes else {
            throw refuse("it has more than \(Self.mostBytes) bytes")
        }
        let components = rest.split(separator: "/", omittingEmptySubsequences: false)
        for (index, component) in components.enumerated() {
            if Self.isComponent(component) { continue }
            if index == 0, components.count > 1, Self.isHost(component) { continue }
            throw refuse(Self.reason(component))
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

    private static func reason(_ component: Substring) -> String {
        if component.isEmpty { return "a component of it is empty: two slashes, or one at an end" }
        if component.utf8.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }) {
            return "it has upper-case letters"
        }
        return "a component has lower-case letters and digits, with one of . _ __ or hyphens between them"
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
