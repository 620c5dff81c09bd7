// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

package import SwiftProtobuf

extension Message {
    /// A message of which one field is set.
    package static func with<Value>(_ field: WritableKeyPath<Self, Value>, _ value: Value) -> Self {
        var message = Self()
        message[keyPath: field] = value
        return message
    }
}
