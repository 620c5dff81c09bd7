// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CLinux
import Foundation
public import Testing

/// A tag that says which rules of `Tests/cni-rules.tsv` or `Tests/cri-rules.tsv` a test proves.
///
/// Each run that comes to its end is noted in the file that CONTRAIL_VM_RULES names, from which
/// `tools/conformance` makes docs/cni-conformance.md and docs/cri.md.
public struct Rule: TestTrait, TestScoping {
    let names: [String]

    /// Runs the test and notes that it ran.
    public func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        try await function()
        guard let path = ProcessInfo.processInfo.environment["CONTRAIL_VM_RULES"], !path.isEmpty else {
            return
        }
        let file = test.id.description.split(separator: "/").first.map(String.init) ?? ""
        let lines = names.map { "\($0)\t\(file)\t\(test.displayName ?? test.name)\n" }.joined()
        // One write to a file opened for appending: lines of tests that run at once stay whole.
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT, 0o644)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let bytes = Array(lines.utf8)
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }
}

extension Trait where Self == Rule {
    /// The test proves these rules.
    public static func rule(_ names: String...) -> Rule { Rule(names: names) }
}
