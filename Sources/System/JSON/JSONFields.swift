// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Reads the fields of an object and names the field in each error.
public struct JSONFields: Sendable {
    /// The object that is read.
    public let object: JSONObject
    /// Where the object stands, like `contrail`; empty for the outermost one.
    public let path: String
    /// How keys are compared, here and in the objects inside.
    public let matching: Matching

    /// How keys are compared.
    public enum Matching: Sendable {
        /// Byte for byte.
        case exact
        /// As Go's encoding/json does: case does not matter, and the last of several equal keys counts.
        case asGo
    }

    /// The fields of a value that must be an object.
    public init(_ value: JSONValue, path: String = "", matching: Matching = .exact) throws(JSONError) {
        guard case .object(let object) = value else {
            throw .field(path: path.isEmpty ? "." : path, reason: "expected an object, found \(value.kind)")
        }
        self.init(object, path: path, matching: matching)
    }

    /// The fields of an object.
    public init(_ object: JSONObject, path: String = "", matching: Matching = .exact) {
        self.object = object
        self.path = path
        self.matching = matching
    }

    /// The path of one of the object's fields.
    public func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// An error about one of the object's fields.
    public func error(_ key: String, _ reason: String) -> JSONError {
        .field(path: path(of: key), reason: reason)
    }

    /// A field's value; nil where it is absent or null.
    public func value(_ key: String) -> JSONValue? {
        guard matching == .asGo else {
            guard let value = object[key], !value.isNull else { return nil }
            return value
        }
        var found: JSONValue?
        for member in object.members where isSameKeyInGo(member.key, key) {
            if !member.value.isNull { found = member.value }
        }
        return found
    }

    /// The first member that has a value and none of these keys; nil where all are known.
    public func firstMember(besides keys: [String]) -> JSONObject.Member? {
        object.members.first { member in
            !member.value.isNull
                && !keys.contains {
                    matching == .asGo ? isSameKeyInGo(member.key, $0) : isSameText(member.key, $0)
                }
        }
    }

    /// A string, or nil where the field is absent.
    public func optionalString(_ key: String) throws(JSONError) -> String? {
        guard let value = value(key) else { return nil }
        guard let string = value.string else { throw error(key, "expected a string, found \(value.kind)") }
        return string
    }

    /// A string that must be there.
    public func string(_ key: String) throws(JSONError) -> String {
        guard let string = try optionalString(key) else { throw error(key, "is missing") }
        return string
    }

    /// An integer in a range, or nil where the field is absent.
    public func optionalInteger(_ key: String, in range: ClosedRange<Int>) throws(JSONError) -> Int? {
        guard let value = value(key) else { return nil }
        guard let integer = value.integer else {
            throw error(key, "expected an integer, found \(value.kind)")
        }
        guard range.contains(integer) else {
            throw error(key, "\(integer) is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return integer
    }

    /// An integer in a range, that must be there.
    public func integer(_ key: String, in range: ClosedRange<Int>) throws(JSONError) -> Int {
        guard let integer = try optionalInteger(key, in: range) else { throw error(key, "is missing") }
        return integer
    }

    /// A truth value, or nil where the field is absent.
    public func optionalBool(_ key: String) throws(JSONError) -> Bool? {
        guard let value = value(key) else { return nil }
        guard let bool = value.bool else { throw error(key, "expected true or false, found \(value.kind)") }
        return bool
    }

    /// An array, or nil where the field is absent.
    public func optionalArray(_ key: String) throws(JSONError) -> [JSONValue]? {
        guard let value = value(key) else { return nil }
        guard let array = value.array else { throw error(key, "expected an array, found \(value.kind)") }
        return array
    }

    /// An array of strings; empty where the field is absent.
    public func strings(_ key: String) throws(JSONError) -> [String] {
        var strings: [String] = []
        for element in try optionalArray(key) ?? [] {
            guard let string = element.string else {
                throw error(key, "expected strings in the array, found \(element.kind)")
            }
            strings.append(string)
        }
        return strings
    }

    /// The fields of an object inside this one, or nil where it is absent.
    public func optionalFields(_ key: String) throws(JSONError) -> JSONFields? {
        guard let value = value(key) else { return nil }
        return try JSONFields(value, path: path(of: key), matching: matching)
    }

    /// The fields of an object inside this one, that must be there.
    public func fields(_ key: String) throws(JSONError) -> JSONFields {
        guard let fields = try optionalFields(key) else { throw error(key, "is missing") }
        return fields
    }

    /// The fields of each object in an array; empty where the array is absent.
    public func list(_ key: String) throws(JSONError) -> [JSONFields] {
        var list: [JSONFields] = []
        for (index, element) in (try optionalArray(key) ?? []).enumerated() {
            list.append(try JSONFields(element, path: "\(path(of: key))[\(index)]", matching: matching))
        }
        return list
    }
}

/// Whether Go's encoding/json takes a key of a text for a field's name, which is ASCII: case does not matter.
///
/// Two letters outside ASCII fold into it (Unicode, simple case folding): the Kelvin sign and the long s.
public func isSameKeyInGo(_ written: String, _ name: String) -> Bool {
    // Most keys differ in length already: a letter outside ASCII makes the written one longer, never shorter.
    let (length, least) = (written.utf8.count, name.utf8.count)
    guard length == least || (length > least && written.utf8.contains { $0 >= 0x80 }) else { return false }
    var bytes = written.utf8.makeIterator()
    for expected in name.utf8 {
        guard var byte = bytes.next() else { return false }
        switch byte {
        case 0xE2:
            guard bytes.next() == 0x84, bytes.next() == 0xAA else { return false }
            byte = UInt8(ascii: "k")
        case 0xC5:
            guard bytes.next() == 0xBF else { return false }
            byte = UInt8(ascii: "s")
        default: break
        }
        guard lowerCased(byte) == lowerCased(expected) else { return false }
    }
    return bytes.next() == nil
}

private func lowerCased(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
}
