// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Which part of all points a run takes: everything in `make test-long`, in the gate another part every day.
enum Share {
    /// Whether everything is run: CONTRAIL_VM_FAULTS=all, as `make test-long` sets it.
    static let isWhole = Programs.variable("CONTRAIL_VM_FAULTS") == "all"

    /// Days since 1970: what the gate's part rotates by.
    private static let day = Int(Date().timeIntervalSince1970 / 86_400)

    /// This run's part of all points: one of `parts`, at least one point.
    static func points<Point>(_ all: [Point], parts: Int) -> [Point] {
        guard !isWhole, all.count > parts else { return isWhole ? all : Array(all.prefix(1)) }
        return all.enumerated().filter { $0.offset % parts == day % parts }.map(\.element)
    }
}
