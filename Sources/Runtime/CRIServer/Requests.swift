// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Pods

extension String {
    /// An id of a request; an empty one is the caller's error, for it would be the beginning of any.
    static func identifier(_ text: String, _ field: String) throws(PodServiceError) -> String {
        guard !text.isEmpty else { throw PodServiceError(.invalidArgument, "\(field) is empty") }
        return text
    }
}

extension PodServiceError {
    /// A field that a call can't do without.
    static func missing(_ field: String, of call: String) -> PodServiceError {
        PodServiceError(.invalidArgument, "\(call) came without \(field)")
    }

    /// A word of the interface that is not known here.
    static func unknown(_ value: Int, _ field: String) -> PodServiceError {
        PodServiceError(.invalidArgument, "\(field) is \(value), which is not known here")
    }
}
