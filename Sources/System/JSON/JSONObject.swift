// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// The members of a JSON object, in the order in which they were written.
///
/// Keys are unique.
public struct JSONObject: Hashable, Sendable {
    /// A key and its value.
    public struct Member: Hashable, Sendable {
        /// The key, unescaped.
        public let key: String
        /// The value.
        public var value: JSONValue
    }

    /// All members, in order.
    public private(set) var members: [Member] = []

    /// An empty object.
    public init() {}

    /// An object of these members; a later duplicate replaces an earlier one.
    public init(_ members: [(String, JSONValue)]) {
        self.members.reserveCapacity(members.count)
        for (key, value) in members { self[key] = value }
    }

    /// The value of a key.
    ///
    /// Setting replaces in place or appends; setting nil removes.
    public subscript(key: String) -> JSONValue? {
        get {
            for member in members where isSameText(member.key, key) { return member.value }
            return nil
        }
        set {
            for index in members.indices where isSameText(members[index].key, key) {
                if let newValue { members[index].value = newValue } else { members.remove(at: index) }
                return
            }
            if let newValue { members.append(Member(key: key, value: newValue)) }
        }
    }

    /// Appends a member whose key is known to be new: the parser has looked.
    mutating func append(unique key: String, _ value: JSONValue) {
        members.append(Member(key: key, value: value))
    }
}

/// Whether two texts are the same bytes.
///
/// `==` alone takes canonical equivalents for the same: the Kelvin sign (U+212A) for a `K`.
public func isSameText(_ left: String, _ right: String) -> Bool {
    left == right && left.utf8.elementsEqual(right.utf8)
}
