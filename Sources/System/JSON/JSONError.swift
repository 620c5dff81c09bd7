// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// Why a text is not JSON, or not the JSON that was expected.
public enum JSONError: Error, Hashable, Sendable {
    /// Not JSON: what is wrong at this byte offset.
    case syntax(offset: Int, reason: String)
    /// JSON, but a field is missing, of the wrong type or out of range.
    ///
    /// The path is like `contrail.mtu`.
    case field(path: String, reason: String)

    /// One line that names the place and what is wrong there.
    public var message: String {
        switch self {
        case .syntax(let offset, let reason): "not valid JSON at byte \(offset): \(reason)"
        case .field(let path, let reason): "field \"\(path)\": \(reason)"
        }
    }
}
