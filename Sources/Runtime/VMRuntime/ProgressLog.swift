// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import Images
import Synchronization

/// Tells in the log how far a pull is: when its phase changes, and every ten seconds.
final class ProgressLog: Sendable {
    private struct Told {
        var phase: PullProgress.Phase?
        var at = Date.distantPast
    }

    private let image: String
    private let log: @Sendable (String) -> Void
    private let told = Mutex(Told())

    init(_ image: String, _ log: @escaping @Sendable (String) -> Void) {
        self.image = image
        self.log = log
    }

    func take(_ progress: PullProgress) {
        let isNews = told.withLock { told in
            let now = Date()
            guard told.phase != progress.phase || now.timeIntervalSince(told.at) >= 10 else { return false }
            told = Told(phase: progress.phase, at: now)
            return true
        }
        guard isNews else { return }
        let total = progress.total.map { " of \($0)" } ?? ""
        let trouble = progress.trouble.map { ", after: \($0)" } ?? ""
        log("image \(image): \(progress.phase.rawValue), \(progress.received)\(total) bytes\(trouble)")
    }
}
