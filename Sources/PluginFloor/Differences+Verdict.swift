// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

public import Attachments
public import CNIProtocol

extension Differences {
    /// CHECK's verdict.
    ///
    /// - Throws: Code 100, naming each difference.
    public func requireNone() throws(CNIError) {
        guard !texts.isEmpty else { return }
        throw CNIError(.differs, "the attachment is not as ADD left it: \(texts.joined(separator: "; "))")
    }
}
