// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Reads a JSON object strictly: unknown, repeated and mistyped members are errors that name the key.
struct ObjectReader {
    let place: String
    private let members: [String: AgentJSON]

    init(_ json: AgentJSON, at place: String, keys: Set<String>) throws(ConfigurationError) {
        guard case .object(let list) = json else { throw ConfigurationError(place, "must be an object") }
        self.place = place
        var members: [String: AgentJSON] = [:]
        for member in list {
            let key = member.key.text
            guard keys.contains(key) else { throw ConfigurationError(Self.join(place, key), "unknown key") }
            guard members.updateValue(member.value, forKey: key) == nil else {
                throw ConfigurationError(Self.join(place, key), "given twice")
            }
        }
        self.members = members
    }

    static func join(_ place: String, _ key: String) -> String {
        place.isEmpty ? key : "\(place).\(key)"
    }

    func error(_ key: String, _ problem: String) -> ConfigurationError {
        ConfigurationError(Self.join(place, key), problem)
    }

    func json(_ key: String) -> AgentJSON? {
        members[key]
    }

    func bool(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let value = members[key] else { return nil }
        guard case .bool(let result) = value else { throw error(key, "must be true or false") }
        return result
    }

    func number(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int? {
        guard let value = members[key] else { return nil }
        guard let result = value.integer.map(Int.init), range.contains(result) else {
            throw error(key, "must be a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return result
    }

    func text(_ key: String) throws(ConfigurationError) -> String? {
        guard let value = members[key] else { return nil }
        guard let result = value.cString else { throw error(key, "must be a string") }
        return result.text
    }

    func required(_ key: String) throws(ConfigurationError) -> String {
        guard let result = try text(key), !result.isEmpty else { throw error(key, "is missing") }
        return result
    }

    func uuid(_ key: String) throws(ConfigurationError) -> AgentUUID? {
        guard let text = try text(key) else { return nil }
        guard let result = AgentUUID(canonical: text.utf8) else {
            throw error(key, "\(text) is not a UUID in lower case")
        }
        return result
    }

    func requiredUUID(_ key: String) throws(ConfigurationError) -> AgentUUID {
        guard let result = try uuid(key) else { throw error(key, "is missing") }
        return result
    }

    /// The elements of an array, each with its place; none if the member is absent.
    func list(_ key: String) throws(ConfigurationError) -> [(AgentJSON, String)] {
        guard let value = members[key] else { return [] }
        guard case .array(let elements) = value else { throw error(key, "must be an array") }
        return elements.enumerated().map { ($1, "\(Self.join(place, key))[\($0)]") }
    }

    /// A member that is an object itself.
    func object(_ key: String, keys: Set<String>) throws(ConfigurationError) -> ObjectReader? {
        guard let value = members[key] else { return nil }
        return try ObjectReader(value, at: Self.join(place, key), keys: keys)
    }
}
