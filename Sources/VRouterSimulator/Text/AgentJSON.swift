// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// A JSON value as far as the agent looks at it: numbers are either what fits a signed 32-bit integer or not.
enum AgentJSON: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int32)
    case number(Double)
    case string(Bytes)
    case array([AgentJSON])
    case object([Member])
    /// An array or object below the levels that are kept.
    case deep

    struct Member: Equatable, Sendable {
        let key: Bytes
        let value: AgentJSON
    }

    /// The first member of that name: duplicates are not noticed.
    subscript(key: String) -> AgentJSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key.elementsEqual(key.utf8) }?.value
    }

    /// A string as C reads it: cut at the first NUL.
    var cString: Bytes? {
        guard case .string(let text) = self else { return nil }
        return text.beforeNUL
    }

    var integer: Int32? {
        guard case .integer(let value) = self else { return nil }
        return value
    }
}
