// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Images
import LinuxSystem
import Synchronization

/// Tells the operator how far a pull is: a bar on a terminal, a line now and then elsewhere.
final class ProgressMeter: Sendable {
    private let isTerminal: Bool
    private let state = Mutex(State())

    private struct State {
        var shownAt: Int64 = 0
        var phase: PullProgress.Phase?
        var hasBar = false
    }

    init(isTerminal: Bool) { self.isTerminal = isTerminal }

    /// Shows how far it is, if that was not shown just now.
    func show(_ progress: PullProgress) {
        state.withLock { state in
            let now = monotonicMicroseconds()
            let pause: Int64 = isTerminal ? 100_000 : 5_000_000
            guard state.phase != progress.phase || now - state.shownAt > pause else { return }
            state.phase = progress.phase
            state.shownAt = now
            let text = isTerminal ? "\r\(Self.bar(progress))\u{1b}[K" : "\(Self.line(progress))\n"
            state.hasBar = isTerminal
            Terminal.write(text, to: 2)
        }
    }

    /// Leaves the bar's line.
    func end() {
        state.withLock { state in
            if state.hasBar { Terminal.write("\n", to: 2) }
            state.hasBar = false
        }
    }

    static func bar(_ progress: PullProgress) -> String {
        guard progress.phase == .loading, let total = progress.total, total > 0 else { return line(progress) }
        let width = 30
        let full = Int(min(progress.received, total) * UInt64(width) / total)
        let bar = String(repeating: "#", count: full) + String(repeating: "-", count: width - full)
        return "[\(bar)] \(line(progress))"
    }

    static func line(_ progress: PullProgress) -> String {
        switch progress.phase {
        case .waiting: return "waiting for another process that loads the same"
        case .checking: return "checking the image"
        case .retrying: return "trying again: \(progress.trouble ?? "it failed")"
        case .loading: break
        }
        let amount = size(progress.received)
        guard let total = progress.total, total > 0 else { return "\(amount) loaded" }
        let percent = min(progress.received, total) * 100 / total
        return "\(amount) of \(size(total)) loaded, \(percent) %"
    }

    /// An amount with its unit: 1536 is 1.5 KiB.
    static func size(_ bytes: UInt64) -> String {
        var unit = 0
        let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        while bytes >> UInt64(10 * (unit + 1)) > 0, unit + 1 < units.count { unit += 1 }
        guard unit > 0 else { return "\(bytes) B" }
        let tenths = bytes >> UInt64(10 * (unit - 1))
        let value = tenths * 10 / 1024
        return "\(value / 10).\(value % 10) \(units[unit])"
    }
}
